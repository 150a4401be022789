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

    /// <summary>Those that need the message's summary.</summary>
    OfSummary = Envelope | Body | BodyStructure,
}

/// <summary>A section to fetch, its octets, and the name that the response gives it.</summary>
internal sealed record FetchedSection(BodySection Section, PartialRange? Partial, bool Peek, string ResponseName);

/// <summary>What one FETCH asks for (RFC 3501 §6.4.5).</summary>
internal sealed record FetchItems(FetchFields Fields, IReadOnlyList<FetchedSection> Sections)
{
    public bool NeedsContent => Sections.Count > 0 || (Fields & FetchFields.OfSummary) != 0;

    /// <summary>A section without PEEK sets \Seen.</summary>
    public bool SetsSeen => Sections.Any(section => !section.Peek);
}
