using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>A folder: sealed chunks in ascending UID order, then the tail of messages filed since the last seal.</summary>
internal sealed class Folder
{
    public required int Id { get; init; }

    public required string Name { get; init; }

    public required string? SpecialUse { get; init; }

    public required bool Subscribed { get; init; }

    public required uint UidValidity { get; init; }

    public uint UidNext { get; set; } = 1;

    /// <summary>Messages from this UID on have been shown to no session yet.</summary>
    public uint RecentFrom { get; set; } = 1;

    /// <summary>A new array at each seal: a reader that awaits can tell that the layout moved.</summary>
    public Chunk[] Chunks { get; set; } = [];

    public List<TailMessage> Tail { get; } = [];

    public int Messages => Chunks.Sum(c => c.Count) + Tail.Count;

    public int Unseen => Chunks.Sum(c => c.Unseen) + Tail.Sum(m => FlagCounts.Unseen(m.Flags));

    public int Recent => Chunks.Sum(c => c.LastUid < RecentFrom ? 0 : UidRanges.CountFrom(c.Uids, RecentFrom)) + Tail.Count(m => m.Row.Uid >= RecentFrom);

    public long Bytes => Chunks.Sum(c => c.Bytes) + Tail.Sum(m => m.Row.Size);

    public UidRange[] Uids()
    {
        var ranges = new List<UidRange>();
        foreach (var range in Chunks.SelectMany(c => c.Uids))
        {
            UidRanges.Append(ranges, range);
        }

        foreach (var message in Tail)
        {
            UidRanges.Append(ranges, new(message.Row.Uid, message.Row.Uid));
        }

        return [.. ranges];
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
}
