using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;

namespace MailCloud.Mailboxes.Emails;

/// <summary>
/// A mailbox's messages as they are at one modseq, whatever happens to it later: what takes many loads is answered from it, so that the answer is that of one moment.
/// Chunks' blobs never change and live on for an hour when replaced; of the rest only tails are copied, which a seal bounds.
/// </summary>
internal sealed class MailboxSnapshot
{
    private readonly Dictionary<int, SnapshotFolder> byId;

    private MailboxSnapshot(MailboxState state)
    {
        ModSeq = state.ModSeq;
        Keywords = [.. state.Keywords];
        Folders = [.. state.Folders.Values.Select(f => new SnapshotFolder(f))];
        Copies = state.Bodies.ShareCopies();
        CopyTimes = state.Bodies.CopyTimes();
        byId = Folders.ToDictionary(f => f.Id);
    }

    public long ModSeq { get; }

    public IReadOnlyList<string> Keywords { get; }

    /// <summary>By id.</summary>
    public IReadOnlyList<SnapshotFolder> Folders { get; }

    /// <summary>Bodies of which there are several rows.</summary>
    public IReadOnlyDictionary<Guid, int> Copies { get; }

    /// <summary>When those were accepted, ascending.</summary>
    public long[] CopyTimes { get; }

    public SnapshotFolder? Find(int folder) => byId.GetValueOrDefault(folder);

    public static MailboxSnapshot Of(MailboxState state) => new(state);
}

internal sealed class SnapshotFolder(Folder folder)
{
    public int Id { get; } = folder.Id;

    public SnapshotChunk[] Chunks { get; } = Array.ConvertAll(folder.Chunks, c => new SnapshotChunk(c));

    public SnapshotRow[] Tail { get; } = [.. folder.Tail.Select(m => new SnapshotRow(m.Row, m.Flags, m.ModSeq, m.Content))];

    public SnapshotChunk? FindChunk(uint uid) => Array.Find(Chunks, c => c.Uids[0].First <= uid && uid <= c.Uids[^1].Last);
}

internal readonly record struct SnapshotRow(MessageRow Row, MessageFlags Flags, long ModSeq, ReadOnlyMemory<byte> Content);

internal sealed class SnapshotChunk(Chunk chunk)
{
    private readonly IReadOnlyDictionary<uint, FlagsOfMessage> overrides = chunk.ShareOverrides();

    /// <summary>Only its blobs, which stay, and what was learnt of them.</summary>
    public Chunk Chunk => chunk;

    public UidRange[] Uids { get; } = chunk.Uids;

    public int Count { get; } = chunk.Count;

    public int Unseen { get; } = chunk.Unseen;

    /// <summary>As of <see cref="Mailbox.Chunk.LastModSeq"/>.</summary>
    public long LastModSeq { get; } = chunk.LastModSeq;

    /// <summary>As of <see cref="Mailbox.Chunk.AddedFrom"/>.</summary>
    public long AddedFrom { get; } = chunk.AddedFrom;

    public (long First, long Last)? Dates => chunk.Dates;

    public IEnumerable<SnapshotRow> Rows(ChunkRows rows, ChunkFlags flags)
    {
        for (var i = 0; i < rows.Rows.Length; i++)
        {
            if (UidRanges.Contains(Uids, rows.Rows[i].Uid))
            {
                yield return RowAt(rows, flags, i);
            }
        }
    }

    /// <summary>Those of some UIDs.</summary>
    public IEnumerable<SnapshotRow> Rows(ChunkRows rows, ChunkFlags flags, IEnumerable<uint> uids) =>
        uids.Where(uid => UidRanges.Contains(Uids, uid)).Select(rows.IndexOf).Where(index => index >= 0).Select(index => RowAt(rows, flags, index));

    private SnapshotRow RowAt(ChunkRows rows, ChunkFlags flags, int index) => overrides.Count > 0 && overrides.TryGetValue(rows.Rows[index].Uid, out var changed)
        ? new(rows.Rows[index], changed.Flags, changed.ModSeq, default)
        : new(rows.Rows[index], flags.Flags[index], flags.ModSeqs[index], default);
}
