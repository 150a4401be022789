using MailCloud.Messages;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>
/// What happened, in the order of modseqs. The recent part is in memory and rides in the manifest, the older stands in immutable segments of which a question loads those that are young enough.
/// </summary>
/// <typeparam name="TEntry">One thing that happened.</typeparam>
/// <typeparam name="TStored">Many of them, as a segment's blob has them.</typeparam>
internal abstract class SegmentedLog<TEntry, TStored>
    where TStored : class, IStoredRecord
{
    /// <summary>From here on a seal moves the recent entries into a segment: what rides in the manifest stays below 6 kB per folder, and 15 kB of Emails.</summary>
    private const int SegmentFrom = 256;

    private readonly List<TEntry> recent = [];

    /// <summary>A new array at each seal that adds one: a reader that awaits can tell that the log moved.</summary>
    public LogSegment<TStored>[] Segments { get; protected set; } = [];

    public IReadOnlyList<TEntry> Recent => recent;

    /// <summary>Moves the recent entries into a segment when they are many; null when they stay.</summary>
    public virtual LogSegment<TStored>? Seal(Func<string> newBlob)
    {
        if (recent.Count < SegmentFrom)
        {
            return null;
        }

        var segment = new LogSegment<TStored>(newBlob(), ModSeqOf(recent[^1])) { Unwritten = ToStored([.. recent]) };
        Segments = [.. Segments, segment];
        recent.Clear();
        return segment;
    }

    protected void Append(IEnumerable<TEntry> entries) => recent.AddRange(entries);

    protected abstract long ModSeqOf(TEntry entry);

    protected abstract TStored ToStored(TEntry[] entries);
}

/// <summary>Part of a log, in a blob of its own.</summary>
internal sealed class LogSegment<TStored>(string blob, long lastModSeq)
    where TStored : class, IStoredRecord
{
    public string Blob => blob;

    public long LastModSeq => lastModSeq;

    /// <summary>What was sealed and is not durable yet; read from here until it is.</summary>
    public TStored? Unwritten { get; set; }
}
