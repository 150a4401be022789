using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using MimeKit;
using MimeKit.Utils;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>
/// Header fields out of the forms of RFC 8621 §4.1.2. No value ends its field: line ends stand only before white space, and nothing else that controls anything. Addresses need not be complete: a draft is
/// checked when it is sent (§4.6).
/// </summary>
internal static class DraftHeader
{
    /// <summary>Octets of a line, without its end (RFC 5322 §2.1.1).</summary>
    private const int MaxLine = 998;

    private static readonly string[] dates = ["yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz", "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'"];

    private static readonly FormatOptions ascii = Options(international: false);
    private static readonly FormatOptions international = Options(international: true);

    /// <summary>The fields of a property; none where it is empty. Null when the value is not of its form.</summary>
    public static IReadOnlyList<DraftField>? Write(HeaderProperty property, JsonNode? value)
    {
        if (!property.All)
        {
            return value is null ? [] : Line(property, value) is not { } line ? null : line.Length == 0 ? [] : [Field(property, line)];
        }

        var lines = (value as JsonArray)?.Select(item => item is null ? null : Line(property, item)).ToArray();
        return lines is null || lines.Contains(null) ? null : [.. lines.OfType<string>().Where(line => line.Length > 0).Select(line => Field(property, line))];
    }

    /// <summary>A field of unstructured text, encoded where it is not ASCII (RFC 2047).</summary>
    public static DraftField Text(string name, string value) => new(name, Ended(Encoded(name, value)));

    public static DraftField Date(DateTimeOffset time) => new("Date", Ended(" " + DateUtils.FormatDate(time)));

    /// <summary>A field whose text is written and folded already, without its line end.</summary>
    public static DraftField Written(string name, string value) => new(name, Ended(value));

    public static FormatOptions Format => ascii;

    public static bool IsText(string text) => !text.Any(c => char.IsControl(c) && c != '\t');

    private static DraftField Field(HeaderProperty property, string line) => new(property.Name, Ended(line));

    // What follows the colon, without the line end. Null: it is not of the form. Empty: there is nothing to write.
    private static string? Line(HeaderProperty property, JsonNode value)
    {
        var line = property.Form switch
        {
            HeaderForm.Raw => JmapArguments.TextOf(value) is { } raw && IsFolded(raw) ? raw.Length == 0 ? " " : raw : null,
            HeaderForm.Text => JmapArguments.TextOf(value) is { } text && IsText(text) ? Encoded(property.Name, text) : null,
            HeaderForm.Addresses => Mailboxes(value) is { } list ? Addresses(list) : null,
            HeaderForm.GroupedAddresses => Groups(value) is { } list ? Addresses(list) : null,
            HeaderForm.MessageIds => Bracketed(value, "\r\n "),
            HeaderForm.Date => JmapArguments.TextOf(value) is { } date && TryDate(date, out var time) ? " " + DateUtils.FormatDate(time) : null,
            _ => Bracketed(value, ",\r\n "),
        };
        return line is not null && (property.Name.Length + 1 + line.IndexOf('\r', StringComparison.Ordinal) is var first && first <= MaxLine) && line.Split("\r\n").All(l => Encoding.UTF8.GetByteCount(l) <= MaxLine) ? line : null;
    }

    // §4.1.2.1: as it stands after the colon, each line end before white space.
    private static bool IsFolded(string raw)
    {
        for (var i = 0; i < raw.Length; i++)
        {
            if (raw[i] == '\r' && i + 2 < raw.Length && raw[i + 1] == '\n' && raw[i + 2] is ' ' or '\t')
            {
                i += 2;
            }
            else if (char.IsControl(raw[i]) && raw[i] != '\t')
            {
                return false;
            }
        }

        // A line of white space alone would be taken for the end of the header by some.
        return raw.Length == 0 || raw.Split("\r\n").Skip(1).All(line => !string.IsNullOrWhiteSpace(line));
    }

    private static string Encoded(string name, string value)
    {
        var header = new Header(Encoding.UTF8, name, "");
        header.SetValue(ascii, Encoding.UTF8, value);
        return Encoding.UTF8.GetString(header.RawValue).ReplaceLineEndings("\r\n").TrimEnd('\r', '\n');
    }

    private static string Addresses(InternetAddressList list)
    {
        if (list.Count == 0)
        {
            return "";
        }

        // RFC 6532: an address that is not ASCII stands in UTF-8, as no encoded word can be in one; names are encoded words elsewhere.
        var options = Flat(list).All(address => Ascii.IsValid(address.Address.AsSpan(0, Math.Max(0, address.Address.LastIndexOf('@'))))) ? ascii : international;
        return " " + list.ToString(options, encode: true).ReplaceLineEndings("\r\n").Trim();
    }

    private static IEnumerable<MailboxAddress> Flat(IEnumerable<InternetAddress> list) =>
        list.SelectMany(address => address is GroupAddress group ? Flat(group.Members) : [(MailboxAddress)address]);

    private static InternetAddressList? Mailboxes(JsonNode? value)
    {
        var list = new InternetAddressList();
        foreach (var item in value as JsonArray ?? [])
        {
            if (Mailbox(item) is not { } address)
            {
                return null;
            }

            list.Add(address);
        }

        return value is JsonArray ? list : null;
    }

    // §4.1.2.3.
    private static MailboxAddress? Mailbox(JsonNode? item)
    {
        if (item is not JsonObject json || JmapArguments.TextOf(json["email"]) is not { } email || json.Any(member => member.Key is not ("name" or "email")))
        {
            return null;
        }

        var name = JmapArguments.TextOf(json["name"]);
        if (!IsText(email) || (json["name"] is not null && name is null) || (name is not null && !IsText(name)))
        {
            return null;
        }

        try
        {
            return new(Encoding.UTF8, name, email);
        }
        catch (ParseException)
        {
            return null;
        }
    }

    // §4.1.2.4.
    private static InternetAddressList? Groups(JsonNode value)
    {
        var list = new InternetAddressList();
        foreach (var item in value as JsonArray ?? [])
        {
            if (item is not JsonObject json || json.Any(member => member.Key is not ("name" or "addresses")) || Mailboxes(json["addresses"]) is not { } members)
            {
                return null;
            }

            if (json["name"] is null)
            {
                list.AddRange(members);
            }
            else if (JmapArguments.TextOf(json["name"]) is { } name && IsText(name))
            {
                list.Add(new GroupAddress(Encoding.UTF8, name, members));
            }
            else
            {
                return null;
            }
        }

        return value is JsonArray ? list : null;
    }

    // Ids of messages (§4.1.2.5) and URLs (§4.1.2.7), one to a line.
    private static string? Bracketed(JsonNode value, string separator)
    {
        var texts = (value as JsonArray)?.Select(JmapArguments.TextOf).ToArray();
        return texts is null || !texts.All(text => text is { Length: > 0 } && text.All(c => c is > ' ' and not ('<' or '>' or '\u007f') && !char.IsWhiteSpace(c) && !char.IsControl(c)))
            ? null
            : texts.Length == 0 ? "" : " " + string.Join(separator, texts.Select(text => $"<{text}>"));
    }

    private static bool TryDate(string text, out DateTimeOffset time) => DateTimeOffset.TryParseExact(text, dates, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);

    private static byte[] Ended(string line) => Encoding.UTF8.GetBytes(line + "\r\n");

    private static FormatOptions Options(bool international)
    {
        var options = FormatOptions.Default.Clone();
        options.NewLineFormat = NewLineFormat.Dos;
        options.International = international;
        return options;
    }
}
