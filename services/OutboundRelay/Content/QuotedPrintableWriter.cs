namespace MailCloud.OutboundRelay.Content;

/// <summary>
/// Writes a body as quoted-printable (RFC 2045 §6.7): lines of at most 76 octets, and nothing that a relay may lose. MimeKit's encoder was looked at first: it may break a line before <c>--</c>,
/// and then the text looks like a delimiter.
/// </summary>
internal sealed class QuotedPrintableWriter(OctetSink sink)
{
    /// <summary>Octets of a line beside the = of a soft line break.</summary>
    public const int MaxText = 75;

    private byte space;

    public void Write(ReadOnlySpan<byte> text)
    {
        foreach (var octet in text)
        {
            WriteSpace(isLast: false);
            if (octet is (byte)' ' or (byte)'\t')
            {
                space = octet;
            }
            else
            {
                Put(octet, mustEscape: octet is < 33 or > 126 or (byte)'=');
            }
        }
    }

    public void EndLine()
    {
        WriteSpace(isLast: true);
        sink.EndLine();
    }

    /// <summary>The body has ended. Its last line has no end of its own: what delimits it brings one.</summary>
    public void End() => WriteSpace(isLast: true);

    // Rule (3): white space at the end of a line is escaped.
    private void WriteSpace(bool isLast)
    {
        if (space != 0)
        {
            Put(space, mustEscape: isLast);
            space = 0;
        }
    }

    private void Put(byte octet, bool mustEscape)
    {
        if (sink.Column + (mustEscape ? 3 : 1) > MaxText)
        {
            sink.Write((byte)'=');
            sink.EndLine();

            // What was within a line never begins one as a delimiter does (RFC 2046 §5.1.1).
            mustEscape |= octet == '-';
        }

        if (mustEscape)
        {
            sink.Write(Escape(octet));
        }
        else
        {
            sink.Write(octet);
        }
    }

    public static byte[] Escape(byte octet) => [(byte)'=', .. System.Text.Encoding.ASCII.GetBytes(Convert.ToHexString([octet]))];
}

/// <summary>
/// Writes what says it is quoted-printable and has octets or lines that this may not have: those are escaped or broken, all else stays. An = that begins no escape stays too, as readers take it for itself
/// (RFC 2045 §6.7, note 1 to rule 5) — but before an octet that becomes an escape it becomes one as well, since what readers make of =b=F0 differs.
/// </summary>
internal sealed class QuotedPrintableMender(OctetSink sink)
{
    /// <summary>Where lines that are too long are broken: as late as an escape still fits in (RFC 5321 §4.5.3.1.6), so that others stay.</summary>
    private const int MaxText = PartFacts.MaxLine - 7;

    // What may become an escape: = and a digit of it.
    private readonly byte[] held = new byte[2];
    private int holding;

    public void Write(ReadOnlySpan<byte> text)
    {
        foreach (var octet in text)
        {
            if (holding == held.Length || (holding > 0 && !char.IsAsciiHexDigit((char)octet)))
            {
                EndHeld(octet);
            }
            else if (holding > 0 || octet == '=')
            {
                held[holding++] = octet;
            }
            else
            {
                Put([octet], MustEscape(octet));
            }
        }
    }

    /// <summary>The line ends, perhaps with the = of a soft line break.</summary>
    public void EndLine()
    {
        End();
        sink.EndLine();
    }

    /// <summary>The body has ended.</summary>
    public void End()
    {
        sink.Write(held.AsSpan(0, holding));
        holding = 0;
    }

    private static bool MustEscape(byte octet) => octet is 0 or >= 0x80;

    // With the octet that decides what it was.
    private void EndHeld(byte octet)
    {
        ReadOnlySpan<byte> begun = [.. held.AsSpan(0, holding)];
        holding = 0;
        if (MustEscape(octet))
        {
            Put([.. QuotedPrintableWriter.Escape((byte)'='), .. begun[1..]], mustEscape: false);
            Put([octet], mustEscape: true);
        }
        else if (begun.Length == 1 && octet == '=')
        {
            Put(begun, mustEscape: false);
            held[holding++] = octet;
        }
        else
        {
            Put([.. begun, octet], mustEscape: false);
        }
    }

    // Octets that stay together on a line.
    private void Put(ReadOnlySpan<byte> octets, bool mustEscape)
    {
        if (sink.Column >= MaxText)
        {
            sink.Write((byte)'=');
            sink.EndLine();

            // What was within a line never begins one as a delimiter does (RFC 2046 §5.1.1).
            mustEscape |= octets[0] == '-';
        }

        if (mustEscape)
        {
            sink.Write(QuotedPrintableWriter.Escape(octets[0]));
        }
        else
        {
            sink.Write(octets);
        }
    }
}
