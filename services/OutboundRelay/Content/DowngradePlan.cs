namespace MailCloud.OutboundRelay.Content;

/// <summary>What becomes of an entity's body and of its Content-Transfer-Encoding.</summary>
internal enum PartChange : byte
{
    /// <summary>Nothing, but that each line ends with CRLF.</summary>
    Keep = 0,

    /// <summary>The body as <see cref="Keep"/>; the header says 7bit.</summary>
    LabelSevenBit = 1,

    /// <summary>The body as <see cref="Keep"/>; the header says 8bit.</summary>
    LabelEightBit = 2,

    /// <summary>Nothing at all: binary to a host that takes binary.</summary>
    KeepBinary = 3,

    /// <summary>Lines, as quoted-printable.</summary>
    QuotedPrintable = 4,

    /// <summary>Lines with CRLF, as base64.</summary>
    Base64Lines = 5,

    /// <summary>Octets as they stand, as base64.</summary>
    Base64Octets = 6,

    /// <summary>It is quoted-printable and has octets or lines that this may not have.</summary>
    MendQuotedPrintable = 7,

    /// <summary>It is base64 and has octets or lines that this may not have.</summary>
    MendBase64 = 8,
}

/// <summary>What is to change of one entity.</summary>
/// <param name="Change">Of its body and encoding.</param>
/// <param name="Charset">Not null: it had no Content-Type and gets text/plain in this charset.</param>
internal readonly record struct PartPlan(PartChange Change, PlainCharset Charset)
{
    /// <summary>What its Content-Transfer-Encoding becomes; null when that stays.</summary>
    public string? Encoding => Change switch
    {
        PartChange.LabelSevenBit => "7bit",
        PartChange.LabelEightBit => "8bit",
        PartChange.QuotedPrintable => "quoted-printable",
        PartChange.Base64Lines or PartChange.Base64Octets => "base64",
        _ => null,
    };

    /// <summary>True when the body gets an encoding that it did not have.</summary>
    public bool Encodes => Change is PartChange.QuotedPrintable or PartChange.Base64Lines or PartChange.Base64Octets;
}

/// <summary>The charset of text that names none.</summary>
internal enum PlainCharset : byte
{
    /// <summary>Nothing is said of it.</summary>
    Unsaid = 0,
    Utf8 = 1,

    /// <summary>unknown-8bit (RFC 1428 §3).</summary>
    Unknown = 2,
}

/// <summary>What is to change of a message, by the order in which its entities begin: an octet for each, up to the last that changes.</summary>
internal sealed class DowngradePlan
{
    /// <summary>A megabyte of plan. Mail of which a later entity must change cannot be downgraded.</summary>
    public const int MaxEntities = 1_000_000;

    private readonly List<byte> changes = [];

    public PartPlan this[int ordinal] =>
        ordinal < changes.Count ? new((PartChange)(changes[ordinal] & 0x0f), (PlainCharset)(changes[ordinal] >> 4)) : default;

    /// <summary>False when the plan has no room for it.</summary>
    public bool TrySet(int ordinal, PartPlan plan)
    {
        if (ordinal >= MaxEntities)
        {
            return false;
        }

        while (changes.Count <= ordinal)
        {
            changes.Add(0);
        }

        changes[ordinal] = (byte)((byte)plan.Change | ((byte)plan.Charset << 4));
        return true;
    }
}
