using System.Globalization;
using System.Text;

namespace MailCloud.Messages;

/// <summary>
/// A mailbox as in RFC 5321 §4.1.2 (with RFC 6531's UTF-8): local part (quoting removed) and domain as given. Two addresses are one mailbox
/// when their <see cref="Key"/>s are equal.
/// </summary>
[GenerateSerializer, Immutable, Alias("mc.EmailAddress")]
public readonly record struct EmailAddress([property: Id(0)] string LocalPart, [property: Id(1)] string Domain)
{
    private const string AtextSymbols = "!#$%&'*+-/=?^_`{|}~";

    /// <summary>Local part in NFC and lower case, domain as lower-case A-labels: the key of the address in the directory.</summary>
    public string Key => $"{LocalPart.Normalize(NormalizationForm.FormC).ToLowerInvariant()}@{AsciiDomain}";

    /// <summary>The domain as lower-case A-labels (RFC 5890); an address literal stays as it is.</summary>
    public string AsciiDomain => ToAsciiDomain(Domain);

    /// <summary>True when the address needs SMTPUTF8 to travel.</summary>
    public bool IsInternational => !Ascii.IsValid(LocalPart) || !Ascii.IsValid(Domain);

    /// <summary>The address without its subaddress: <c>bob+lists</c> is filed for <c>bob</c> (RFC 5233).</summary>
    public EmailAddress WithoutDetail
    {
        get
        {
            var plus = LocalPart.IndexOf('+', StringComparison.Ordinal);
            return plus > 0 ? this with { LocalPart = LocalPart[..plus] } : this;
        }
    }

    /// <summary>Parses <c>local@domain</c> in dot-string or quoted-string form (RFC 5321 §4.1.2). False when it is not one.</summary>
    public static bool TryParse(string text, out EmailAddress address)
    {
        address = default;
        var at = text.LastIndexOf('@');
        if (at < 1 || at == text.Length - 1 || !IsText(text))
        {
            return false;
        }

        var local = text[..at];
        var domain = text[(at + 1)..];
        if (local[0] == '"' ? !TryUnquote(ref local) : !IsDotString(local))
        {
            return false;
        }

        // RFC 5321 §4.5.3.1.1 and .2, in octets.
        if (Encoding.UTF8.GetByteCount(local) > 64 || Encoding.UTF8.GetByteCount(domain) > 255 || !IsDomain(domain))
        {
            return false;
        }

        address = new(local, domain);
        return true;
    }

    /// <summary>The form that goes on the wire: the local part quoted when it is no dot-string.</summary>
    public override string ToString() => IsDotString(LocalPart)
        ? $"{LocalPart}@{Domain}"
        : $"\"{LocalPart.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"@{Domain}";

    // What Unicode cannot normalise has no key: half of a surrogate pair, and U+FFFE, which is no character.
    private static bool IsText(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(text[i]) || text[i] == '\uFFFE')
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryUnquote(ref string local)
    {
        if (local.Length < 3 || local[^1] != '"')
        {
            return false;
        }

        var text = new StringBuilder(local.Length);
        for (var i = 1; i < local.Length - 1; i++)
        {
            var c = local[i];
            if (c == '\\')
            {
                // quoted-pairSMTP = %d92 %d32-126: the escaped octet must stand before the closing quote.
                if (++i >= local.Length - 1)
                {
                    return false;
                }

                c = local[i];
            }
            else if (c == '"')
            {
                return false;
            }

            if (c < ' ' || c == 127)
            {
                return false;
            }

            text.Append(c);
        }

        local = text.ToString();
        return local.Length > 0;
    }

    private static bool IsDotString(string text) =>
        text.Length > 0 && text[0] != '.' && text[^1] != '.' && !text.Contains("..", StringComparison.Ordinal)
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '.' || c > 127 || AtextSymbols.Contains(c, StringComparison.Ordinal));

    private static bool IsDomain(string domain)
    {
        if (domain[0] == '[')
        {
            return domain[^1] == ']' && domain.Length > 2 && domain[1..^1].All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or ':' or '-');
        }

        return domain.Split('.').All(label => label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-'
            && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' || c > 127));
    }

    private static string ToAsciiDomain(string domain)
    {
        if (Ascii.IsValid(domain))
        {
            return domain.ToLowerInvariant();
        }

        try
        {
            return new IdnMapping().GetAscii(domain).ToLowerInvariant();
        }
        catch (ArgumentException)
        {
            return domain.ToLowerInvariant();
        }
    }
}
