using System.Text;
using System.Text.Json.Nodes;
using MailCloud.Messages;
using MimeKit.Utils;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>The value of a header field in the forms of RFC 8621 §4.1.2. Where it cannot be read as the form wants, it is null.</summary>
internal static class HeaderValue
{
    public static JsonNode? Read(ReadOnlySpan<byte> value, HeaderForm form) => form switch
    {
        HeaderForm.Raw => Raw(value),
        HeaderForm.Text => Text(value),
        HeaderForm.Addresses => Addresses(value),
        HeaderForm.GroupedAddresses => Groups(value),
        HeaderForm.MessageIds => List(MessageIds(Unfold(value))),
        HeaderForm.Date => DateUtils.TryParse(Unfold(value), out var time) ? JmapText.Date(time) : null,
        _ => List(Urls(Unfold(value))),
    };

    /// <summary>Octets that are no UTF-8 become U+FFFD (§4.1.2.1).</summary>
    public static string Raw(ReadOnlySpan<byte> value) => JmapText.Clean(Encoding.UTF8.GetString(value));

    /// <summary>Unfolded, decoded, without control characters, in NFC (§4.1.2.2).</summary>
    public static string Text(ReadOnlySpan<byte> value)
    {
        var text = JmapText.Clean(HeaderDecoder.Decode(value.TrimStart((byte)' ')));
        if (text.AsSpan().ContainsAnyInRange('\0', '\u001f') || text.Contains('\u007f', StringComparison.Ordinal))
        {
            text = string.Concat(text.Where(c => c == '\t' || !char.IsControl(c)));
        }

        return Composed(text).Trim(' ', '\t');
    }

    private static string Composed(string text)
    {
        try
        {
            return Ascii.IsValid(text) ? text : text.Normalize(NormalizationForm.FormC);
        }
        catch (ArgumentException)
        {
            // A code point that is none.
            return text;
        }
    }

    private static JsonArray Addresses(ReadOnlySpan<byte> value) =>
        new([.. Parse(value).Where(address => address.Host is not null).Select(Address)]);

    // §4.1.2.4: addresses that stand in no group are one of their own, without a name.
    private static JsonArray Groups(ReadOnlySpan<byte> value)
    {
        var groups = new JsonArray();
        JsonArray? open = null;
        foreach (var address in Parse(value))
        {
            if (address.Host is not null)
            {
                open ??= Begin(groups, null);
                open.Add(Address(address));
            }
            else
            {
                open = address.Mailbox is not null ? Begin(groups, Decoded(address.Mailbox)) : null;
            }
        }

        return groups;
    }

    private static JsonArray Begin(JsonArray groups, string? name)
    {
        var addresses = new JsonArray();
        groups.Add(new JsonObject { ["name"] = name, ["addresses"] = addresses });
        return addresses;
    }

    private static JsonObject Address(AddressField address)
    {
        var local = Plain(address.Mailbox ?? "");
        return new()
        {
            ["name"] = address.Name is null ? null : Decoded(address.Name),
            ["email"] = string.IsNullOrEmpty(address.Host) ? local : $"{local}@{Plain(address.Host)}",
        };
    }

    private static List<AddressField> Parse(ReadOnlySpan<byte> value)
    {
        var addresses = new List<AddressField>();
        AddressListParser.Parse(Unfold(value), addresses);
        return addresses;
    }

    /// <summary>Of what stands between brackets; null where nothing does (§4.1.2.5).</summary>
    private static List<string> MessageIds(string value)
    {
        var ids = new List<string>();
        var reader = new HeaderText(value);
        while (true)
        {
            reader.SkipSpace();
            if (reader.AtEnd)
            {
                return ids;
            }

            switch (reader.Peek)
            {
                case '<':
                    reader.Skip();
                    Add(ids, reader.ReadUntil(">"));
                    break;
                case '"':
                    // RFC 5322 §4.5.4: phrases between the ids are passed over.
                    reader.ReadQuoted();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
    }

    // RFC 2369 §2: URLs in brackets, with commas between and comments anywhere.
    private static List<string> Urls(string value)
    {
        var urls = new List<string>();
        var reader = new HeaderText(value);
        while (true)
        {
            reader.SkipSpace();
            if (reader.AtEnd)
            {
                return urls;
            }

            var isUrl = reader.Peek == '<';
            reader.Skip();
            if (isUrl)
            {
                Add(urls, reader.ReadUntil(">"));
            }
        }
    }

    private static void Add(List<string> list, string octets)
    {
        var text = string.Concat(Plain(octets).Where(c => !char.IsWhiteSpace(c)));
        if (text.Length > 0)
        {
            list.Add(text);
        }
    }

    private static JsonArray? List(List<string> texts) => texts.Count == 0 ? null : JmapText.Array(texts);

    /// <summary>One char per octet, the line ends out.</summary>
    private static string Unfold(ReadOnlySpan<byte> value) =>
        Encoding.Latin1.GetString(value).Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal).Replace("\0", "", StringComparison.Ordinal);

    private static string? Decoded(string octets) => Text(Encoding.Latin1.GetBytes(octets)) is { Length: > 0 } text ? text : null;

    private static string Plain(string octets)
    {
        var bytes = Encoding.Latin1.GetBytes(octets);
        return JmapText.Clean(Charsets.Guess(bytes).GetString(bytes));
    }
}
