using System.Globalization;
using System.Text;
using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap;

/// <summary>
/// Reads the octets of one whole command by RFC 3501 §9's grammar; literals stand in them as they came, <c>{n}</c>, CRLF and n octets.
/// Every method takes what it names or throws <see cref="ImapSyntaxException"/>. Text is returned one octet per char (Latin-1).
/// </summary>
internal ref struct ImapReader(ReadOnlySpan<byte> octets)
{
    private ReadOnlySpan<byte> rest = octets;

    public readonly bool AtEnd => rest.IsEmpty;

    public readonly byte Peek => rest.IsEmpty ? (byte)0 : rest[0];

    public readonly void End()
    {
        if (!rest.IsEmpty)
        {
            throw new ImapSyntaxException("Unexpected text after the arguments");
        }
    }

    public void Space() => Expect((byte)' ', "Missing space");

    public bool TrySpace() => TryTake((byte)' ');

    public bool TryTake(byte octet)
    {
        if (rest.IsEmpty || rest[0] != octet)
        {
            return false;
        }

        rest = rest[1..];
        return true;
    }

    public void Expect(byte octet, string complaint)
    {
        if (!TryTake(octet))
        {
            throw new ImapSyntaxException(complaint);
        }
    }

    /// <summary>Takes a word if it stands here, whatever its case.</summary>
    public bool TryWord(ReadOnlySpan<byte> upper)
    {
        if (rest.Length < upper.Length || !Ascii.EqualsIgnoreCase(rest[..upper.Length], upper))
        {
            return false;
        }

        rest = rest[upper.Length..];
        return true;
    }

    public string Atom() => Take(ImapChars.Atom, "Expected an atom");

    /// <summary>tag = 1*&lt;any ASTRING-CHAR except "+"&gt;.</summary>
    public string Tag() => Take(ImapChars.Tag, "Expected a tag");

    /// <summary>The name of a FETCH data item: it ends where a section begins.</summary>
    public string FetchName() => Take(ImapChars.FetchName, "Expected a data item");

    /// <summary>A header field's name (RFC 5322 §3.6.8, ftext): printable, so that a response can repeat it.</summary>
    public string FieldName()
    {
        var name = AString();
        return name.Length > 0 && name.All(c => c is > ' ' and <= '~' and not ':') ? name : throw new ImapSyntaxException("Malformed header field name");
    }

    public string AString() => AtString ? String() : Take(ImapChars.AString, "Expected an atom or a string");

    /// <summary>An astring whose octets are UTF-8: names and passwords of RFC 3501's LOGIN, which leaves 8-bit octets open.</summary>
    public string AStringUtf8()
    {
        var octets = Encoding.Latin1.GetBytes(AString());
        return Encoding.UTF8.GetString(octets);
    }

    public string String() => Peek == '"' ? Quoted() : Literal();

    public string? NString() => TryWord("NIL"u8) ? null : String();

    public uint Number()
    {
        ulong value = 0;
        var digits = 0;
        while (digits < rest.Length && char.IsAsciiDigit((char)rest[digits]))
        {
            value = (value * 10) + (uint)(rest[digits++] - '0');
            if (value > uint.MaxValue)
            {
                throw new ImapSyntaxException("Number too large");
            }
        }

        if (digits == 0)
        {
            throw new ImapSyntaxException("Expected a number");
        }

        rest = rest[digits..];
        return (uint)value;
    }

    /// <summary>A modseq, or 0: up to 63 bits (RFC 7162 §7, mod-sequence-valzer).</summary>
    public long ModSeq()
    {
        var digits = rest.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        digits = digits < 0 ? rest.Length : digits;
        if (digits is 0 or > 19 || !long.TryParse(rest[..digits], CultureInfo.InvariantCulture, out var modSeq))
        {
            throw new ImapSyntaxException("Expected a mod-sequence");
        }

        rest = rest[digits..];
        return modSeq;
    }

    public uint NonZeroNumber()
    {
        var number = Number();
        return number != 0 ? number : throw new ImapSyntaxException("Zero is not allowed here");
    }

    public SequenceSet SequenceSet()
    {
        var ranges = new List<SequenceRange>();
        do
        {
            var first = SequenceNumber();
            ranges.Add(new(first, TryTake((byte)':') ? SequenceNumber() : first));
        }
        while (TryTake((byte)','));
        return new(ranges);
    }

    /// <summary>A mailbox name, decoded (RFC 3501 §5.1.3); INBOX in any case is <c>INBOX</c> (§5.1), also as the first of several levels.</summary>
    public string Mailbox() => DecodeMailbox(AString());

    /// <summary>list-mailbox: a mailbox name in which <c>%</c> and <c>*</c> are wildcards; decoded.</summary>
    public string ListMailbox() => DecodeMailbox(AtString ? String() : Take(ImapChars.ListPattern, "Expected a mailbox pattern"));

    /// <summary>One settable flag: a system flag or a keyword (RFC 3501 §2.3.2).</summary>
    public void Flag(FlagSetBuilder flags)
    {
        if (!TryTake((byte)'\\'))
        {
            flags.Add(Atom());
            return;
        }

        var name = Atom();
        flags.Add(FlagNames.TryParseSystem(name, out var flag) ? flag : throw new ImapSyntaxException("This system flag cannot be set"));
    }

    /// <summary>flag-list = "(" [flag *(SP flag)] ")".</summary>
    public FlagSet FlagList()
    {
        Expect((byte)'(', "Expected a list of flags");
        if (TryTake((byte)')'))
        {
            return FlagSet.Empty;
        }

        var flags = new FlagSetBuilder();
        do
        {
            Flag(flags);
        }
        while (TrySpace());
        Expect((byte)')', "The list of flags is not closed");
        return flags.ToSet();
    }

    /// <summary>A date of SEARCH: <c>1-Feb-1994</c>, quoted or not (RFC 3501 §9, date).</summary>
    public DateOnly Date()
    {
        var text = Peek == '"' ? Quoted() : Take(ImapChars.Atom, "Expected a date");
        return ImapDate.TryParseDate(text, out var date) ? date : throw new ImapSyntaxException("Malformed date");
    }

    /// <summary>date-time, as UTC: <c>"17-Jul-1996 02:44:25 -0700"</c>.</summary>
    public DateTimeOffset DateTime() => ImapDate.TryParseDateTime(Quoted(), out var time) ? time : throw new ImapSyntaxException("Malformed date and time");

    /// <summary>
    /// A literal that has not been read, at the end of the line: <c>{n}</c>, or <c>~{n}</c> for one that may hold NUL (RFC 3516 §4.4), each with or without the plus
    /// of RFC 7888. Returns its octets, and whether it may hold NUL.
    /// </summary>
    public (long Length, bool Binary) UnreadLiteral()
    {
        var binary = TryTake((byte)'~');
        Expect((byte)'{', "Expected a literal");
        var length = Number();
        _ = TryTake((byte)'+');
        Expect((byte)'}', "Malformed literal");
        End();
        return (length, binary);
    }

    private readonly bool AtString => !rest.IsEmpty && rest[0] is (byte)'"' or (byte)'{';

    private static string DecodeMailbox(string wire)
    {
        if (!ModifiedUtf7.TryDecode(wire, out var name))
        {
            throw new ImapSyntaxException("The mailbox name is not modified UTF-7");
        }

        const string inbox = "INBOX";
        var isInbox = name.StartsWith(inbox, StringComparison.OrdinalIgnoreCase) && (name.Length == inbox.Length || name[inbox.Length] == Imap.ListPattern.Separator);
        return isInbox ? inbox + name[inbox.Length..] : name;
    }

    private uint SequenceNumber() => TryTake((byte)'*') ? Imap.SequenceSet.Star : NonZeroNumber();

    private string Take(System.Buffers.SearchValues<byte> allowed, string complaint)
    {
        var length = rest.IndexOfAnyExcept(allowed);
        if (length < 0)
        {
            length = rest.Length;
        }

        if (length == 0)
        {
            throw new ImapSyntaxException(complaint);
        }

        var text = Encoding.Latin1.GetString(rest[..length]);
        rest = rest[length..];
        return text;
    }

    private string Quoted()
    {
        Expect((byte)'"', "Expected a string");
        var end = rest.IndexOfAny((byte)'"', (byte)'\\');
        if (end >= 0 && rest[end] == '"')
        {
            var plain = Encoding.Latin1.GetString(rest[..end]);
            rest = rest[(end + 1)..];
            return plain;
        }

        var text = new StringBuilder();
        for (var i = 0; i < rest.Length; i++)
        {
            var c = rest[i];
            if (c == '"')
            {
                rest = rest[(i + 1)..];
                return text.ToString();
            }

            // quoted = DQUOTE *QUOTED-CHAR DQUOTE; only the two quoted-specials are escaped.
            if (c == '\\' && (++i == rest.Length || rest[i] is not ((byte)'"' or (byte)'\\')))
            {
                throw new ImapSyntaxException("Only \" and \\ may follow a backslash");
            }

            text.Append((char)rest[i]);
        }

        throw new ImapSyntaxException("The quoted string is not closed");
    }

    private string Literal()
    {
        Expect((byte)'{', "Expected a string");
        var length = Number();

        // RFC 7888 §3: the plus asks for no continuation; what follows is the same.
        _ = TryTake((byte)'+');
        if (!TryWord("}\r\n"u8) || rest.Length < length)
        {
            throw new ImapSyntaxException("Malformed literal");
        }

        var text = Encoding.Latin1.GetString(rest[..(int)length]);
        rest = rest[(int)length..];
        return text;
    }
}
