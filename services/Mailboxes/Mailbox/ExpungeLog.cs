using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>UIDs from First to Last were expunged at this modseq.</summary>
[GenerateSerializer, Immutable, Alias("mc.ExpungedRange")]
internal readonly record struct ExpungedRange([property: Id(0)] uint First, [property: Id(1)] uint Last, [property: Id(2)] long ModSeq);

/// <summary>Part of a folder's log of expunged messages, in the order of their modseqs.</summary>
[GenerateSerializer, Immutable, Alias("mc.ExpungedEntries")]
internal sealed record ExpungedEntries : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public required ExpungedRange[] Ranges { get; init; }
}

/// <summary>
/// Every message that ever left a folder, with the modseq of its leaving: complete for ever, so that a client that was away for years is told exactly (RFC 7162 §3.2.7).
/// </summary>
internal sealed class ExpungeLog : SegmentedLog<ExpungedRange, ExpungedEntries>
{
    public void Add(IEnumerable<UidRange> uids, long modSeq) => Append(uids.Select(r => new ExpungedRange(r.First, r.Last, modSeq)));

    /// <summary>What was expunged after a modseq, as ascending ranges. The segments that are young enough are given as loaded.</summary>
    public UidRange[] Since(long modSeq, IEnumerable<ExpungedEntries> loaded)
    {
        var found = loaded.SelectMany(e => e.Ranges).Concat(Recent).Where(r => r.ModSeq > modSeq).Select(r => new UidRange(r.First, r.Last)).ToArray();
        Array.Sort(found, (a, b) => a.First.CompareTo(b.First));
        var ranges = new List<UidRange>(found.Length);
        foreach (var range in found)
        {
            UidRanges.Append(ranges, range);
        }

        return [.. ranges];
    }

    public static ExpungeLog From(FolderManifest manifest)
    {
        var log = new ExpungeLog { Segments = [.. manifest.ExpungedSegments.Select(s => new LogSegment<ExpungedEntries>(s.Blob, s.LastModSeq))] };
        log.Append(manifest.Expunged);
        return log;
    }

    protected override long ModSeqOf(ExpungedRange entry) => entry.ModSeq;

    protected override ExpungedEntries ToStored(ExpungedRange[] entries) => new() { Ranges = entries };
}
