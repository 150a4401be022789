using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Emails;

/// <summary>
/// Reads Emails from a snapshot, chunk by chunk. Where rows of a body stand several times, the others are looked up by the body's time, for all such bodies of a chunk together.
/// </summary>
/// <param name="scope">Only copies in these folders count; null: all.</param>
internal sealed class SnapshotReader(MailboxSnapshot snapshot, ChunkStore chunks, HashSet<int>? scope)
{
    private readonly Dictionary<Guid, EmailCopies> copies = [];

    public MailboxSnapshot Snapshot => snapshot;

    /// <summary>Whether rows of it may stand elsewhere too.</summary>
    public bool MayHaveCopies(SnapshotChunk chunk) => chunk.Chunk.MayHold(snapshot.CopyTimes);

    /// <summary>The rows of a chunk.</summary>
    public async Task<IEnumerable<EmailFacts>> OpenAsync(SnapshotFolder folder, SnapshotChunk chunk) => await OpenAsync(folder, chunk, await LoadAsync(chunk));

    /// <summary>The rows of a folder's tail.</summary>
    public async Task<IEnumerable<EmailFacts>> OpenTailAsync(SnapshotFolder folder)
    {
        await FindCopiesAsync(folder.Tail.Select(r => r.Row.Body));
        return folder.Tail.Select(r => FactsOf(folder, r, ThreadOf(r)));
    }

    /// <summary>All rows of the mailbox, a chunk at a time.</summary>
    public IAsyncEnumerable<IEnumerable<EmailFacts>> AllAsync() => AllAsync(snapshot.Folders, (_, _) => true);

    /// <summary>All rows of some folders and chunks, a chunk at a time. While the caller looks at one, the next is read.</summary>
    public async IAsyncEnumerable<IEnumerable<EmailFacts>> AllAsync(IEnumerable<SnapshotFolder> folders, Func<SnapshotFolder, SnapshotChunk, bool> needed)
    {
        foreach (var folder in folders)
        {
            var left = new Queue<SnapshotChunk>(folder.Chunks.Where(c => needed(folder, c)));
            var reading = left.TryPeek(out var first) ? LoadAsync(first) : null;
            while (left.TryDequeue(out var chunk))
            {
                var loaded = await reading!;
                reading = left.TryPeek(out var next) ? Task.Run(() => LoadAsync(next)) : null;
                yield return await OpenAsync(folder, chunk, loaded);
            }

            yield return await OpenTailAsync(folder);
        }
    }

    /// <summary>Emails by their ids; those that do not exist are left out.</summary>
    public Task<Dictionary<Guid, EmailFacts>> FindAsync(IReadOnlyCollection<Guid> emails)
    {
        var wanted = emails as HashSet<Guid> ?? [.. emails];
        var times = TimesOf(wanted);
        return FindAsync(
            (_, chunk) => chunk.Chunk.MayHold(times),
            (chunk, rows, flags) => chunk.Rows(rows, flags).Where(r => wanted.Contains(r.Row.Body)),
            (_, row) => wanted.Contains(row.Body));
    }

    /// <summary>Emails by rows of them.</summary>
    public Task<Dictionary<Guid, EmailFacts>> FindAsync(IReadOnlyCollection<(int Folder, uint Uid)> rows)
    {
        var wanted = rows.ToHashSet();
        var holding = wanted.Select(r => (Chunk: snapshot.Find(r.Folder)?.FindChunk(r.Uid), r.Uid)).Where(r => r.Chunk is not null).ToLookup(r => r.Chunk!, r => r.Uid);
        return FindAsync(
            (_, chunk) => holding.Contains(chunk),
            (chunk, loaded, flags) => chunk.Rows(loaded, flags, holding[chunk]),
            (folder, row) => wanted.Contains((folder.Id, row.Uid)));
    }

    /// <summary>The Emails of threads, from a look at all rows.</summary>
    public async Task<Dictionary<Guid, EmailFacts>> FindThreadsAsync(IReadOnlySet<ulong> threads)
    {
        var found = new Dictionary<Guid, EmailFacts>();
        await foreach (var rows in AllAsync())
        {
            foreach (var email in rows)
            {
                if (threads.Contains(email.Thread))
                {
                    found.TryAdd(email.Row.Body, email);
                }
            }
        }

        return found;
    }

    private async Task<Dictionary<Guid, EmailFacts>> FindAsync(
        Func<SnapshotFolder, SnapshotChunk, bool> needed, Func<SnapshotChunk, ChunkRows, ChunkFlags, IEnumerable<SnapshotRow>> inChunk, Func<SnapshotFolder, MessageRow, bool> inTail)
    {
        var found = new Dictionary<Guid, EmailFacts>();
        foreach (var folder in snapshot.Folders)
        {
            foreach (var chunk in folder.Chunks.Where(c => needed(folder, c)))
            {
                var (rows, threads, flags) = await LoadAsync(chunk);
                await TakeAsync(folder, inChunk(chunk, rows, flags).Select(r => (r, ThreadOf(r, rows, threads))));
            }

            await TakeAsync(folder, folder.Tail.Where(r => inTail(folder, r.Row)).Select(r => (r, ThreadOf(r))));
        }

        return found;

        async Task TakeAsync(SnapshotFolder folder, IEnumerable<(SnapshotRow Row, ulong Thread)> rows)
        {
            var taken = rows.ToList();
            await FindCopiesAsync(taken.Select(r => r.Row.Row.Body));
            foreach (var (row, thread) in taken)
            {
                found.TryAdd(row.Row.Body, FactsOf(folder, row, thread));
            }
        }
    }

    private EmailFacts FactsOf(SnapshotFolder folder, SnapshotRow row, ulong thread) => copies.Count > 0 && copies.TryGetValue(row.Row.Body, out var several)
        ? new(folder.Id, row.Row, several.Flags, thread, several)
        : new(folder.Id, row.Row, row.Flags & ~MessageFlags.Deleted, thread, null);

    private async Task<IEnumerable<EmailFacts>> OpenAsync(SnapshotFolder folder, SnapshotChunk chunk, (ChunkRows Rows, ulong[]? Threads, ChunkFlags Flags) loaded)
    {
        var (rows, threads, flags) = loaded;
        if (MayHaveCopies(chunk))
        {
            await FindCopiesAsync(chunk.Rows(rows, flags).Select(r => r.Row.Body));
        }

        return chunk.Rows(rows, flags).Select(r => FactsOf(folder, r, ThreadOf(r, rows, threads)));
    }

    private async Task<(ChunkRows Rows, ulong[]? Threads, ChunkFlags Flags)> LoadAsync(SnapshotChunk chunk)
    {
        var rows = await chunks.RowsAsync(chunk.Chunk);
        if (chunk.Chunk.Dates is null && rows.Rows.Length > 0)
        {
            chunk.Chunk.Dates = (rows.Rows.Min(r => r.InternalDate), rows.Rows.Max(r => r.InternalDate));
        }

        return (rows, chunk.Chunk.HasThreads ? null : await chunks.ThreadsAsync(chunk.Chunk, rows), await chunks.FlagsAsync(chunk.Chunk));
    }

    private static ulong ThreadOf(SnapshotRow row, ChunkRows rows, ulong[]? threads) =>
        threads is null ? row.Row.Thread : threads[rows.IndexOf(row.Row.Uid)];

    private ulong ThreadOf(SnapshotRow row) => chunks.ThreadOf(row.Row, row.Content);

    private async Task FindCopiesAsync(IEnumerable<Guid> bodies)
    {
        if (snapshot.CopyTimes.Length == 0)
        {
            return;
        }

        var wanted = bodies.Where(b => snapshot.Copies.ContainsKey(b) && !copies.ContainsKey(b)).ToHashSet();
        if (wanted.Count == 0)
        {
            return;
        }

        var found = new Dictionary<Guid, EmailCopies>();
        var times = TimesOf(wanted);
        foreach (var folder in snapshot.Folders.Where(f => scope?.Contains(f.Id) ?? true))
        {
            foreach (var chunk in folder.Chunks.Where(c => c.Chunk.MayHold(times)))
            {
                Take(folder, chunk.Rows(await chunks.RowsAsync(chunk.Chunk), await chunks.FlagsAsync(chunk.Chunk)));
            }

            Take(folder, folder.Tail);
        }

        // Several questions may have looked for the same ones meanwhile: what they found is the same.
        foreach (var (body, rows) in found)
        {
            copies[body] = rows;
        }

        void Take(SnapshotFolder folder, IEnumerable<SnapshotRow> rows)
        {
            foreach (var row in rows.Where(r => wanted.Contains(r.Row.Body)))
            {
                if (!found.TryGetValue(row.Row.Body, out var several))
                {
                    found[row.Row.Body] = several = new();
                }

                several.Add(folder.Id, row.Row.Uid, row.Flags);
            }
        }
    }

    private static long[] TimesOf(IEnumerable<Guid> bodies) => [.. bodies.Select(b => new DeliveryId(b).AcceptedMilliseconds).Order()];
}
