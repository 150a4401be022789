using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;
using Orleans.Serialization;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>
/// Turns a mailbox's tails into chunks and the whole into a manifest. <see cref="LoadAsync"/> reads what is needed; <see cref="Run"/> then changes the state and makes
/// all blobs in one synchronous step, so that the state in memory and the manifest always describe the same moment.
/// </summary>
internal sealed class MailboxSeal(AccountId account, MailboxState state, ChunkStore chunks, Serializer serializer, MailboxesOptions options)
{
    /// <summary>A last chunk below this is written again together with the tail: small seals do not leave small chunks, and no message is rewritten more than a few times.</summary>
    private const int MergeBelow = Chunk.MaxMessages / 2;

    /// <summary>A chunk's flags blob is rewritten when more than this share of its flags changed; less rides in the manifest.</summary>
    private const int RewriteFlagsAboveOneIn = 10;

    /// <summary>Chunks of before threads were kept that one seal writes again: so few that a seal stays short, and all are in the end.</summary>
    private const int ThreadedAtOnce = 4;

    /// <summary>The same of those whose threads have just been read: their rows are all that is written, 20 MB.</summary>
    private const int ReadAtOnce = 64;

    private readonly Dictionary<Chunk, (ChunkRows Rows, ChunkFlags Flags, ReadOnlyMemory<byte> Contents)> toMerge = [];
    private readonly Dictionary<Chunk, (ChunkRows Rows, ChunkFlags Flags)> toReflag = [];
    private readonly Dictionary<Chunk, ChunkRows> toThread = [];
    private readonly List<(string, ReadOnlyMemory<byte>)> written = [];
    private readonly List<Chunk> unwritten = [];
    private readonly List<Action> onWritten = [];

    /// <summary>The prefix of every blob that belongs to a mailbox's state.</summary>
    public static string BlobPrefix(AccountId account) => $"{account.Tenant.Value}/mailbox/{account.Value[(account.Tenant.Value.Length + 1)..]}/";

    public async Task LoadAsync(DateOnly today)
    {
        // Folders are made and deleted while it loads.
        foreach (var folder in state.Folders.Values.ToArray())
        {
            if (folder.Tail.Count > 0 && folder.Chunks is [.., var last] && last.Count < MergeBelow)
            {
                var rows = await chunks.RowsAsync(last);
                toMerge[last] = (rows, await chunks.FlagsAsync(last), await chunks.ContentsAsync(last, rows));
            }

            foreach (var chunk in folder.Chunks.Where(NeedsNewFlags))
            {
                toReflag[chunk] = (await chunks.RowsAsync(chunk), await chunks.FlagsAsync(chunk));
            }
        }

        await LoadWithoutThreadsAsync();
        foreach (var (day, blob) in state.Filed.ToLoadBeforeSeal(today).ToArray())
        {
            state.Filed.Load(day, blob, await chunks.LoadAsync<FiledDay>(blob, CancellationToken.None));
        }
    }

    public SealedState Run(string? archive, DateTimeOffset now)
    {
        foreach (var folder in state.Folders.Values)
        {
            SealTail(folder);
            SealLog(folder.Expunged, "expunged");
            if (folder.Chunks.Any(toThread.ContainsKey))
            {
                folder.Chunks = Array.ConvertAll(folder.Chunks, c => toThread.ContainsKey(c) ? WithThreads(c) : c);
            }

            if (folder.Chunks.Any(toReflag.ContainsKey))
            {
                folder.Chunks = Array.ConvertAll(folder.Chunks, c => toReflag.ContainsKey(c) ? WithNewFlags(c) : c);
            }
        }

        SealLog(state.Departures, "departed");
        var (filedDays, dayBlobs) = state.Filed.Seal(DateOnly.FromDateTime(now.UtcDateTime), () => NewBlob("filed"));
        foreach (var (name, day) in dayBlobs)
        {
            written.Add((name, serializer.Encode(day)));
        }

        state.Archives.RemoveAll(a => a.SealedAt < now - options.ArchiveRetention);
        if (archive is not null)
        {
            state.Archives.Add(new(archive, now, state.ModSeq));
        }

        state.ForgetOperations(now);
        var manifest = NewBlob("manifest");
        written.Add((manifest, serializer.Encode(state.ToManifest(filedDays))));
        return new(written, manifest);
    }

    /// <summary>The blobs are durable: from now on they are read from the store.</summary>
    public void Finish()
    {
        unwritten.ForEach(c => c.Unwritten = null);
        onWritten.ForEach(done => done());
    }

    public string NewBlob(string kind) => $"{BlobPrefix(account)}{kind}-{Guid.CreateVersion7():N}";

    private static bool NeedsNewFlags(Chunk chunk) => chunk.Overrides.Count * RewriteFlagsAboveOneIn > chunk.Count;

    private void SealTail(Folder folder)
    {
        if (folder.Tail.Count == 0)
        {
            return;
        }

        var kept = folder.Chunks.ToList();
        var builder = new ChunkBuilder(chunks);
        if (kept is [.., var last] && toMerge.TryGetValue(last, out var loaded))
        {
            kept.RemoveAt(kept.Count - 1);
            builder.AddAll(last, loaded.Rows, loaded.Flags, loaded.Contents);
        }

        foreach (var message in folder.Tail)
        {
            if (builder.Count == Chunk.MaxMessages)
            {
                kept.Add(Write(builder));
                builder = new(chunks);
            }

            builder.Add(message.Row, message.Flags, message.ModSeq, message.Content);
        }

        kept.Add(Write(builder));
        folder.Chunks = [.. kept];
        folder.Tail.Clear();
    }

    private void SealLog<TEntry, TStored>(SegmentedLog<TEntry, TStored> log, string kind)
        where TStored : class, IStoredRecord
    {
        if (log.Seal(() => NewBlob(kind)) is { } segment)
        {
            written.Add((segment.Blob, serializer.Encode(segment.Unwritten!)));
            onWritten.Add(() => segment.Unwritten = null);
        }
    }

    private async Task LoadWithoutThreadsAsync()
    {
        var older = state.Folders.Values.SelectMany(f => f.Chunks).Where(c => !c.HasThreads && !toMerge.ContainsKey(c) && !toReflag.ContainsKey(c)).ToList();
        foreach (var chunk in older.Where(chunks.HasRead).Take(ReadAtOnce).Union(older.Take(ThreadedAtOnce)).ToArray())
        {
            var rows = await chunks.RowsAsync(chunk);
            var threads = await chunks.ThreadsAsync(chunk, rows);
            toThread[chunk] = rows with { Rows = [.. rows.Rows.Select((row, i) => row with { Thread = threads[i] })] };
        }
    }

    private Chunk WithThreads(Chunk chunk)
    {
        var rows = toThread[chunk];
        var replacement = Chunk.From(chunk.ToManifest() with { Rows = NewBlob("rows"), HasThreads = true });
        replacement.Unwritten = (chunk.Unwritten ?? new(null, null, null)) with { Rows = rows };
        written.Add((replacement.RowsBlob, serializer.Encode(rows)));
        unwritten.Add(replacement);
        return replacement;
    }

    private Chunk Write(ChunkBuilder builder)
    {
        var chunk = builder.Build(NewBlob("rows"), NewBlob("contents"), NewBlob("flags"));
        var (rows, flags, contents) = (chunk.Unwritten!.Rows!, chunk.Unwritten.Flags!, chunk.Unwritten.Contents!.Value);
        written.Add((chunk.RowsBlob, serializer.Encode(rows)));
        written.Add((chunk.FlagsBlob, serializer.Encode(flags)));
        written.Add((chunk.ContentsBlob, contents));
        unwritten.Add(chunk);
        return chunk;
    }

    // A new object in a new layout: a reader that loaded the old flags sees that they no longer go with the overrides.
    private Chunk WithNewFlags(Chunk chunk)
    {
        var (rows, flags) = toReflag[chunk];
        var now = Enumerable.Range(0, rows.Rows.Length).Select(i => chunk.FlagsAt(rows, flags, i)).ToArray();
        var rewritten = new ChunkFlags { Flags = Array.ConvertAll(now, f => f.Flags), ModSeqs = Array.ConvertAll(now, f => f.ModSeq) };
        var replacement = Chunk.From(chunk.ToManifest() with { Flags = NewBlob("flags"), Overrides = [] });
        replacement.Unwritten = (chunk.Unwritten ?? new(null, null, null)) with { Flags = rewritten };
        written.Add((replacement.FlagsBlob, serializer.Encode(rewritten)));
        unwritten.Add(replacement);
        return replacement;
    }
}
