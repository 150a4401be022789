using System.ComponentModel;
using System.Runtime.InteropServices;

namespace MailCloud.Embedded;

/// <summary>What the store needs of folders beyond what the runtime offers plainly.</summary>
internal static partial class Directories
{
    private const int ReadOnly = 0;

    /// <summary>Makes the folder that holds everybody's mail: only its owner may look into it. One that exists stays as its administrator made it.</summary>
    public static void CreatePrivate(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Makes changes to a folder's names durable: a file that is synced but whose name is not may be gone after a power cut (fsync(2)).</summary>
    /// <exception cref="IOException">The system refuses to sync it.</exception>
    public static void Sync(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return; // NTFS journals its names; there is nothing to call.
        }

        var descriptor = OpenFile(directory, ReadOnly);
        if (descriptor < 0)
        {
            throw Failure(directory);
        }

        try
        {
            if (SyncFile(descriptor) != 0)
            {
                throw Failure(directory);
            }
        }
        finally
        {
            _ = CloseFile(descriptor);
        }
    }

    private static IOException Failure(string directory)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"cannot sync {directory}: {new Win32Exception(error).Message}", error);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SyncFile(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseFile(int descriptor);
}
