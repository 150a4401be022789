using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace MailCloud.Embedded.Sqlite;

/// <summary>Tells "there is no room" from other errors, by SQLite's and the system's codes.</summary>
internal static class DiskFull
{
    private const int NoSpace = 28; // ENOSPC; 112 and 39 are Windows' ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL.
    private const int QuotaExceeded = 122; // EDQUOT on Linux.

    public static bool Is(Exception error) => error switch
    {
        // The index of the WAL is mapped memory that SQLite extends before it uses it: its own code for the same cause.
        SqliteException e => e.SqliteErrorCode == raw.SQLITE_FULL || e.SqliteExtendedErrorCode == raw.SQLITE_IOERR_SHMSIZE,
        IOException e => (e.HResult & 0xffff) is NoSpace or QuotaExceeded or 112 or 39,
        _ => false,
    };
}
