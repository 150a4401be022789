using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>How the value of a header field is given (RFC 8621 §4.1.2).</summary>
internal enum HeaderForm
{
    Raw = 0,
    Text = 1,
    Addresses = 2,
    GroupedAddresses = 3,
    MessageIds = 4,
    Date = 5,
    Urls = 6,
}

/// <summary>A property <c>header:{name}[:as{form}][:all]</c> (RFC 8621 §4.1.3), or one of those that stand for such a property.</summary>
/// <param name="Property">As it was asked for, and is answered.</param>
/// <param name="All">All fields of the name, not the last one only.</param>
internal sealed record HeaderProperty(string Property, string Name, HeaderForm Form, bool All)
{
    public const string Prefix = "header:";

    private static readonly Dictionary<string, HeaderProperty> Short = new HeaderProperty[]
    {
        new("messageId", "Message-ID", HeaderForm.MessageIds, false),
        new("inReplyTo", "In-Reply-To", HeaderForm.MessageIds, false),
        new("references", "References", HeaderForm.MessageIds, false),
        new("sender", "Sender", HeaderForm.Addresses, false),
        new("from", "From", HeaderForm.Addresses, false),
        new("to", "To", HeaderForm.Addresses, false),
        new("cc", "Cc", HeaderForm.Addresses, false),
        new("bcc", "Bcc", HeaderForm.Addresses, false),
        new("replyTo", "Reply-To", HeaderForm.Addresses, false),
        new("subject", "Subject", HeaderForm.Text, false),
        new("sentAt", "Date", HeaderForm.Date, false),
    }.ToDictionary(property => property.Property, StringComparer.Ordinal);

    private static readonly Dictionary<string, HeaderForm> Forms = new(StringComparer.Ordinal)
    {
        ["asRaw"] = HeaderForm.Raw,
        ["asText"] = HeaderForm.Text,
        ["asAddresses"] = HeaderForm.Addresses,
        ["asGroupedAddresses"] = HeaderForm.GroupedAddresses,
        ["asMessageIds"] = HeaderForm.MessageIds,
        ["asDate"] = HeaderForm.Date,
        ["asURLs"] = HeaderForm.Urls,
    };

    // The fields of RFC 5322 and RFC 2369 have the forms that suit them; all others may be read as anything (RFC 8621 §4.1.2). Return-Path and Received stand with no form: raw alone.
    private static readonly Dictionary<string, HeaderForm[]> Allowed = Table(
        ([HeaderForm.Text], ["Subject", "Comments", "Keywords"]),
        ([HeaderForm.Addresses, HeaderForm.GroupedAddresses], ["From", "Sender", "Reply-To", "To", "Cc", "Bcc"]),
        ([HeaderForm.Addresses, HeaderForm.GroupedAddresses], ["Resent-From", "Resent-Sender", "Resent-Reply-To", "Resent-To", "Resent-Cc", "Resent-Bcc"]),
        ([HeaderForm.MessageIds], ["Message-ID", "In-Reply-To", "References", "Resent-Message-ID"]),
        ([HeaderForm.Date], ["Date", "Resent-Date"]),
        ([HeaderForm.Urls], ["List-Help", "List-Unsubscribe", "List-Subscribe", "List-Post", "List-Owner", "List-Archive"]),
        ([], ["Return-Path", "Received"]));

    public static IEnumerable<string> ShortNames => Short.Keys;

    /// <summary>Null when it is none, is malformed, or names a form that its field does not have.</summary>
    public static HeaderProperty? Find(string property)
    {
        if (Short.TryGetValue(property, out var known))
        {
            return known;
        }

        if (!property.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        var pieces = property[Prefix.Length..].Split(':');
        var all = pieces.Length > 1 && pieces[^1] == "all";
        var (form, hasForm) = (HeaderForm.Raw, pieces.Length == (all ? 3 : 2));
        return !IsName(pieces[0]) || pieces.Length > (all ? 3 : 2) || (hasForm && !Forms.TryGetValue(pieces[1], out form)) || !IsAllowed(pieces[0], form)
            ? null
            : new(property, pieces[0], form, all);
    }

    public JsonNode? Read(HeaderSection header) => All
        ? new JsonArray([.. header.All(Name).Select(field => HeaderValue.Read(field.Value.Span, Form))])
        : header.Last(Name) is { } last ? HeaderValue.Read(last.Value.Span, Form) : null;

    private static bool IsAllowed(string name, HeaderForm form) => form == HeaderForm.Raw || !Allowed.TryGetValue(name, out var forms) || forms.Contains(form);

    private static bool IsName(string name) => name.Length > 0 && name.All(c => c is > ' ' and < '\u007f');

    private static Dictionary<string, HeaderForm[]> Table(params (HeaderForm[] Forms, string[] Names)[] rows) =>
        rows.SelectMany(row => row.Names.Select(name => (name, row.Forms))).ToDictionary(pair => pair.name, pair => pair.Forms, StringComparer.OrdinalIgnoreCase);
}
