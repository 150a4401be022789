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
/// Every message that ever left a folder, with the modseq of its leaving: complete for ever, so that a client that was away for years is told exactly
/// (RFC 7162 §3.2.7). The recent part is in memory, the older in immutable segments of which a question loads those that are young enough.
/// </summary>
internal sealed class ExpungeLog
{
    /// <summary>From here on a seal moves the recent entries into a segment: what rides in the manifest stays below 6 kB per folder.</summary>
    private const int SegmentFrom = 256;

    private readonly List<ExpungedRange> recent = [];

    /// <summary>A new array at each seal that adds one: a reader that awaits can tell that the log moved.</summary>
    public Segment[] Segments { get; private set; } = [];

    public IReadOnlyList<ExpungedRange> Recent => recent;

    public void Add(IEnumerable<UidRange> uids, long modSeq) => recent.AddRange(uids.Select(r => new ExpungedRange(r.First, r.Last, modSeq)));

    /// <summary>What was expunged after a modseq, as ascending ranges. The segments that are young enough are given as loaded.</summary>
    public UidRange[] Since(long modSeq, IEnumerable<ExpungedEntries> loaded)
    {
        var found = loaded.SelectMany(e => e.Ranges).Concat(recent).Where(r => r.ModSeq > modSeq).Select(r => new UidRange(r.First, r.Last)).ToArray();
        Array.Sort(found, (a, b) => a.First.CompareTo(b.First));
        var ranges = new List<UidRange>(found.Length);
        foreach (var range in found)
        {
            UidRanges.Append(ranges, range);
        }

        return [.. ranges];
    }

    /// <summary>Moves the recent entries into a segment when they are many; null when they stay.</summary>
    public Segment? Seal(Func<string> newBlob)
    {
        if (recent.Count < SegmentFrom)
        {
            return null;
        }

        var segment = new Segment(newBlob(), recent[^1].ModSeq) { Unwritten = new() { Ranges = [.. recent] } };
        Segments = [.. Segments, segment];
        recent.Clear();
        return segment;
    }

    public static ExpungeLog From(FolderManifest manifest)
    {
        var log = new ExpungeLog { Segments = [.. manifest.ExpungedSegments.Select(s => new Segment(s.Blob, s.LastModSeq))] };
        log.recent.AddRange(manifest.Expunged);
        return log;
    }

    internal sealed class Segment(string blob, long lastModSeq)
    {
        public string Blob => blob;

        public long LastModSeq => lastModSeq;

        /// <summary>What was sealed and is not durable yet; read from here until it is.</summary>
        public ExpungedEntries? Unwritten { get; set; }
    }
}
