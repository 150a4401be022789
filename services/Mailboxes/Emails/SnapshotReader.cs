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
    private readonly long[] copyTimes = TimesOf(snapshot.Copies.Keys);

    public MailboxSnapshot Snapshot => snapshot;

    /// <summary>Whether rows of it may stand elsewhere too.</summary>
    public bool MayHaveCopies(SnapshotChunk chunk) => MayHold(chunk, copyTimes);

    /// <summary>The rows of a chunk.</summary>
    public async Task<IEnumerable<EmailFacts>> OpenAsync(SnapshotFolder folder, SnapshotChunk chunk)
    {
        var (rows, threads, flags) = await LoadAsync(chunk);
        if (MayHaveCopies(chunk))
        {
            await FindCopiesAsync(chunk.Rows(rows, flags).Select(r => r.Row.Body));
        }

        return chunk.Rows(rows, flags).Select(r => FactsOf(folder, r, ThreadOf(r, rows, threads)));
    }

    /// <summary>The rows of a folder's tail.</summary>
    public async Task<IEnumerable<EmailFacts>> OpenTailAsync(SnapshotFolder folder)
    {
        await FindCopiesAsync(folder.Tail.Select(r => r.Row.Body));
        return folder.Tail.Select(r => FactsOf(folder, r, ThreadOf(r)));
    }

    /// <summary>All rows of the mailbox, a chunk at a time.</summary>
    public async IAsyncEnumerable<IEnumerable<EmailFacts>> AllAsync()
    {
        foreach (var folder in snapshot.Folders)
        {
            foreach (var chunk in folder.Chunks)
            {
                yield return await OpenAsync(folder, chunk);
            }

            yield return await OpenTailAsync(folder);
        }
    }

    /// <summary>Emails by their ids; those that do not exist are left out.</summary>
    public Task<Dictionary<Guid, EmailFacts>> FindAsync(IReadOnlyCollection<Guid> emails)
    {
        var wanted = emails as HashSet<Guid> ?? [.. emails];
        var times = TimesOf(wanted);
        return FindAsync((_, chunk) => MayHold(chunk, times), (_, row) => wanted.Contains(row.Body));
    }

    /// <summary>Emails by rows of them.</summary>
    public Task<Dictionary<Guid, EmailFacts>> FindAsync(IReadOnlyCollection<(int Folder, uint Uid)> rows)
    {
        var wanted = rows.ToHashSet();
        var holding = rows.Select(r => snapshot.Find(r.Folder)?.FindChunk(r.Uid)).ToHashSet();
        return FindAsync((_, chunk) => holding.Contains(chunk), (folder, row) => wanted.Contains((folder.Id, row.Uid)));
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

    private async Task<Dictionary<Guid, EmailFacts>> FindAsync(Func<SnapshotFolder, SnapshotChunk, bool> needed, Func<SnapshotFolder, MessageRow, bool> wanted)
    {
        var found = new Dictionary<Guid, EmailFacts>();
        foreach (var folder in snapshot.Folders)
        {
            foreach (var chunk in folder.Chunks.Where(c => needed(folder, c)))
            {
                var (rows, threads, flags) = await LoadAsync(chunk);
                await TakeAsync(folder, chunk.Rows(rows, flags).Where(r => wanted(folder, r.Row)).Select(r => (r, ThreadOf(r, rows, threads))));
            }

            await TakeAsync(folder, folder.Tail.Where(r => wanted(folder, r.Row)).Select(r => (r, ThreadOf(r))));
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
        if (copyTimes.Length == 0)
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
            foreach (var chunk in folder.Chunks.Where(c => MayHold(c, times)))
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

    private static bool MayHold(SnapshotChunk chunk, long[] times)
    {
        if (times.Length == 0)
        {
            return false;
        }

        var index = Array.BinarySearch(times, chunk.Chunk.FirstBodyAt);
        index = index < 0 ? ~index : index;
        return index < times.Length && times[index] <= chunk.Chunk.LastBodyAt;
    }
}
