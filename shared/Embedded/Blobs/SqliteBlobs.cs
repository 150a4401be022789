using System.Runtime.CompilerServices;
using MailCloud.Blobs;
using MailCloud.Embedded.Sqlite;

namespace MailCloud.Embedded.Blobs;

/// <summary>Blobs in the storage file, and beside it those that are too large for a row.</summary>
internal sealed class SqliteBlobs(EmbeddedStore store, EmbeddedTelemetry telemetry, TimeProvider time) : IMessageBlobs
{
    private const int Page = 500;

    private readonly RecentBlobs recent = new();

    public BlobUpload Create(string name, IReadOnlyList<string> owners) => new SqliteBlobUpload(this, store.Files, recent, name, owners);

    public async Task<Stream> OpenReadAsync(string name, long offset, long? length, CancellationToken cancellationToken)
    {
        var found = await FindAsync(name, offset, length, cancellationToken).ConfigureAwait(false);
        if (found.File is not null)
        {
            return new FileRange(OpenFile(name, found.File), offset, found.Count, telemetry);
        }

        telemetry.BlobRead(found.Count);
        return new MemoryStream(found.Bytes, writable: false);
    }

    public async Task<ReadOnlyMemory<byte>> ReadAsync(string name, long offset, int length, CancellationToken cancellationToken)
    {
        var found = await FindAsync(name, offset, length, cancellationToken).ConfigureAwait(false);
        if (found.File is null)
        {
            telemetry.BlobRead(found.Count);
            return found.Bytes;
        }

        var bytes = new byte[found.Count];
        using var range = new FileRange(OpenFile(name, found.File), offset, found.Count, telemetry);
        await range.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
        return bytes;
    }

    public Task ReleaseAsync(string name, string owner, CancellationToken cancellationToken) =>
        store.Writer.WriteAsync(
            database =>
            {
                using var update = database.Prepare("UPDATE blob_owner SET released = 1 WHERE blob = (SELECT id FROM blob WHERE name = ?) AND owner = ?");
                return update.Bind(name).Bind(owner).Run();
            },
            null,
            cancellationToken);

    public async IAsyncEnumerable<StoredBlob> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var after = "";
        while (true)
        {
            var page = await store.Reader.ReadAsync(database => ReadNames(database, prefix, after), cancellationToken).ConfigureAwait(false);
            foreach (var blob in page)
            {
                yield return blob;
            }

            if (page.Count < Page)
            {
                yield break;
            }

            after = page[^1].Name;
        }
    }

    public async Task DeleteAsync(IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        var files = await store.Writer.WriteAsync(database => names.Select(name => DeleteRow(database, name)).ToList(), null, cancellationToken)
            .ConfigureAwait(false);

        foreach (var name in names)
        {
            recent.Remove(name);
        }

        // After the rows: a crash between leaves a file that no row names, which the sweep finds, and never a row without its file.
        foreach (var file in files.OfType<string>())
        {
            store.Files.Remove(file);
        }
    }

    public async IAsyncEnumerable<BlobFault> CheckAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var after = 0L; ;)
        {
            var page = await store.Reader.ReadAsync(database => ReadContents(database, after), cancellationToken).ConfigureAwait(false);
            foreach (var fault in page.Select(content => content.Fault(store.Files)).OfType<BlobFault>())
            {
                yield return fault;
            }

            if (page.Count < Page)
            {
                break;
            }

            after = page[^1].Id;
        }

        await foreach (var file in FindStrayAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return new BlobFault(file, BlobFaultKind.Stray);
        }
    }

    public async Task<int> RemoveStrayAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow().UtcDateTime - grace;
        var removed = 0;
        await foreach (var file in FindStrayAsync(cancellationToken).ConfigureAwait(false))
        {
            if (store.Files.Find(file) is { } found && found.LastWriteTimeUtc < before)
            {
                store.Files.Remove(file);
                removed++;
            }
        }

        return removed;
    }

    /// <summary>Stores a blob as a row. False: the name is taken, and its content stands.</summary>
    public async Task<bool> AddRowAsync(string name, IReadOnlyList<string> owners, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var created = time.GetUtcNow();
        var added = await store.Writer.WriteAsync(
            database =>
            {
                if (Add(database, name, owners, bytes.Length, created, null) is not { } id)
                {
                    return false;
                }

                using var insert = database.Prepare("INSERT INTO blob_bytes (blob, bytes) VALUES (?, ?)");
                insert.Bind(id).Bind(bytes.Span).Run();
                return true;
            },
            null,
            cancellationToken).ConfigureAwait(false);
        telemetry.BlobWritten(added ? bytes.Length : 0);
        return added;
    }

    public async Task AddFileAsync(string name, IReadOnlyList<string> owners, string file, long length, CancellationToken cancellationToken)
    {
        var created = time.GetUtcNow();
        var added = false;
        try
        {
            added = await store.Writer.WriteAsync(
                database => Add(database, name, owners, length, created, file) is not null, null, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (!added)
            {
                store.Files.Remove(file);
            }

            store.Files.Named(file);
        }

        telemetry.BlobWritten(added ? length : 0);
    }

    private static List<Content> ReadContents(Database database, long after)
    {
        using var statement = database.Prepare("""
            SELECT blob.id, name, blob.length, file, length(bytes)
            FROM blob LEFT JOIN blob_bytes ON blob_bytes.blob = blob.id WHERE blob.id > ? ORDER BY blob.id LIMIT ?
            """).Bind(after).Bind(Page);
        List<Content> page = [];
        while (statement.Step())
        {
            var stored = statement.IsNull(4) ? (long?)null : statement.Long(4);
            page.Add(new Content(statement.Long(0), statement.Text(1), statement.Long(2), statement.TextOrNull(3), stored));
        }

        return page;
    }

    private static List<StoredBlob> ReadNames(Database database, string prefix, string after)
    {
        using var statement = database.Prepare("SELECT id, name, length, created FROM blob WHERE name >= ? AND name > ? ORDER BY name LIMIT ?")
            .Bind(prefix).Bind(after).Bind(Page);
        List<StoredBlob> page = [];
        while (statement.Step() && statement.Text(1) is var name && name.StartsWith(prefix, StringComparison.Ordinal))
        {
            var (owners, released) = ReadOwners(database, statement.Long(0));
            page.Add(new StoredBlob(name, statement.Long(2), DateTimeOffset.FromUnixTimeMilliseconds(statement.Long(3)), owners, released));
        }

        return page;
    }

    private static (List<string> Owners, List<string> Released) ReadOwners(Database database, long id)
    {
        using var statement = database.Prepare("SELECT owner, released FROM blob_owner WHERE blob = ?").Bind(id);
        List<string> owners = [];
        List<string> released = [];
        while (statement.Step())
        {
            owners.Add(statement.Text(0));
            if (statement.Long(1) != 0)
            {
                released.Add(statement.Text(0));
            }
        }

        return (owners, released);
    }

    /// <summary>The file of a blob that had one, now without a row.</summary>
    private static string? DeleteRow(Database database, string name)
    {
        long id;
        string? file;
        using (var find = database.Prepare("SELECT id, file FROM blob WHERE name = ?").Bind(name))
        {
            if (!find.Step())
            {
                return null;
            }

            id = find.Long(0);
            file = find.TextOrNull(1);
        }

        foreach (var sql in (string[])["DELETE FROM blob_bytes WHERE blob = ?", "DELETE FROM blob_owner WHERE blob = ?", "DELETE FROM blob WHERE id = ?"])
        {
            using var delete = database.Prepare(sql);
            delete.Bind(id).Run();
        }

        return file;
    }

    /// <summary>The new blob's row, or null when the name is taken: its content stands.</summary>
    private long? Add(Database database, string name, IReadOnlyList<string> owners, long length, DateTimeOffset created, string? file)
    {
        bool added;
        using (var insert = database.Prepare("INSERT INTO blob (name, length, created, file) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"))
        {
            added = insert.Bind(name).Bind(length).Bind(created.ToUnixTimeMilliseconds()).Bind(file).Run() == 1;
        }

        if (!added)
        {
            // A commit that failed in doubt may have left the row of an upload whose file was taken away. This upload heals it.
            return HasContent(database, name) ? null : Replace(database, name, owners, length, created, file);
        }

        var id = database.LastInsertId;
        foreach (var owner in owners)
        {
            using var add = database.Prepare("INSERT INTO blob_owner (blob, owner) VALUES (?, ?) ON CONFLICT DO NOTHING");
            add.Bind(id).Bind(owner).Run();
        }

        return id;
    }

    private async IAsyncEnumerable<string> FindStrayAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var page in store.Files.List().Chunk(Page))
        {
            // In this order: a file that is not being named any more has its row in what is read afterwards.
            var settled = page.Where(file => !store.Files.IsBeingNamed(file)).ToList();
            var stray = await store.Reader.ReadAsync(database => settled.Where(file => !IsNamed(database, file)).ToList(), cancellationToken)
                .ConfigureAwait(false);
            foreach (var file in stray)
            {
                yield return file;
            }
        }
    }

    private static bool IsNamed(Database database, string file)
    {
        using var statement = database.Prepare("SELECT 1 FROM blob WHERE file = ?").Bind(file);
        return statement.Step();
    }

    private bool HasContent(Database database, string name)
    {
        using var statement = database.Prepare("SELECT file FROM blob WHERE name = ?").Bind(name);
        return statement.Step() && (statement.TextOrNull(0) is not { } file || store.Files.Exists(file));
    }

    private long? Replace(Database database, string name, IReadOnlyList<string> owners, long length, DateTimeOffset created, string? file)
    {
        DeleteRow(database, name);
        return Add(database, name, owners, length, created, file);
    }

    private Microsoft.Win32.SafeHandles.SafeFileHandle OpenFile(string name, string file)
    {
        try
        {
            return store.Files.OpenRead(file);
        }
        catch (FileNotFoundException)
        {
            throw new BlobMissingException(name);
        }
    }

    /// <summary>Where a part of a blob is, cut to what there is of it; small blobs come with the part's octets.</summary>
    private async ValueTask<Part> FindAsync(string name, long offset, long? length, CancellationToken cancellationToken)
    {
        if (recent.TryRead(name, offset, length, out var bytes))
        {
            return new Part(null, bytes, bytes.Length);
        }

        return await store.Reader.ReadAsync(database => Find(database, name, offset, length), cancellationToken).ConfigureAwait(false)
            ?? throw new BlobMissingException(name);
    }

    private static Part? Find(Database database, string name, long offset, long? length)
    {
        // substr counts from 1.
        using var statement = database.Prepare("""
            SELECT blob.length, blob.file, substr(blob_bytes.bytes, ?, ?)
            FROM blob LEFT JOIN blob_bytes ON blob_bytes.blob = blob.id WHERE blob.name = ?
            """).Bind(offset + 1).Bind(length ?? SqliteBlobUpload.MaxRow).Bind(name);
        if (!statement.Step())
        {
            return null;
        }

        var rest = Math.Max(0, statement.Long(0) - offset);
        var count = Math.Min(rest, length ?? rest);
        return statement.TextOrNull(1) is { } file ? new Part(file, [], count) : new Part(null, statement.Blob(2), count);
    }

    private sealed record Content(long Id, string Name, long Length, string? File, long? RowLength)
    {
        public BlobFault? Fault(BlobFiles files)
        {
            var found = File is null ? RowLength : files.Find(File)?.Length;
            return found is null ? new(Name, BlobFaultKind.ContentMissing)
                : found != Length ? new(Name, BlobFaultKind.LengthDiffers)
                : null;
        }
    }

    private sealed record Part(string? File, byte[] Bytes, long Count);
}
