using System.Buffers;
using System.Globalization;
using System.Text;

namespace MailCloud.OutboundRelay.Content;

/// <summary>
/// Address lists (RFC 5322 §3.4) in ASCII: display names, group names and comments as encoded words, domains as A-labels (RFC 5890). A local part that is not ASCII has no such form: it needs SMTPUTF8.
/// </summary>
internal static class AddressEncoder
{
    /// <summary>Null when an address cannot be written in ASCII.</summary>
    public static byte[]? Encode(ReadOnlySpan<byte> value)
    {
        var text = new List<byte>(value.Length * 2);
        var words = new List<HeaderWord>();
        var tokens = new AddressTokens(value);
        while (tokens.TryNext(out var token))
        {
            if (token.Kind == AddressTokenKind.Word)
            {
                words.Add(token.Word);
                continue;
            }

            if (token.Word.AsItStands is [(byte)',' or (byte)';'])
            {
                if (!TryAddAddress(words, text))
                {
                    return null;
                }
            }
            else
            {
                text.AddRange(EncodedWords.Phrase(WithComments(words)));
            }

            words.Clear();
            text.AddRange(token.Word.Space);
            if (token.Kind == AddressTokenKind.Angle && !TryAddAsciiAddress(token.Word.AsItStands, text))
            {
                return null;
            }
            else if (token.Kind == AddressTokenKind.Separator)
            {
                text.AddRange(token.Word.AsItStands);
            }
        }

        return TryAddAddress(words, text) ? [.. text] : null;
    }

    // Words without angle brackets: an address with an @, or only a name.
    private static bool TryAddAddress(List<HeaderWord> words, List<byte> text)
    {
        if (!words.Exists(word => !word.IsComment && word.AsItStands.Contains((byte)'@')))
        {
            text.AddRange(EncodedWords.Phrase(WithComments(words)));
            return true;
        }

        foreach (var word in WithComments(words))
        {
            text.AddRange(word.Space);
            if (!word.MustEncode)
            {
                text.AddRange(word.AsItStands);
            }
            else if (!TryAddAsciiAddress(word.AsItStands, text))
            {
                return false;
            }
        }

        return true;
    }

    // local@domain, with or without < and > and a route.
    private static bool TryAddAsciiAddress(byte[] address, List<byte> text)
    {
        if (!EncodedWords.MustEncode(address))
        {
            text.AddRange(address);
            return true;
        }

        var at = address.AsSpan().LastIndexOf((byte)'@');
        var close = address.AsSpan().LastIndexOf((byte)'>');
        var end = close > at ? close : address.Length;
        if (at < 0 || EncodedWords.MustEncode(address.AsSpan(0, at)) || EncodedWords.MustEncode(address.AsSpan(end)) || !TryAsciiDomain(address.AsSpan((at + 1)..end), out var ascii))
        {
            return false;
        }

        text.AddRange([.. address.AsSpan(0, at + 1), .. ascii, .. address.AsSpan(end)]);
        return true;
    }

    private static bool TryAsciiDomain(ReadOnlySpan<byte> domain, out byte[] ascii)
    {
        ascii = [];
        if (!System.Text.Unicode.Utf8.IsValid(domain) || domain.Contains((byte)0))
        {
            return false;
        }

        try
        {
            ascii = Encoding.ASCII.GetBytes(new IdnMapping().GetAscii(Encoding.UTF8.GetString(domain).Trim()));
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    // RFC 2047 §5 (2): within a comment encoded words stand by themselves, too.
    private static List<HeaderWord> WithComments(List<HeaderWord> words) => words.ConvertAll(word => !word.IsComment || !EncodedWords.MustEncode(word.Text)
        ? word
        : word with { AsItStands = [(byte)'(', .. EncodedWords.Encode(word.Text, EncodedWords.CharsetOf(word.Text)), (byte)')'] });
}

internal enum AddressTokenKind
{
    /// <summary>An atom, a quoted string or a comment.</summary>
    Word,

    /// <summary>What stands in angle brackets, with these.</summary>
    Angle,

    /// <summary>A comma, colon or semicolon.</summary>
    Separator,
}

internal readonly record struct AddressToken(AddressTokenKind Kind, HeaderWord Word);

/// <summary>Cuts an address list into its tokens; what breaks the grammar is a word.</summary>
internal ref struct AddressTokens(ReadOnlySpan<byte> value)
{
    private static readonly SearchValues<byte> AtomEnds = SearchValues.Create(" \t,:;<\"("u8);

    private ReadOnlySpan<byte> rest = value;

    public bool TryNext(out AddressToken token)
    {
        var spaces = rest.IndexOfAnyExcept((byte)' ', (byte)'\t');
        if (rest.IsEmpty)
        {
            token = default;
            return false;
        }

        var space = rest[..(spaces < 0 ? rest.Length : spaces)].ToArray();
        rest = rest[space.Length..];
        if (rest.IsEmpty)
        {
            token = new(AddressTokenKind.Word, new(space, [], []));
            return true;
        }

        var length = rest[0] switch
        {
            (byte)',' or (byte)':' or (byte)';' => 1,
            (byte)'<' => LengthOfAngle(),
            (byte)'"' => LengthOfQuoted(0),
            (byte)'(' => LengthOfComment(),
            _ => LengthOfAtom(),
        };
        var octets = rest[..length].ToArray();
        rest = rest[length..];
        token = octets[0] switch
        {
            (byte)',' or (byte)':' or (byte)';' => new(AddressTokenKind.Separator, new(space, octets, octets)),
            (byte)'<' => new(AddressTokenKind.Angle, new(space, octets, octets)),
            (byte)'"' => new(AddressTokenKind.Word, new(space, octets, octets.AsSpan().Contains((byte)'@') && length > 1 && !EndsQuoted(octets) ? octets : Unquoted(octets))),
            (byte)'(' => new(AddressTokenKind.Word, new(space, octets, Unquoted(octets), IsComment: true)),
            _ => new(AddressTokenKind.Word, new(space, octets, octets)),
        };
        return true;
    }

    private static bool EndsQuoted(ReadOnlySpan<byte> octets) => octets[^1] == '"';

    // Without what encloses it, and without its backslashes (RFC 5322 §3.2.1).
    private static byte[] Unquoted(ReadOnlySpan<byte> octets)
    {
        var close = octets[0] == '(' ? (byte)')' : (byte)'"';
        var inner = octets.Length > 1 && octets[^1] == close ? octets[1..^1] : octets[1..];
        var text = new List<byte>(inner.Length);
        for (var i = 0; i < inner.Length; i++)
        {
            i += inner[i] == '\\' && i + 1 < inner.Length ? 1 : 0;
            text.Add(inner[i]);
        }

        return [.. text];
    }

    private readonly int LengthOfAngle()
    {
        for (var i = 1; i < rest.Length; i++)
        {
            if (rest[i] == '"')
            {
                i = LengthOfQuoted(i) - 1;
            }
            else if (rest[i] == '>')
            {
                return i + 1;
            }
        }

        return rest.Length;
    }

    // An address whose local part is quoted is one word with its domain.
    private readonly int LengthOfQuoted(int from)
    {
        for (var i = from + 1; i < rest.Length; i++)
        {
            if (rest[i] == '\\')
            {
                i++;
            }
            else if (rest[i] == '"')
            {
                return from == 0 && i + 1 < rest.Length && rest[i + 1] == '@' ? i + 1 + LengthOfAtom(i + 1) : i + 1;
            }
        }

        return rest.Length;
    }

    private readonly int LengthOfComment()
    {
        var depth = 0;
        for (var i = 0; i < rest.Length; i++)
        {
            switch (rest[i])
            {
                case (byte)'\\':
                    i++;
                    break;
                case (byte)'(':
                    depth++;
                    break;
                case (byte)')' when --depth == 0:
                    return i + 1;
            }
        }

        return rest.Length;
    }

    private readonly int LengthOfAtom(int from = 0)
    {
        var length = rest[(from + 1)..].IndexOfAny(AtomEnds);
        return length < 0 ? rest.Length - from : length + 1;
    }
}
