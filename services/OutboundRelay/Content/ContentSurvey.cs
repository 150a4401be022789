using MailCloud.Messages;

namespace MailCloud.OutboundRelay.Content;

/// <summary>
/// The first walk: what a message is, and what must change of it before it can go to a host that takes no more than <paramref name="allowed"/>. Only what must change does: a part with octets or
/// lines that cannot go is encoded, a label that promises more than is allowed becomes what is true, a header field with 8-bit octets becomes one of encoded words; all else stays.
/// </summary>
internal sealed class ContentSurvey(BodyType allowed) : MimeWalk
{
    public DowngradePlan Plan { get; } = new();

    /// <summary>Something is to be written otherwise than it came, if only a line end.</summary>
    public bool IsChanged { get; private set; }

    /// <summary>Why it cannot be made to fit; null when it can.</summary>
    public string? Obstacle { get; private set; }

    /// <summary>The least that holds what will be written. Known at the end.</summary>
    public BodyType Form { get; private set; }

    protected override void Field(MimePart part, ReadOnlySpan<byte> octets)
    {
        // A message that ends in its header.
        IsChanged |= !octets.EndsWith("\r\n"u8);
        var needs = HeaderRewriter.Examine(octets, allowed);
        part.Level = Max(part.Level, needs.Level);
        if (!needs.Rewriting)
        {
            return;
        }

        Change(part, "a header field");
        if (HeaderRewriter.WhyNot(octets, allowed) is { } reason)
        {
            Obstacle ??= reason;
        }
    }

    protected override void FieldPiece(MimePart part, ReadOnlySpan<byte> octets)
    {
        var needs = HeaderRewriter.Examine(octets, allowed);
        part.Level = Max(part.Level, needs.Level);
        if (needs.Encoding)
        {
            Obstacle ??= "a header field of more than 256 kB has octets that the next host does not take";
        }
        else if (needs.Rewriting)
        {
            Change(part, "a header field");
        }
    }

    protected override void LineEndMended() => IsChanged = true;

    protected override void HeaderEnds(MimePart part, bool hasEmptyLine)
    {
    }

    protected override void Content(MimePart part, ReadOnlySpan<byte> text) => part.Facts.Add(text);

    protected override void ContentLineEnds(MimePart part, LineEnd end) => part.Facts.AddLineEnd(end);

    protected override void Delimiter(MimePart multipart, ReadOnlySpan<byte> line, bool hasOwnLineEnd)
    {
        if (line.TrimEnd(" \t"u8).Length > PartFacts.MaxLine)
        {
            Obstacle ??= "a delimiter of its parts is longer than a line may be";
        }
        else if (line.Length > PartFacts.MaxLine)
        {
            Change(multipart, "a delimiter");
        }
    }

    protected override void PartEnds(MimePart part)
    {
        part.Facts.End();
        var plan = part.IsLeaf ? PlanLeaf(part) : PlanComposite(part);
        if (plan != default)
        {
            // A binary part that stays so is planned for and unchanged.
            IsChanged |= plan.Change != PartChange.KeepBinary;
            if (!Plan.TrySet(part.Ordinal, plan))
            {
                Obstacle ??= $"it has more than {DowngradePlan.MaxEntities} parts";
            }
        }

        part.Parent?.Level = Max(part.Parent.Level, part.Level);
        Form = part.Level;
    }

    protected override void MessageEnds() => IsChanged |= EndsWithinLine && Form != BodyType.BinaryMime;

    private static BodyType Max(BodyType a, BodyType b) => a > b ? a : b;

    // What stands before, between and after parts is nobody's content, and cannot be encoded: its octets are written as quoted-printable would write them.
    private PartPlan PlanComposite(MimePart part)
    {
        var facts = part.Facts;
        IsChanged |= facts.HasBareEnds;
        if (MustChange(facts))
        {
            Change(part, "text around parts");
            if (part.Children == 0)
            {
                Obstacle ??= "a multipart without a part has octets or lines that the next host does not take";
            }
        }

        part.Level = Max(part.Level, allowed == BodyType.SevenBit || !facts.Has8Bit ? BodyType.SevenBit : BodyType.EightBitMime);
        return PlanLabel(part, part.Level);
    }

    private PartPlan PlanLeaf(MimePart part)
    {
        var facts = part.Facts;
        var change = Choose(part, facts);
        if (change == PartChange.KeepBinary)
        {
            part.Level = Max(part.Level, facts.HasBareEnds ? BodyType.BinaryMime : facts.Level);
            return new(change, default);
        }

        if (change == PartChange.Keep)
        {
            IsChanged |= facts.HasBareEnds;
            part.Level = Max(part.Level, facts.Level);
            return PlanLabel(part, facts.Level);
        }

        Change(part, "a part");
        if (!part.MayBeEncoded)
        {
            Obstacle ??= $"a part of type {part.Type.Type}/{part.Type.Subtype} may not be encoded, and has octets or lines that the next host does not take";
        }

        // RFC 1428 §3: 8-bit text that came without a charset gets one, or is said to be in one that nobody knows.
        var plan = new PartPlan(change, default);
        return plan.Encodes && !part.HasType && part.HasLines && facts.Has8Bit ? plan with { Charset = facts.IsUtf8 ? PlainCharset.Utf8 : PlainCharset.Unknown } : plan;
    }

    private PartChange Choose(MimePart part, PartFacts facts)
    {
        var must = MustChange(facts);
        switch (part.Encoding)
        {
            case TransferEncoding.QuotedPrintable:
                return must ? PartChange.MendQuotedPrintable : PartChange.Keep;
            case TransferEncoding.Base64:
                return must ? PartChange.MendBase64 : PartChange.Keep;
            case TransferEncoding.Private:
                Obstacle ??= must ? "a part in an encoding that is not known here has octets or lines that the next host does not take" : null;
                return PartChange.Keep;
            case TransferEncoding.Binary when allowed == BodyType.BinaryMime:
                return PartChange.KeepBinary;
            case TransferEncoding.Binary when facts.HasBareEnds:
                return PartChange.Base64Octets;
        }

        // Of what is no text, line ends that are to become others are octets that would be lost; within a signature they are what it was made of (RFC 1847 §2.1).
        if (facts.HasBareEnds && !part.HasLines && !part.IsSigned)
        {
            return PartChange.Base64Octets;
        }

        return !must ? PartChange.Keep
            : !part.HasLines || (facts.HasNul && facts.HasBareEnds) ? PartChange.Base64Octets
            : facts.QuotedLength <= facts.Base64Length ? PartChange.QuotedPrintable
            : PartChange.Base64Lines;
    }

    // A label may not promise more than is allowed (RFC 6152 §3, RFC 3030 §3); what it becomes is true.
    private PartPlan PlanLabel(MimePart part, BodyType level)
    {
        var label = part.Encoding is TransferEncoding.EightBit or TransferEncoding.Binary ? (BodyType)part.Encoding : BodyType.SevenBit;
        var stays = label <= allowed || part.IsSigned || level == BodyType.BinaryMime;
        return stays ? default : new(level == BodyType.SevenBit ? PartChange.LabelSevenBit : PartChange.LabelEightBit, default);
    }

    private bool MustChange(PartFacts facts) => facts.HasNul || facts.HasLongLine || (facts.Has8Bit && allowed == BodyType.SevenBit);

    private void Change(MimePart part, string what)
    {
        IsChanged = true;
        if (part.IsSigned)
        {
            Obstacle ??= $"{what} that a signature covers has octets or lines that the next host does not take";
        }
    }
}
