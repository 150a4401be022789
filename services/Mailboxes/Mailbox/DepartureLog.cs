using MailCloud.Messages;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>A message left a folder, and was not moved: it had this thread and was made at one modseq, and left at another.</summary>
/// <param name="Email">The id of its body.</param>
/// <param name="Thread">0: not known, of before threads were kept.</param>
/// <param name="Gone">It was the last of its body: the Email is destroyed. Else it is in a folder less.</param>
[GenerateSerializer, Immutable, Alias("mc.DepartedEmail")]
internal readonly record struct DepartedEmail(
    [property: Id(0)] Guid Email, [property: Id(1)] ulong Thread, [property: Id(2)] long CreatedModSeq, [property: Id(3)] long ModSeq, [property: Id(4)] bool Gone);

/// <summary>Part of a mailbox's log of Emails that left, in the order of their modseqs.</summary>
[GenerateSerializer, Immutable, Alias("mc.DepartedEmails")]
internal sealed record DepartedEmails : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public required DepartedEmail[] Emails { get; init; }
}

/// <summary>
/// The Emails that left a mailbox, or a folder of several, from a modseq on (RFC 8620 §5.2). The recent part is in memory, the older in immutable segments of which a question loads those that are young enough.
/// No promise stands on it: a client that asks from further back is told that it is not known, and reads the mailbox anew (§5.2, cannotCalculateChanges).
/// </summary>
internal sealed class DepartureLog
{
    /// <summary>From here on a seal moves the recent entries into a segment: what rides in the manifest stays below 15 kB.</summary>
    private const int SegmentFrom = 256;

    /// <summary>More than fifty thousand Emails, and the manifest names them in 20 kB.</summary>
    private const int MaxSegments = 200;

    private readonly List<DepartedEmail> recent = [];

    /// <summary>All that left after this modseq is here.</summary>
    public long KnownFrom { get; private set; }

    /// <summary>A new array at each seal that adds one: a reader that awaits can tell that the log moved.</summary>
    public Segment[] Segments { get; private set; } = [];

    public IReadOnlyList<DepartedEmail> Recent => recent;

    public void Add(DepartedEmail email) => recent.Add(email);

    /// <summary>Moves the recent entries into a segment when they are many, and forgets the oldest segment when those are; null when they stay.</summary>
    public Segment? Seal(Func<string> newBlob)
    {
        if (recent.Count < SegmentFrom)
        {
            return null;
        }

        if (Segments.Length == MaxSegments)
        {
            KnownFrom = Segments[0].LastModSeq;
            Segments = Segments[1..];
        }

        var segment = new Segment(newBlob(), recent[^1].ModSeq) { Unwritten = new() { Emails = [.. recent] } };
        Segments = [.. Segments, segment];
        recent.Clear();
        return segment;
    }

    /// <summary>One of before it was kept begins where the manifest stands.</summary>
    public static DepartureLog From(MailboxManifest manifest)
    {
        var log = new DepartureLog
        {
            KnownFrom = manifest.DeparturesFrom ?? manifest.ModSeq,
            Segments = [.. manifest.DepartedSegments.Select(s => new Segment(s.Blob, s.LastModSeq))],
        };
        log.recent.AddRange(manifest.Departures);
        return log;
    }

    internal sealed class Segment(string blob, long lastModSeq)
    {
        public string Blob => blob;

        public long LastModSeq => lastModSeq;

        /// <summary>What was sealed and is not durable yet; read from here until it is.</summary>
        public DepartedEmails? Unwritten { get; set; }
    }
}
