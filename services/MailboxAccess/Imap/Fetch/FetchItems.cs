namespace MailCloud.MailboxAccess.Imap.Fetch;

[Flags]
internal enum FetchFields
{
    None = 0,
    Uid = 1,
    Flags = 2,
    InternalDate = 4,
    Size = 8,
    Envelope = 16,
    Body = 32,
    BodyStructure = 64,
    ModSeq = 128,
    EmailId = 256,
    ThreadId = 512,

    /// <summary>Those that need the message's summary.</summary>
    OfSummary = Envelope | Body | BodyStructure,
}

internal enum SectionForm
{
    /// <summary>BODY[] and RFC822: as lines can carry it.</summary>
    Shown = 0,

    /// <summary>BINARY[] (RFC 3516): the transfer encoding undone.</summary>
    Decoded = 1,

    /// <summary>BINARY.SIZE[]: how long that would be.</summary>
    DecodedSize = 2,
}

/// <summary>A section to fetch, its octets, and the name that the response gives it.</summary>
internal sealed record FetchedSection(BodySection Section, PartialRange? Partial, bool Peek, string ResponseName)
{
    public SectionForm Form { get; init; }
}

/// <summary>What one FETCH asks for (RFC 3501 §6.4.5).</summary>
internal sealed record FetchItems(FetchFields Fields, IReadOnlyList<FetchedSection> Sections)
{
    public bool NeedsContent => Sections.Count > 0 || (Fields & FetchFields.OfSummary) != 0;

    /// <summary>A section without PEEK sets \Seen.</summary>
    public bool SetsSeen => Sections.Any(section => !section.Peek);
}

/// <summary>The modifiers of FETCH (RFC 4466 §2.4): only messages changed after a modseq; for QRESYNC those that have gone since too (RFC 7162 §3.2.6).</summary>
internal readonly record struct FetchModifiers(long? ChangedSince, bool Vanished);
