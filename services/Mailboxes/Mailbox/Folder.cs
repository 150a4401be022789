using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>A folder: sealed chunks in ascending UID order, then the tail of messages filed since the last seal.</summary>
internal sealed class Folder
{
    public required int Id { get; init; }

    public required string Name { get; set; }

    public required string? SpecialUse { get; set; }

    public required bool Subscribed { get; set; }

    /// <summary>Before which others a client shows it (RFC 8621 §2).</summary>
    public int SortOrder { get; set; }

    public required uint UidValidity { get; set; }

    public uint UidNext { get; set; } = 1;

    /// <summary>Messages from this UID on have been shown to no session yet, as the journal has it.</summary>
    public uint RecentFrom { get; set; } = 1;

    /// <summary>
    /// The same, as sessions of this activation were told. It goes into the journal when the activation ends or is sealed, not with every SELECT: after a crash some messages
    /// are \Recent once more, as they should be when it cannot be known (RFC 3501 §2.3.2).
    /// </summary>
    public uint ClaimedFrom { get => Math.Max(field, RecentFrom); set; }

    /// <summary>The modseq of the last change in this folder.</summary>
    public long HighestModSeq { get; set; }

    /// <summary>The modseq at which it was made; 0: with the mailbox, or before that was kept.</summary>
    public long CreatedModSeq { get; init; }

    /// <summary>The modseq of the last change of what the folder is (RFC 8621 §2), not of what is in it.</summary>
    public long ChangedModSeq { get; set; }

    public ExpungeLog Expunged { get; init; } = new();

    /// <summary>A new array at each seal: a reader that awaits can tell that the layout moved.</summary>
    public Chunk[] Chunks { get; set; } = [];

    public List<TailMessage> Tail { get; } = [];

    public int Messages => Chunks.Sum(c => c.Count) + Tail.Count;

    public int Unseen => Chunks.Sum(c => c.Unseen) + Tail.Sum(m => FlagCounts.Unseen(m.Flags));

    public int Recent => Chunks.Sum(c => c.LastUid < ClaimedFrom ? 0 : UidRanges.CountFrom(c.Uids, ClaimedFrom)) + Tail.Count(m => m.Row.Uid >= ClaimedFrom);

    public long Bytes => Chunks.Sum(c => c.Bytes) + Tail.Sum(m => m.Row.Size);

    public UidRange[] Uids() => UidsFrom(1);

    /// <summary>UIDs of messages from one on.</summary>
    public UidRange[] UidsFrom(uint first)
    {
        var ranges = new List<UidRange>();
        foreach (var range in UidRanges.From(Chunks.Where(c => c.LastUid >= first).SelectMany(c => c.Uids), first))
        {
            UidRanges.Append(ranges, range);
        }

        for (var i = TailIndexFrom(first); i < Tail.Count; i++)
        {
            UidRanges.Append(ranges, new(Tail[i].Row.Uid, Tail[i].Row.Uid));
        }

        return [.. ranges];
    }

    public void Add(MessageRow row, MessageFlags flags, long modSeq, ReadOnlyMemory<byte> content)
    {
        Tail.Add(new() { Row = row with { AddedModSeq = modSeq }, Content = content, Flags = flags, ModSeq = modSeq });
        UidNext = row.Uid + 1;
        HighestModSeq = modSeq;
    }

    /// <summary>Gives up the next UIDs: who knows messages under them is told that these are gone.</summary>
    public void PassOver(uint uids, long modSeq)
    {
        if (UidNext < uint.MaxValue - uids)
        {
            Expunged.Add([new(UidNext, UidNext + uids - 1)], modSeq);
            UidNext += uids;
        }

        HighestModSeq = modSeq;
    }

    /// <summary>Messages leave, ascending by UID. A chunk that is empty then goes too.</summary>
    public void Remove(IReadOnlyList<RemovedMessage> removed, long modSeq)
    {
        var uids = UidRanges.From(removed.Select(m => m.Uid));
        foreach (var group in removed.GroupBy(m => FindChunk(m.Uid)))
        {
            group.Key?.Remove([.. group]);
        }

        Tail.RemoveAll(m => UidRanges.Contains(uids, m.Row.Uid));
        if (Array.Exists(Chunks, c => c.IsEmpty))
        {
            Chunks = Array.FindAll(Chunks, c => !c.IsEmpty);
        }

        Expunged.Add(uids, modSeq);
        HighestModSeq = modSeq;
    }

    /// <summary>All messages go to an empty folder, UIDs, chunks and all; here they are expunged.</summary>
    public void GiveAllTo(Folder other, long modSeq)
    {
        var uids = Uids();
        other.Chunks = Chunks;
        foreach (var chunk in Chunks)
        {
            chunk.AddedFrom = modSeq;
        }

        other.Tail.AddRange(Tail.Select(m => m.AddedAt(modSeq)));
        other.UidNext = UidNext;
        other.RecentFrom = ClaimedFrom;
        Empty();
        Expunged.Add(uids, modSeq);
        HighestModSeq = modSeq;
        other.HighestModSeq = modSeq;
    }

    /// <summary>All messages are gone from here. Who waits for a chunk of it sees that the layout moved, looks again and finds nothing.</summary>
    public void Empty()
    {
        Chunks = [];
        Tail.Clear();
    }

    public TailMessage? FindInTail(uint uid)
    {
        var index = TailIndexFrom(uid);
        return index < Tail.Count && Tail[index].Row.Uid == uid ? Tail[index] : null;
    }

    /// <summary>The index of the first tail message with this UID or a higher one.</summary>
    public int TailIndexFrom(uint uid)
    {
        var (low, high) = (0, Tail.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = Tail[middle].Row.Uid < uid ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    public Chunk? FindChunk(uint uid) => Array.Find(Chunks, c => c.FirstUid <= uid && uid <= c.LastUid);
}

/// <summary>A message that is in no chunk yet.</summary>
internal sealed class TailMessage
{
    public required MessageRow Row { get; init; }

    public required ReadOnlyMemory<byte> Content { get; init; }

    public required MessageFlags Flags { get; set; }

    public required long ModSeq { get; set; }

    public FlagsOfMessage FlagsNow => new(Row.Uid, Flags, ModSeq);

    /// <summary>As it comes into another folder.</summary>
    public AddedMessage Added => new(Row, Flags, Content);

    /// <summary>What it counts for when it leaves.</summary>
    public RemovedMessage Removed => RemovedMessage.Of(Row, Flags);

    /// <summary>The same in another folder, where it has its UID too.</summary>
    public TailMessage AddedAt(long modSeq) => new() { Row = Row with { AddedModSeq = modSeq }, Content = Content, Flags = Flags, ModSeq = ModSeq };
}
