using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>A sealed chunk as the mailbox's state knows it: what the manifest holds of it. Rows, flags and contents are loaded when needed.</summary>
internal sealed class Chunk
{
    /// <summary>Large enough that a mailbox of a million has 250 chunks, small enough that one is read in a few milliseconds.</summary>
    public const int MaxMessages = 4096;

    // One reference: what looks at chunks beside the mailbox's turn never sees half of it.
    private DateRange? dates;
    private bool sharesOverrides;

    public required string RowsBlob { get; init; }

    public required string ContentsBlob { get; init; }

    public required string FlagsBlob { get; init; }

    /// <summary>The messages that are still there; rows of others are passed over.</summary>
    public required UidRange[] Uids { get; set; }

    public required int Unseen { get; set; }

    public required int Deleted { get; set; }

    public required long Bytes { get; set; }

    public required long MaxModSeq { get; set; }

    /// <summary>
    /// The modseq at which the chunk came into this folder as a whole, from another; 0: its messages came one by one. Flags keep the modseqs that they have.
    /// </summary>
    public long AddedFrom { get; set; }

    /// <summary>Of the last change of any of its messages, its arrival in the folder too.</summary>
    public long LastModSeq => Math.Max(MaxModSeq, AddedFrom);

    public required long FirstBodyAt { get; init; }

    public required long LastBodyAt { get; init; }

    /// <summary>INTERNALDATEs of the earliest and latest message that it was built with, milliseconds since 1970; null while not known.</summary>
    public (long First, long Last)? Dates
    {
        get => dates is { } known ? (known.First, known.Last) : null;
        set => dates = value is { } known ? new(known.First, known.Last) : null;
    }

    /// <summary>Messages that have neither \Seen nor \Draft; null while not known.</summary>
    public int? Unread { get; set; }

    /// <summary>Whether all rows have their thread: those of before threads were kept do not, until a seal writes them again.</summary>
    public bool HasThreads { get; init; }

    /// <summary>Flags that differ from the flags blob, by UID.</summary>
    public Dictionary<uint, FlagsOfMessage> Overrides { get; private set; } = [];

    /// <summary>What was sealed and is not durable yet; read from here until it is.</summary>
    public UnwrittenChunk? Unwritten { get; set; }

    public uint FirstUid => Uids[0].First;

    public uint LastUid => Uids[^1].Last;

    public bool IsEmpty => Uids.Length == 0;

    public int Count => UidRanges.Count(Uids);

    /// <summary>Whether a body that was accepted at one of some ascending times may stand in it.</summary>
    public bool MayHold(long[] acceptedAt)
    {
        var index = Array.BinarySearch(acceptedAt, FirstBodyAt);
        index = index < 0 ? ~index : index;
        return index < acceptedAt.Length && acceptedAt[index] <= LastBodyAt;
    }

    /// <summary>The flags of the row at an index, as they are now.</summary>
    public FlagsOfMessage FlagsAt(ChunkRows rows, ChunkFlags flags, int index)
    {
        var uid = rows.Rows[index].Uid;
        return Overrides.TryGetValue(uid, out var changed) ? changed : new(uid, flags.Flags[index], flags.ModSeqs[index]);
    }

    /// <summary>The overrides as they are now, for a reader that waits in between: the next change is made to a copy of them.</summary>
    public IReadOnlyDictionary<uint, FlagsOfMessage> ShareOverrides()
    {
        sharesOverrides = true;
        return Overrides;
    }

    public void Change(FlagsBeforeAndAfter change, long modSeq)
    {
        OwnOverrides();
        Overrides[change.Uid] = new(change.Uid, change.After, modSeq);
        MaxModSeq = modSeq;
        Unseen += FlagCounts.Unseen(change.After) - FlagCounts.Unseen(change.Before);
        Deleted += FlagCounts.Deleted(change.After) - FlagCounts.Deleted(change.Before);
        Unread += FlagCounts.Unread(change.After) - FlagCounts.Unread(change.Before);
    }

    /// <summary>Messages of this chunk have left the folder.</summary>
    public void Remove(IReadOnlyList<RemovedMessage> removed)
    {
        Uids = [.. UidRanges.Except(Uids, UidRanges.From(removed.Select(m => m.Uid)))];
        OwnOverrides();
        foreach (var message in removed)
        {
            Overrides.Remove(message.Uid);
            Unseen -= FlagCounts.Unseen(message.Flags);
            Deleted -= FlagCounts.Deleted(message.Flags);
            Unread -= FlagCounts.Unread(message.Flags);
            Bytes -= message.Size;
        }
    }

    private void OwnOverrides()
    {
        if (sharesOverrides)
        {
            Overrides = new(Overrides);
            sharesOverrides = false;
        }
    }

    public ChunkManifest ToManifest() => new()
    {
        Rows = RowsBlob,
        Contents = ContentsBlob,
        Flags = FlagsBlob,
        Uids = Uids,
        Unseen = Unseen,
        Deleted = Deleted,
        Bytes = Bytes,
        MaxModSeq = MaxModSeq,
        FirstBodyAt = FirstBodyAt,
        LastBodyAt = LastBodyAt,
        Overrides = [.. Overrides.Values],
        FirstDate = Dates?.First,
        LastDate = Dates?.Last,
        Unread = Unread,
        AddedFrom = AddedFrom,
        HasThreads = HasThreads,
    };

    /// <summary>Only its rows are asked for any more.</summary>
    public static Chunk From(DiscardedChunk discarded) => new()
    {
        RowsBlob = discarded.Rows,
        ContentsBlob = "",
        FlagsBlob = "",
        Uids = discarded.Uids,
        Unseen = 0,
        Deleted = 0,
        Bytes = 0,
        MaxModSeq = 0,
        FirstBodyAt = 0,
        LastBodyAt = 0,
    };

    public static Chunk From(ChunkManifest manifest) => new()
    {
        RowsBlob = manifest.Rows,
        ContentsBlob = manifest.Contents,
        FlagsBlob = manifest.Flags,
        Uids = manifest.Uids,
        Unseen = manifest.Unseen,
        Deleted = manifest.Deleted,
        Bytes = manifest.Bytes,
        MaxModSeq = manifest.MaxModSeq,
        FirstBodyAt = manifest.FirstBodyAt,
        LastBodyAt = manifest.LastBodyAt,
        Overrides = manifest.Overrides.ToDictionary(o => o.Uid),
        Dates = manifest is { FirstDate: { } first, LastDate: { } last } ? (first, last) : null,
        Unread = manifest.Unread,
        AddedFrom = manifest.AddedFrom,
        HasThreads = manifest.HasThreads,
    };

    private sealed record DateRange(long First, long Last);
}

/// <summary>A chunk's three blobs while they are being written; null: that blob is durable already.</summary>
internal sealed record UnwrittenChunk(ChunkRows? Rows, ChunkFlags? Flags, ReadOnlyMemory<byte>? Contents);

/// <summary>What one message adds to the counts of its folder.</summary>
internal static class FlagCounts
{
    public static int Unseen(MessageFlags flags) => (flags & MessageFlags.Seen) == 0 ? 1 : 0;

    /// <summary>As JMAP counts (RFC 8621 §2): a draft is nothing to read.</summary>
    public static int Unread(MessageFlags flags) => (flags & (MessageFlags.Seen | MessageFlags.Draft)) == 0 ? 1 : 0;

    public static int Deleted(MessageFlags flags) => (flags & MessageFlags.Deleted) != 0 ? 1 : 0;
}
