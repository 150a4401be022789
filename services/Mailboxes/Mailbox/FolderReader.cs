using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>A chunk with its rows and flags in memory.</summary>
internal sealed record LoadedChunk(Chunk Chunk, ChunkRows Rows, ChunkFlags Flags)
{
    private static readonly UidRange[] Everything = [new(1, uint.MaxValue)];

    /// <summary>The rows of messages that still exist, with their flags now.</summary>
    public IEnumerable<(int Index, MessageRow Row, FlagsOfMessage Flags)> Messages() => Messages(Everything);

    /// <summary>The same of those that ascending ranges name: what is not asked for is not looked at.</summary>
    public IEnumerable<(int Index, MessageRow Row, FlagsOfMessage Flags)> Messages(IEnumerable<UidRange> uids)
    {
        var next = 0;
        foreach (var range in uids)
        {
            for (next = Math.Max(next, Rows.IndexFrom(range.First)); next < Rows.Rows.Length && Rows.Rows[next].Uid <= range.Last; next++)
            {
                if (UidRanges.Contains(Chunk.Uids, Rows.Rows[next].Uid))
                {
                    yield return (next, RowAt(next), Chunk.FlagsAt(Rows, Flags, next));
                }
            }
        }
    }

    /// <summary>Counts what a manifest of before did not have of the chunk.</summary>
    public void FillIn()
    {
        if (Chunk.Dates is null && Rows.Rows.Length > 0)
        {
            Chunk.Dates = (Rows.Rows.Min(r => r.InternalDate), Rows.Rows.Max(r => r.InternalDate));
        }

        Chunk.Unread ??= Messages().Sum(m => FlagCounts.Unread(m.Flags.Flags));
    }

    private MessageRow RowAt(int index) =>
        Rows.Rows[index].AddedModSeq < Chunk.AddedFrom ? Rows.Rows[index] with { AddedModSeq = Chunk.AddedFrom } : Rows.Rows[index];

    /// <summary>Flags that changed after a modseq, by UID. What changed since the flags were sealed stands in the overrides.</summary>
    public IEnumerable<FlagsOfMessage> ChangedSince(long modSeq) => Flags.ModSeqs.Length > 0 && Flags.ModSeqs.Max() <= modSeq
        ? Chunk.Overrides.Values.Where(f => f.ModSeq > modSeq).OrderBy(f => f.Uid)
        : Messages().Select(m => m.Flags).Where(f => f.ModSeq > modSeq);
}

/// <summary>Reads a folder: loads the chunks a reader needs, then lets it look at them and the tail in one synchronous step.</summary>
internal sealed class FolderReader(Folder folder, ChunkStore chunks)
{
    private const int PageMessages = 1000;

    private const int PageContentBytes = 1024 * 1024;

    /// <summary>
    /// Runs <paramref name="step"/> with the chunks that <paramref name="needed"/> names loaded. It asks again after loading: a seal may have moved the layout, or a change
    /// may have made another chunk needed, and then it loads again.
    /// </summary>
    public async Task<T> InOneStepAsync<T>(Func<Chunk, bool> needed, Func<IReadOnlyList<LoadedChunk>, T> step)
    {
        while (true)
        {
            var layout = folder.Chunks;
            var loaded = new List<LoadedChunk>();
            foreach (var chunk in layout.Where(needed).ToArray())
            {
                loaded.Add(new(chunk, await chunks.RowsAsync(chunk), await chunks.FlagsAsync(chunk)));
            }

            if (folder.Chunks == layout && layout.Where(needed).SequenceEqual(loaded.Select(l => l.Chunk)))
            {
                loaded.ForEach(l => l.FillIn());
                return step(loaded);
            }
        }
    }

    /// <summary>The UID of the first message without \Seen; 0 when there is none.</summary>
    public Task<uint> FirstUnseenAsync() => InOneStepAsync(
        chunk => chunk == Array.Find(folder.Chunks, c => c.Unseen > 0),
        loaded => loaded.SelectMany(l => l.Messages()).Select(m => m.Flags)
            .Concat(folder.Tail.Select(m => m.FlagsNow))
            .FirstOrDefault(f => FlagCounts.Unseen(f.Flags) > 0).Uid);

    /// <summary>Messages of a chunk list and the tail that are named by ranges, with their flags, by UID.</summary>
    public IEnumerable<FlagsOfMessage> FlagsOf(IReadOnlyList<LoadedChunk> loaded, UidRange[] uids) => loaded
        .SelectMany(l => l.Messages(uids)).Select(m => m.Flags)
        .Concat(TailOf(uids).Select(m => m.FlagsNow));

    /// <summary>Messages that are named by ranges and have \Deleted, by UID.</summary>
    public IEnumerable<RemovedMessage> DeletedOf(IReadOnlyList<LoadedChunk> loaded, UidRange[] uids) =>
        RemovedOf(loaded, uids).Where(m => FlagCounts.Deleted(m.Flags) > 0);

    /// <summary>Messages that are named by ranges, by UID, as they are when they leave.</summary>
    public IEnumerable<RemovedMessage> RemovedOf(IReadOnlyList<LoadedChunk> loaded, UidRange[] uids) => loaded
        .SelectMany(l => l.Messages(uids))
        .Select(m => RemovedMessage.Of(m.Row, m.Flags.Flags))
        .Concat(TailOf(uids).Select(m => m.Removed));

    /// <summary>Rows of one chunk, or of the tail, from a UID on, and the UID to go on from; 0 when there are no more.</summary>
    public Task<(MessageRow[] Rows, uint NextUid)> RowsAsync(uint fromUid) => InOneStepAsync(
        chunk => chunk == Array.Find(folder.Chunks, c => c.LastUid >= fromUid),
        loaded => loaded.Count == 0
            ? (TailOf([new(fromUid, uint.MaxValue)]).Select(m => m.Row).ToArray(), 0u)
            : (loaded[0].Messages([new(fromUid, uint.MaxValue)]).Select(m => m.Row).ToArray(), loaded[0].Chunk.LastUid + 1));

    /// <summary>
    /// Runs <paramref name="step"/> with the messages that ranges name, as they are now, each with its encoded content. Contents are read before the step, and more of them
    /// when a seal has moved messages meanwhile: a UID's content never changes.
    /// </summary>
    public async Task<T> WithContentsAsync<T>(UidRange[] uids, Func<IReadOnlyList<AddedMessage>, T> step)
    {
        var contents = new Dictionary<uint, ReadOnlyMemory<byte>>();
        while (true)
        {
            var (missing, done, result) = await InOneStepAsync(c => UidRanges.Intersects(uids, c.FirstUid, c.LastUid), loaded =>
            {
                var rows = loaded.Select(l => (From: l, Rows: ChunkOf(l, uids).ToList())).ToList();
                var unread = rows.Where(r => r.Rows.Exists(p => !contents.ContainsKey(p.Row.Uid))).ToList();
                if (unread.Count > 0)
                {
                    return (unread, false, default(T)!);
                }

                var sealedOnes = rows.SelectMany(r => r.Rows).Select(p => new AddedMessage(p.Row, p.Flags.Flags, contents[p.Row.Uid]));
                return (unread, true, step([.. sealedOnes.Concat(TailOf(uids).Select(m => m.Added)).Select(chunks.WithThread)]));
            });
            if (done)
            {
                return result;
            }

            foreach (var (from, rows) in missing)
            {
                await ReadContentsAsync(rows, from, (picked, content) => contents[picked.Row.Uid] = content);
            }
        }
    }

    /// <summary>What was expunged after a modseq, and what <paramref name="step"/> makes of it together with the chunks that changed since.</summary>
    public async Task<T> WithExpungedAsync<T>(long modSeq, Func<UidRange[], IReadOnlyList<LoadedChunk>, T> step)
    {
        while (true)
        {
            var segments = folder.Expunged.Segments;
            var entries = new List<ExpungedEntries>();
            foreach (var segment in segments.Where(s => s.LastModSeq > modSeq))
            {
                entries.Add(await chunks.ExpungedAsync(segment));
            }

            var (done, result) = await InOneStepAsync(c => c.MaxModSeq > modSeq, loaded => folder.Expunged.Segments == segments
                ? (true, step(folder.Expunged.Since(modSeq, entries), loaded))
                : (false, default(T)!));
            if (done)
            {
                return result;
            }
        }
    }

    /// <summary>One page of messages, and the UID to go on from; 0 when there are no more.</summary>
    public async Task<(IReadOnlyList<FetchedMessage> Messages, uint NextUid)> PageAsync(FetchRequest request, TenantId tenant)
    {
        var page = new List<FetchedMessage>();
        var contentBytes = 0;
        var cursor = request.Uids.Length == 0 ? 0 : request.Uids[0].First;
        while (cursor != 0 && page.Count < PageMessages && contentBytes < PageContentBytes)
        {
            var limits = (PageMessages - page.Count, PageContentBytes - contentBytes);
            var (picked, from, next) = await PickAsync(request, cursor, limits);
            page.AddRange(await ToMessagesAsync(picked, from, request, tenant));
            contentBytes += picked.Sum(p => p.ContentLength);
            cursor = next;
        }

        return (page, cursor);
    }

    private Task<(List<Picked> Picked, LoadedChunk? From, uint NextUid)> PickAsync(FetchRequest request, uint cursor, (int Messages, int Bytes) limits) => InOneStepAsync(
        chunk => chunk == Array.Find(folder.Chunks, c => c.LastUid >= cursor && UidRanges.Intersects(request.Uids, Math.Max(c.FirstUid, cursor), c.LastUid)),
        loaded => loaded.Count == 0
            ? Pick(TailPicked(UidRanges.From(request.Uids, cursor)), null, request, limits, folder.UidNext)
            : Pick(ChunkOf(loaded[0], UidRanges.From(request.Uids, cursor)), loaded[0], request, limits, loaded[0].Chunk.LastUid + 1));

    private IEnumerable<Picked> TailPicked(IEnumerable<UidRange> uids) =>
        TailOf(uids).Select(m => new Picked(-1, m.Row, m.FlagsNow, m.Content.Length, m));

    /// <summary>Messages of the tail that ascending ranges name.</summary>
    private IEnumerable<TailMessage> TailOf(IEnumerable<UidRange> uids)
    {
        var next = 0;
        foreach (var range in uids)
        {
            for (next = Math.Max(next, folder.TailIndexFrom(range.First)); next < folder.Tail.Count && folder.Tail[next].Row.Uid <= range.Last; next++)
            {
                yield return folder.Tail[next];
            }
        }
    }

    private static IEnumerable<Picked> ChunkOf(LoadedChunk loaded, IEnumerable<UidRange> uids) => loaded.Messages(uids).Select(m => new Picked(
        m.Index, m.Row, m.Flags, loaded.Rows.ContentOffsets[m.Index + 1] - loaded.Rows.ContentOffsets[m.Index], null));

    private (List<Picked> Picked, LoadedChunk? From, uint NextUid) Pick(
        IEnumerable<Picked> source, LoadedChunk? from, FetchRequest request, (int Messages, int Bytes) limits, uint end)
    {
        var picked = new List<Picked>();
        var bytes = 0;
        foreach (var candidate in source.Where(p => p.Flags.ModSeq > request.ChangedSince))
        {
            if (picked.Count == limits.Messages || (request.WithContent && bytes >= limits.Bytes))
            {
                return (picked, from, candidate.Row.Uid);
            }

            picked.Add(candidate with { ContentLength = request.WithContent ? candidate.ContentLength : 0 });
            bytes += picked[^1].ContentLength;
        }

        return (picked, from, end >= folder.UidNext || !request.Uids.Any(r => r.Last >= end) ? 0 : end);
    }

    private async Task<IEnumerable<FetchedMessage>> ToMessagesAsync(List<Picked> picked, LoadedChunk? from, FetchRequest request, TenantId tenant)
    {
        var threads = request.WithThreads && from is { Chunk.HasThreads: false } ? await chunks.ThreadsAsync(from.Chunk, from.Rows) : null;
        var contents = request.WithContent ? await new ContentReader(chunks).ReadAsync(picked.ConvertAll(p => new ContentPlace(from, p.Index, p.Tail))) : new MessageContent?[picked.Count];
        return picked.Select((p, i) => new FetchedMessage
        {
            Uid = p.Row.Uid,
            Flags = p.Flags.Flags,
            ModSeq = p.Flags.ModSeq,
            InternalDate = DateTimeOffset.FromUnixTimeMilliseconds(p.Row.InternalDate),
            Size = p.Row.Size,
            Body = new(BodyRef.NameFor(tenant, new(p.Row.Body)), p.Row.BodyLength),
            Content = contents[i],
            Thread = ThreadOf(p),
        });

        ulong? ThreadOf(Picked message) =>
            message.Row.Thread != 0 ? message.Row.Thread
            : !request.WithThreads ? null
            : message.Tail is { } tail ? chunks.ThreadOf(message.Row, tail.Content)
            : threads?[message.Index];
    }

    private Task ReadContentsAsync(List<Picked> picked, LoadedChunk from, Action<Picked, ReadOnlyMemory<byte>> take) =>
        chunks.ReadContentsAsync(from.Chunk, from.Rows, picked.ConvertAll(p => p.Index), (place, content) => take(picked[place], content));

    private readonly record struct Picked(int Index, MessageRow Row, FlagsOfMessage Flags, int ContentLength, TailMessage? Tail);
}
