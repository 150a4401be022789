using System.Text;
using System.Text.Json.Nodes;
using MailCloud.MessageView;
using MailCloud.Messages;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>Makes Email objects (RFC 8621 §4.1) of what was asked for, and reads no more than that takes.</summary>
internal sealed class EmailBuilder(EmailSelection selection, PartSizes sizes)
{
    private readonly BodyValueReader values = new(selection.MaxBodyValueBytes);

    /// <param name="metadata">The value of a property that is not of the content.</param>
    /// <param name="content">Null when no property of it is asked for.</param>
    /// <param name="cancellationToken">The request's.</param>
    public async Task<JsonObject> BuildAsync(Func<string, JsonNode?> metadata, EmailContent? content, CancellationToken cancellationToken)
    {
        var email = new JsonObject();
        foreach (var property in selection.Properties)
        {
            email[property] = EmailSelection.IsMetadata(property) ? metadata(property) : await ContentAsync(property, content!, cancellationToken).ConfigureAwait(false);
        }

        return email;
    }

    private async ValueTask<JsonNode?> ContentAsync(string property, EmailContent content, CancellationToken cancellationToken) => property switch
    {
        "preview" => JmapText.Clean(content.Summary.Preview),
        "hasAttachment" => content.Lists.HasAttachment,
        "headers" => Headers(await content.HeaderAsync(cancellationToken).ConfigureAwait(false)),
        "bodyStructure" => await PartAsync(content, content.Root, withParts: true, cancellationToken).ConfigureAwait(false),
        "textBody" => await PartsAsync(content, content.Lists.TextBody, cancellationToken).ConfigureAwait(false),
        "htmlBody" => await PartsAsync(content, content.Lists.HtmlBody, cancellationToken).ConfigureAwait(false),
        "attachments" => await PartsAsync(content, content.Lists.Attachments, cancellationToken).ConfigureAwait(false),
        "bodyValues" => await ValuesAsync(content, cancellationToken).ConfigureAwait(false),
        _ => HeaderProperty.Find(property)!.Read(await content.HeaderAsync(cancellationToken).ConfigureAwait(false)),
    };

    private async ValueTask<JsonArray> PartsAsync(EmailContent content, IReadOnlyList<EmailPart> parts, CancellationToken cancellationToken)
    {
        var array = new JsonArray();
        foreach (var part in parts)
        {
            array.Add(await PartAsync(content, part, withParts: false, cancellationToken).ConfigureAwait(false));
        }

        return array;
    }

    // A structure without the parts of its multiparts would be none: they are given whether subParts is asked for or not.
    private async ValueTask<JsonNode> PartAsync(EmailContent content, EmailPart part, bool withParts, CancellationToken cancellationToken)
    {
        var json = new JsonObject();
        foreach (var property in selection.BodyProperties.Where(property => property != "subParts"))
        {
            json[property] = await PropertyAsync(content, part, property, cancellationToken).ConfigureAwait(false);
        }

        if (withParts && part.IsMultipart)
        {
            var parts = new JsonArray();
            foreach (var child in part.Parts)
            {
                parts.Add(await PartAsync(content, child, withParts, cancellationToken).ConfigureAwait(false));
            }

            json["subParts"] = parts;
        }
        else if (selection.BodyProperties.Contains("subParts"))
        {
            json["subParts"] = null;
        }

        return json;
    }

    private async ValueTask<JsonNode?> PropertyAsync(EmailContent content, EmailPart part, string property, CancellationToken cancellationToken) => property switch
    {
        "partId" => part.Id,
        "blobId" => part.Id is null ? null : content.BlobOf(part.Id),
        "size" => await sizes.OfAsync(content, part.Part, cancellationToken).ConfigureAwait(false),
        "name" => PartNames.Find(part.Part) is { } name ? JmapText.Clean(name) : null,
        "type" => Plain(part.Type),
        "charset" => part.Part.Parameter("charset") is { } charset ? Plain(charset) : null,
        "disposition" => part.Part.Disposition is { } disposition ? Plain(disposition.ToLowerInvariant()) : null,
        "cid" => BodyParts.WithoutBrackets(part.Part.ContentId) is { } id ? Plain(id) : null,
        "language" => part.Part.Language.Count == 0 ? null : JmapText.Array(part.Part.Language.Select(Plain)),
        "location" => part.Part.Location is { } location ? Plain(location) : null,
        "headers" => Headers(await content.HeaderOfAsync(part.Part, cancellationToken).ConfigureAwait(false)),
        _ => HeaderProperty.Find(property)!.Read(await content.HeaderOfAsync(part.Part, cancellationToken).ConfigureAwait(false)),
    };

    private async ValueTask<JsonNode?> ValuesAsync(EmailContent content, CancellationToken cancellationToken)
    {
        var wanted = selection.FetchAllBodyValues ? content.Root.Leaves()
            : (selection.FetchTextBodyValues ? content.Lists.TextBody : []).Concat(selection.FetchHtmlBodyValues ? content.Lists.HtmlBody : []);
        var json = new JsonObject();
        foreach (var part in wanted.Where(part => part.IsText).DistinctBy(part => part.Id))
        {
            json[part.Id!] = await values.ReadAsync(content, part, cancellationToken).ConfigureAwait(false);
        }

        return json;
    }

    private static JsonArray Headers(HeaderSection header) =>
        new([.. header.Fields.Select(field => new JsonObject { ["name"] = field.Name, ["value"] = HeaderValue.Raw(field.Value.Span) })]);

    // Kept with one char per octet.
    private static string Plain(string octets)
    {
        var bytes = Encoding.Latin1.GetBytes(octets);
        return JmapText.Clean(Charsets.Guess(bytes).GetString(bytes));
    }
}
