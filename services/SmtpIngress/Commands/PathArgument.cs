using System.Text;
using MailCloud.Messages;

namespace MailCloud.SmtpIngress.Commands;

/// <summary>The argument of MAIL and RCPT: <c>FROM:&lt;path&gt;</c> or <c>TO:&lt;path&gt;</c>, and parameters (RFC 5321 §4.1.2).</summary>
internal sealed record PathArgument(string Path, IReadOnlyDictionary<string, string> Parameters)
{
    /// <summary>Null when it is malformed. The path stands without brackets and without a source route.</summary>
    public static PathArgument? Parse(string args, string keyword)
    {
        if (!args.StartsWith(keyword, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        // Many clients put a space after the colon; RFC 5321 has none there.
        var text = args[keyword.Length..].TrimStart(' ');
        var end = EndOfPath(text);
        if (end < 0 || (end + 1 < text.Length && text[end + 1] != ' '))
        {
            return null;
        }

        var parameters = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var word in text[(end + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = word.IndexOf('=', StringComparison.Ordinal);
            if (!parameters.TryAdd(equals < 0 ? word : word[..equals], equals < 0 ? "" : word[(equals + 1)..]))
            {
                return null;
            }
        }

        return new(WithoutRoute(text[1..end]), parameters);
    }

    /// <summary>xtext (RFC 3461 §4); null when it is malformed.</summary>
    public static string? DecodeXtext(string text)
    {
        var octets = new List<byte>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '+')
            {
                // Up to the next escape at once: a character may be two chars.
                var next = text.IndexOf('+', i);
                var length = (next < 0 ? text.Length : next) - i;
                octets.AddRange(Encoding.UTF8.GetBytes(text, i, length));
                i += length - 1;
                continue;
            }

            if (i + 2 >= text.Length || !byte.TryParse(text.AsSpan(i + 1, 2), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var octet) || octet is < 32 or 127)
            {
                return null;
            }

            octets.Add(octet);
            i += 2;
        }

        return Encoding.UTF8.GetString([.. octets]);
    }

    private static int EndOfPath(string text)
    {
        var quoted = false;
        for (var i = 1; i < text.Length && text[0] == '<'; i++)
        {
            switch (text[i])
            {
                case '\\' when quoted:
                    i++;
                    break;
                case '"':
                    quoted = !quoted;
                    break;
                case '>' when !quoted:
                    return i;
            }
        }

        return -1;
    }

    // RFC 5321 §4.1.1.3: source routes are accepted and ignored.
    private static string WithoutRoute(string path) =>
        path.StartsWith('@') && path.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon ? path[(colon + 1)..] : path;
}
