using MailCloud.Embedded.Blobs;
using MailCloud.Embedded.Sqlite;
using Microsoft.Extensions.Logging;

namespace MailCloud.Embedded;

/// <summary>The open folder: its lock, the SQLite file with its one writer and its readers, and the files of large blobs.</summary>
internal sealed class EmbeddedStore : IDisposable
{
    /// <summary>Readers at once. A read is a matter of microseconds unless it goes to the disk, and the machine has few disks.</summary>
    private const int Readers = 4;

    private readonly DirectoryLock held;
    private readonly Database writable;

    public EmbeddedStore(EmbeddedOptions options, EmbeddedTelemetry telemetry, ILogger<EmbeddedStore> logger)
    {
        var directory = Path.GetFullPath(options.Directory);
        Directories.CreatePrivate(directory);
        held = DirectoryLock.Take(directory);
        try
        {
            var path = Path.Combine(directory, "mailcloud.db");
            writable = Open(path, options.Synchronous);
            Files = new BlobFiles(Path.Combine(directory, "blobs"), logger);
            Reader = new ReadPool(path, Readers);
            AtStart = Count(writable);
            Writer = new GroupWriter(writable, telemetry, logger);
            logger.Opened(directory, AtStart.Waiting, AtStart.Parked, options.Synchronous);
        }
        catch
        {
            Reader?.Dispose();
            writable?.Dispose();
            held.Dispose();
            throw;
        }
    }

    public GroupWriter Writer { get; }

    public ReadPool Reader { get; }

    public BlobFiles Files { get; }

    /// <summary>What the queue held when the folder was opened.</summary>
    public (long Waiting, long Parked, long LastEntry) AtStart { get; }

    public void Dispose()
    {
        Writer.Dispose();
        Reader.Dispose();
        writable.Dispose();
        held.Dispose();
    }

    private static (long Waiting, long Parked, long LastEntry) Count(Database database) => (
        database.QueryLong("SELECT count(*) FROM entry"),
        database.QueryLong("SELECT count(*) FROM parked"),
        database.QueryLong("SELECT ifnull(max(id), 0) FROM entry"));

    private static Database Open(string path, string synchronous)
    {
        var database = new Database(path);
        try
        {
            if (database.QueryText("PRAGMA journal_mode = WAL") != "wal")
            {
                throw new InvalidOperationException($"{path} cannot be put in WAL mode");
            }

            database.Execute($"PRAGMA synchronous = {synchronous}");

            // Checkpoints are the writer's: 16,000 pages are 64 MB of log, so that a page which is written often goes to the file once.
            database.Execute("PRAGMA wal_autocheckpoint = 16000");

            // Rows are added at the ends of the tables, and few pages are wanted again. SQLite walks over all pages of its cache at each commit that has split one.
            database.Execute("PRAGMA cache_size = -8192");
            database.Execute("PRAGMA temp_store = MEMORY");
            Schema.Ensure(database);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }
}
