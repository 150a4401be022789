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
/// The Emails that left a mailbox, or a folder of several, from a modseq on (RFC 8620 §5.2).
/// No promise stands on it: a client that asks from further back is told that it is not known, and reads the mailbox anew (§5.2, cannotCalculateChanges).
/// </summary>
internal sealed class DepartureLog : SegmentedLog<DepartedEmail, DepartedEmails>
{
    /// <summary>More than fifty thousand Emails, and the manifest names them in 20 kB.</summary>
    private const int MaxSegments = 200;

    /// <summary>All that left after this modseq is here.</summary>
    public long KnownFrom { get; private set; }

    public void Add(DepartedEmail email) => Append([email]);

    /// <summary>What happened up to a modseq is not known whole.</summary>
    public void ForgetBefore(long modSeq) => KnownFrom = Math.Max(KnownFrom, modSeq);

    /// <summary>Forgets the oldest segment when those are many.</summary>
    public override LogSegment<DepartedEmails>? Seal(Func<string> newBlob)
    {
        var segment = base.Seal(newBlob);
        if (Segments.Length > MaxSegments)
        {
            ForgetBefore(Segments[0].LastModSeq);
            Segments = Segments[1..];
        }

        return segment;
    }

    /// <summary>One of before it was kept begins where the manifest stands.</summary>
    public static DepartureLog From(MailboxManifest manifest)
    {
        var log = new DepartureLog
        {
            KnownFrom = manifest.DeparturesFrom ?? manifest.ModSeq,
            Segments = [.. manifest.DepartedSegments.Select(s => new LogSegment<DepartedEmails>(s.Blob, s.LastModSeq))],
        };
        log.Append(manifest.Departures);
        return log;
    }

    protected override long ModSeqOf(DepartedEmail entry) => entry.ModSeq;

    protected override DepartedEmails ToStored(DepartedEmail[] entries) => new() { Emails = entries };
}
