using System.Buffers;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>Gathers messages in ascending UID order into one chunk.</summary>
internal sealed class ChunkBuilder(ChunkStore chunks)
{
    private readonly List<MessageRow> rows = [];
    private readonly List<MessageFlags> flags = [];
    private readonly List<long> modSeqs = [];
    private readonly List<int> offsets = [0];
    private readonly ArrayBufferWriter<byte> contents = new(64 * 1024);

    public int Count => rows.Count;

    public void Add(MessageRow row, MessageFlags messageFlags, long modSeq, ReadOnlyMemory<byte> content)
    {
        rows.Add(row with { Thread = chunks.ThreadOf(row, content) });
        flags.Add(messageFlags);
        modSeqs.Add(modSeq);
        contents.Write(content.Span);
        offsets.Add(contents.WrittenCount);
    }

    /// <summary>Adds a whole older chunk, with the flags that its messages have now.</summary>
    public void AddAll(Chunk chunk, ChunkRows chunkRows, ChunkFlags chunkFlags, ReadOnlyMemory<byte> chunkContents)
    {
        for (var i = 0; i < chunkRows.Rows.Length; i++)
        {
            if (UidRanges.Contains(chunk.Uids, chunkRows.Rows[i].Uid))
            {
                var now = chunk.FlagsAt(chunkRows, chunkFlags, i);
                var row = chunkRows.Rows[i] with { AddedModSeq = Math.Max(chunkRows.Rows[i].AddedModSeq, chunk.AddedFrom) };
                Add(row, now.Flags, now.ModSeq, chunkContents[chunkRows.ContentOffsets[i]..chunkRows.ContentOffsets[i + 1]]);
            }
        }
    }

    public Chunk Build(string rowsBlob, string contentsBlob, string flagsBlob)
    {
        var bodyTimes = rows.ConvertAll(r => new DeliveryId(r.Body).AcceptedAt.ToUnixTimeMilliseconds());
        return new()
        {
            RowsBlob = rowsBlob,
            ContentsBlob = contentsBlob,
            FlagsBlob = flagsBlob,
            Uids = UidRanges.From(rows.Select(r => r.Uid)),
            Unseen = flags.Sum(FlagCounts.Unseen),
            Deleted = flags.Sum(FlagCounts.Deleted),
            Bytes = rows.Sum(r => r.Size),
            MaxModSeq = Math.Max(modSeqs.Max(), rows.Max(r => r.AddedModSeq)),
            HasThreads = true,
            FirstBodyAt = bodyTimes.Min(),
            LastBodyAt = bodyTimes.Max(),
            Dates = (rows.Min(r => r.InternalDate), rows.Max(r => r.InternalDate)),
            Unread = flags.Sum(FlagCounts.Unread),
            Unwritten = new(
                new() { Rows = [.. rows], ContentOffsets = [.. offsets] },
                new() { Flags = [.. flags], ModSeqs = [.. modSeqs] },
                contents.WrittenMemory),
        };
    }
}
