using System.Buffers;
using System.Text;
using MimeKit.Encodings;

namespace MailCloud.Messages;

/// <summary>
/// The text of a header field's value: unfolded, encoded words decoded (RFC 2047), raw 8-bit text by the rule of <see cref="Charsets"/>. Adjacent encoded words of one charset are decoded
/// together, since some senders cut in the middle of a character (against §5).
/// </summary>
public static class HeaderDecoder
{
    // Each name that is unknown costs an exception; nobody's mail has more of them in one field, and a field may have 100,000.
    private const int MaxUnknownCharsets = 20;

    /// <param name="value">Octets after the colon, folded or not.</param>
    public static string Decode(ReadOnlySpan<byte> value)
    {
        if (value.IndexOfAny((byte)'\r', (byte)'\n') >= 0)
        {
            value = Unfold(value);
        }

        return value.IndexOf("=?"u8) < 0 ? DecodeRaw(value) : DecodeWords(value);
    }

    // RFC 5322 §2.2.3: the line ends go, the white space stays.
    private static byte[] Unfold(ReadOnlySpan<byte> value)
    {
        var text = new byte[value.Length];
        var length = 0;
        foreach (var octet in value)
        {
            if (octet is not ((byte)'\r' or (byte)'\n'))
            {
                text[length++] = octet;
            }
        }

        return text[..length];
    }

    private static string DecodeWords(ReadOnlySpan<byte> value)
    {
        var text = new StringBuilder(value.Length);
        var words = new ArrayBufferWriter<byte>();
        string? charset = null;
        var (from, unknown) = (0, 0);

        // Behind the last one no word can end, and is not looked for: a value may be long and full of beginnings.
        var lastEnd = value.LastIndexOf("?="u8);
        for (var at = 0; ;)
        {
            var next = value[at..].IndexOf("=?"u8);
            if (next < 0 || at + next > lastEnd)
            {
                break;
            }

            at += next;
            if (!TryWord(value[at..], out var word))
            {
                at += 2;
                continue;
            }

            // RFC 2047 §6.2: white space between encoded words is not part of the text.
            var between = value[from..at];
            var adjacent = charset is not null && between.IndexOfAnyExcept((byte)' ', (byte)'\t') < 0;
            if (!adjacent || !word.Charset.Equals(charset, StringComparison.OrdinalIgnoreCase))
            {
                Flush(text, words, charset, ref unknown);
                text.Append(adjacent ? "" : DecodeRaw(between));
            }

            charset = word.Charset;
            word.Decode(value.Slice(at + word.TextAt, word.TextLength), words);
            at += word.Length;
            from = at;
        }

        Flush(text, words, charset, ref unknown);
        return text.Append(DecodeRaw(value[from..])).ToString();
    }

    private static void Flush(StringBuilder text, ArrayBufferWriter<byte> words, string? charset, ref int unknown)
    {
        if (words.WrittenCount == 0)
        {
            return;
        }

        if (unknown < MaxUnknownCharsets && charset is not null && !Charsets.TryFind(charset, out _))
        {
            unknown++;
        }

        var found = unknown < MaxUnknownCharsets ? Charsets.Of(charset, words.WrittenSpan) : Charsets.Guess(words.WrittenSpan);
        text.Append(found.GetString(words.WrittenSpan));
        words.ResetWrittenCount();
    }

    private static string DecodeRaw(ReadOnlySpan<byte> octets) =>
        Ascii.IsValid(octets) ? Encoding.ASCII.GetString(octets) : Charsets.Guess(octets).GetString(octets);

    // encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?=" (RFC 2047 §2, RFC 2231 §5). Space within the text is let pass.
    private static bool TryWord(ReadOnlySpan<byte> value, out EncodedWord word)
    {
        word = default;
        var name = value[2..];
        var nameLength = name.IndexOf((byte)'?');
        if (nameLength is <= 0 or > 80 || name[..nameLength].ContainsAny((byte)' ', (byte)'\t') || name.Length < nameLength + 3 || name[nameLength + 2] != '?')
        {
            return false;
        }

        var isBase64 = name[nameLength + 1] is (byte)'B' or (byte)'b';
        if (!isBase64 && name[nameLength + 1] is not ((byte)'Q' or (byte)'q'))
        {
            return false;
        }

        var textAt = 2 + nameLength + 3;
        var textLength = value[textAt..].IndexOf("?="u8);
        if (textLength < 0)
        {
            return false;
        }

        var charset = Encoding.Latin1.GetString(name[..nameLength]);
        var language = charset.IndexOf('*', StringComparison.Ordinal);
        word = new(language < 0 ? charset : charset[..language], isBase64, textAt, textLength);
        return true;
    }

    private readonly record struct EncodedWord(string Charset, bool IsBase64, int TextAt, int TextLength)
    {
        public int Length => TextAt + TextLength + 2;

        public void Decode(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> into)
        {
            IMimeDecoder decoder = IsBase64 ? new Base64Decoder() : new QuotedPrintableDecoder(rfc2047: true);
            var octets = new byte[decoder.EstimateOutputLength(text.Length)];
            into.Write(octets.AsSpan(0, decoder.Decode(text.ToArray(), 0, text.Length, octets)));
        }
    }
}
