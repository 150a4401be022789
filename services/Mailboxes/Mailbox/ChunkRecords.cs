using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>The unchanging rows of a chunk, by UID: up to <see cref="Chunk.MaxMessages"/> of one folder.</summary>
[GenerateSerializer, Immutable, Alias("mc.ChunkRows")]
internal sealed record ChunkRows : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public required MessageRow[] Rows { get; init; }

    /// <summary>Where each message's content stands in the contents blob; one more entry than rows, the last is its end.</summary>
    [Id(1)] public required int[] ContentOffsets { get; init; }

    /// <summary>The index of a UID's row; negative when there is none.</summary>
    public int IndexOf(uint uid)
    {
        var index = IndexFrom(uid);
        return index < Rows.Length && Rows[index].Uid == uid ? index : -1;
    }

    /// <summary>The index of the first row with this UID or a higher one.</summary>
    public int IndexFrom(uint uid)
    {
        var (low, high) = (0, Rows.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = Rows[middle].Uid < uid ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}

/// <summary>Flags and modseqs of a chunk's rows, as they were when this blob was written; later changes stand in the manifest.</summary>
[GenerateSerializer, Immutable, Alias("mc.ChunkFlags")]
internal sealed record ChunkFlags : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public required MessageFlags[] Flags { get; init; }

    [Id(1)] public required long[] ModSeqs { get; init; }
}
