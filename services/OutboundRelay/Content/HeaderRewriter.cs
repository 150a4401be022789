using System.Globalization;
using System.Text;
using MailCloud.Messages;

namespace MailCloud.OutboundRelay.Content;

/// <summary>What a header field needs of a transport, and what must become of it first.</summary>
/// <param name="Level">What it needs as it will be written.</param>
/// <param name="Encoding">It has octets that must be encoded.</param>
/// <param name="Rewriting">It will be written otherwise than it came.</param>
internal readonly record struct FieldNeeds(BodyType Level, bool Encoding, bool Rewriting);

/// <summary>
/// Header fields as they leave. Octets beyond ASCII, to a host that takes none, become encoded words (RFC 2047), parameters in the form of RFC 2231, and A-labels, in the charset that they are in: UTF-8,
/// or <c>unknown-8bit</c> (RFC 1428 §3). NUL is treated as they are. Lines over 998 octets are folded at white space, or, where there is none, cut by CRLF and a space, as Postfix does.
/// </summary>
internal static class HeaderRewriter
{
    private const int MaxLine = PartFacts.MaxLine;

    public static FieldNeeds Examine(ReadOnlySpan<byte> field, BodyType allowed)
    {
        var has8Bit = !Ascii.IsValid(field);
        var encoding = (has8Bit && allowed == BodyType.SevenBit) || field.Contains((byte)0);
        return new(has8Bit && !encoding ? BodyType.EightBitMime : BodyType.SevenBit, encoding, encoding || HasLongLine(field));
    }

    /// <summary>Why it cannot be encoded; null when it can, or need not be.</summary>
    public static string? WhyNot(ReadOnlySpan<byte> field, BodyType allowed) =>
        Examine(field, allowed).Encoding && !TryEncode(field, out _) ? $"a field {NameForPeople(field)} has octets that cannot be written in ASCII" : null;

    /// <summary>Writes it, encoded and folded as it must be.</summary>
    public static void Write(ReadOnlySpan<byte> field, BodyType allowed, OctetSink sink)
    {
        if (Examine(field, allowed).Encoding && TryEncode(field, out var encoded))
        {
            field = encoded;
        }

        while (!field.IsEmpty)
        {
            var end = field.IndexOf("\r\n"u8);
            WriteLine(end < 0 ? field : field[..end], sink);
            if (end >= 0 || sink.Column > 0)
            {
                sink.EndLine();
            }

            field = end < 0 ? [] : field[(end + 2)..];
        }
    }

    /// <summary>A piece of a field that is too long to be looked at as a whole.</summary>
    public static void WritePiece(ReadOnlySpan<byte> piece, OctetSink sink)
    {
        for (; !piece.IsEmpty;)
        {
            var end = piece.IndexOf("\r\n"u8);
            var text = end < 0 ? piece : piece[..end];
            while (!text.IsEmpty)
            {
                if (sink.Column == MaxLine)
                {
                    CutLine(text, sink);
                }

                var fits = text[..Math.Min(text.Length, MaxLine - sink.Column)];
                sink.Write(fits);
                text = text[fits.Length..];
            }

            if (end >= 0)
            {
                sink.EndLine();
            }

            piece = end < 0 ? [] : piece[(end + 2)..];
        }
    }

    private static bool HasLongLine(ReadOnlySpan<byte> field)
    {
        while (field.Length > MaxLine)
        {
            var end = field.IndexOf("\r\n"u8);
            if (end is < 0 or > MaxLine)
            {
                return true;
            }

            field = field[(end + 2)..];
        }

        return false;
    }

    private static void WriteLine(ReadOnlySpan<byte> line, OctetSink sink)
    {
        // Not right behind the field's name: a first line without a value is not what every program reads.
        var from = line.Length > MaxLine ? HeaderField.Name(line).Length + 2 : 0;
        while (sink.Column + line.Length > MaxLine)
        {
            var fold = FoldAt(line, from, MaxLine - sink.Column);
            sink.Write(line[..fold]);
            line = line[fold..];
            from = 0;
            CutLine(line, sink);
        }

        sink.Write(line);
    }

    // Before the last white space that fits and has something before it on its line; else where the line is full.
    private static int FoldAt(ReadOnlySpan<byte> line, int from, int room)
    {
        for (var at = line[..(room + 1)].LastIndexOfAny((byte)' ', (byte)'\t'); at > from; at--)
        {
            if (line[at - 1] is not ((byte)' ' or (byte)'\t'))
            {
                return at;
            }
        }

        // Not within a character of UTF-8.
        var full = room;
        while (full > room - 3 && (line[full] & 0xc0) == 0x80)
        {
            full--;
        }

        return full;
    }

    private static void CutLine(ReadOnlySpan<byte> rest, OctetSink sink)
    {
        sink.EndLine();
        if (rest[0] is not ((byte)' ' or (byte)'\t'))
        {
            sink.Write((byte)' ');
        }
    }

    private static bool TryEncode(ReadOnlySpan<byte> field, out byte[] encoded)
    {
        var name = HeaderField.Name(field);
        if (name.IsEmpty)
        {
            encoded = EncodeLines(field);
            return true;
        }

        var value = HeaderField.UnfoldedOctets(HeaderField.Value(field));
        var text = NameForPeople(field).ToLowerInvariant() switch
        {
            "from" or "sender" or "reply-to" or "to" or "cc" or "bcc" or "resent-from" or "resent-sender" or "resent-reply-to" or "resent-to" or "resent-cc" or "resent-bcc" =>
                AddressEncoder.Encode(value),
            "content-type" or "content-disposition" => ParameterEncoder.Encode(value),
            "content-transfer-encoding" => Token(value),
            _ => EncodedWords.Unstructured(value),
        };
        encoded = text is null ? [] : [.. field[..(field.IndexOf((byte)':') + 1)], .. text, .. "\r\n"u8];
        return text is not null;
    }

    // No field, but it stands in the header and says something. Each line stays one: in one line it could read as a field.
    private static byte[] EncodeLines(ReadOnlySpan<byte> lines)
    {
        var encoded = new List<byte>();
        while (!lines.IsEmpty)
        {
            var end = lines.IndexOf("\r\n"u8);
            encoded.AddRange([.. EncodedWords.Unstructured(end < 0 ? lines : lines[..end]), .. "\r\n"u8]);
            lines = end < 0 ? [] : lines[(end + 2)..];
        }

        return [.. encoded];
    }

    // What follows it nobody reads; an encoded word would name another encoding.
    private static byte[]? Token(ReadOnlySpan<byte> value)
    {
        var token = Encoding.Latin1.GetBytes($" {HeaderText.FirstToken(Encoding.Latin1.GetString(value))}");
        return EncodedWords.MustEncode(token) ? null : token;
    }

    private static string NameForPeople(ReadOnlySpan<byte> field) => Encoding.ASCII.GetString(HeaderField.Name(field));
}

/// <summary>Text of header fields as encoded words (RFC 2047).</summary>
internal static class EncodedWords
{
    /// <summary>RFC 2047 §2.</summary>
    private const int MaxWord = 75;

    /// <summary>True for octets that a header in ASCII cannot have.</summary>
    public static bool MustEncode(ReadOnlySpan<byte> octets) => !Ascii.IsValid(octets) || octets.Contains((byte)0);

    public static string CharsetOf(ReadOnlySpan<byte> octets) => System.Text.Unicode.Utf8.IsValid(octets) ? "utf-8" : "unknown-8bit";

    /// <summary>Text that is not structured (RFC 5322 §2.2.1): encoded from its first word that must be to its last, and no further.</summary>
    public static byte[] Unstructured(ReadOnlySpan<byte> value)
    {
        var words = new List<HeaderWord>();
        while (!value.IsEmpty)
        {
            var spaces = value.IndexOfAnyExcept((byte)' ', (byte)'\t');
            spaces = spaces < 0 ? value.Length : spaces;
            var length = value[spaces..].IndexOfAny((byte)' ', (byte)'\t');
            length = length < 0 ? value.Length - spaces : length;
            var octets = value.Slice(spaces, length).ToArray();
            words.Add(new(value[..spaces].ToArray(), octets, octets));
            value = value[(spaces + length)..];
        }

        return Phrase(words);
    }

    /// <summary>Words, of which those that must be and all between them are encoded. An encoded word that stood there stays, and white space beside it that would be lost (§6.2) is encoded too.</summary>
    public static byte[] Phrase(IReadOnlyList<HeaderWord> words)
    {
        var charset = CharsetOf([.. words.SelectMany(word => word.Text)]);
        var text = new List<byte>();
        for (var i = 0; i < words.Count; i++)
        {
            if (!words[i].MustEncode)
            {
                text.AddRange([.. words[i].Space, .. words[i].AsItStands]);
                continue;
            }

            var last = LastOfRun(words, i);
            var run = new List<byte>(words[i].Text);
            for (var next = i + 1; next <= last; next++)
            {
                run.AddRange([.. words[next].Space, .. words[next].Text]);
            }

            if (i > 0 && words[i - 1].IsEncodedWord)
            {
                run.InsertRange(0, words[i].Space);
            }

            if (last + 1 < words.Count && words[last + 1].IsEncodedWord)
            {
                run.AddRange(words[last + 1].Space);
            }

            // Encoded words are apart from what is beside them (§5).
            text.AddRange(words[i].Space.Length == 0 && text.Count > 0 ? " "u8 : words[i].Space);
            text.AddRange(Encode([.. run], charset));
            if (last + 1 < words.Count && words[last + 1].Space.Length == 0)
            {
                text.Add((byte)' ');
            }

            i = last;
        }

        return [.. text];
    }

    /// <summary>Octets as encoded words, each on a line of its own, no character cut in two (§5).</summary>
    public static byte[] Encode(ReadOnlySpan<byte> octets, string charset)
    {
        var plain = 0;
        foreach (var octet in octets)
        {
            plain += IsPlain(octet) ? 1 : 0;
        }

        // What people can read is worth a few octets (as Python's email package takes it).
        var isBase64 = ((octets.Length - plain) * 3) + plain >= ((octets.Length + 2) / 3 * 4) + 5;
        var words = new StringBuilder();
        var room = MaxWord - $"=?{charset}?Q??=".Length;
        while (!octets.IsEmpty)
        {
            var length = Fitting(octets, charset, isBase64, room);
            words.Append(words.Length == 0 ? "" : "\r\n ").Append(CultureInfo.InvariantCulture, $"=?{charset}?{(isBase64 ? 'B' : 'Q')}?");
            words.Append(isBase64 ? Convert.ToBase64String(octets[..length]) : Quote(octets[..length])).Append("?=");
            octets = octets[length..];
        }

        return Encoding.ASCII.GetBytes(words.ToString());
    }

    // The last word that must be encoded before an encoded word or a comment.
    private static int LastOfRun(IReadOnlyList<HeaderWord> words, int from)
    {
        var last = from;
        for (var i = from + 1; i < words.Count && !words[i].IsEncodedWord && !words[i].IsComment; i++)
        {
            last = words[i].MustEncode ? i : last;
        }

        return last;
    }

    private static int Fitting(ReadOnlySpan<byte> octets, string charset, bool isBase64, int room)
    {
        var (length, used) = (0, 0);
        while (length < octets.Length)
        {
            var character = 1;
            if (charset == "utf-8")
            {
                Rune.DecodeFromUtf8(octets[length..], out _, out character);
            }

            used = isBase64 ? (length + character + 2) / 3 * 4 : used + Quote(octets.Slice(length, character)).Length;
            if (used > room)
            {
                break;
            }

            length += character;
        }

        return length;
    }

    // As a phrase needs it (§5 (3)), which every place takes.
    private static bool IsPlain(byte octet) => char.IsAsciiLetterOrDigit((char)octet) || octet is (byte)' ' or (byte)'!' or (byte)'*' or (byte)'+' or (byte)'-' or (byte)'/';

    private static string Quote(ReadOnlySpan<byte> octets)
    {
        var text = new StringBuilder();
        foreach (var octet in octets)
        {
            if (octet == ' ')
            {
                text.Append('_');
            }
            else if (IsPlain(octet))
            {
                text.Append((char)octet);
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"={octet:X2}");
            }
        }

        return text.ToString();
    }
}

/// <summary>A word of a header field.</summary>
/// <param name="Space">The white space before it.</param>
/// <param name="AsItStands">Its octets, with quotes and all.</param>
/// <param name="Text">What it says.</param>
internal sealed record HeaderWord(byte[] Space, byte[] AsItStands, byte[] Text, bool IsComment = false)
{
    public bool MustEncode => !IsComment && EncodedWords.MustEncode(Text);

    public bool IsEncodedWord => !IsComment && AsItStands.Length > 6 && AsItStands.AsSpan().StartsWith("=?"u8) && AsItStands.AsSpan().EndsWith("?="u8) && Ascii.IsValid(AsItStands);
}
