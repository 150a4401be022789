using System.Text.Json.Nodes;
using MimeKit;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>Reads an EmailBodyPart that a client describes (RFC 8621 §4.1.4, §4.6).</summary>
/// <param name="values">Texts by their partIds.</param>
/// <param name="request">For ids of blobs that it has made.</param>
/// <param name="messageFields">Names of the fields that the Email itself has.</param>
internal sealed class DraftPartReader(IReadOnlyDictionary<string, string> values, JmapRequest request, HashSet<string> messageFields)
{
    /// <summary>Levels of multiparts, far below what our own parser tells apart.</summary>
    private const int MaxDepth = 50;

    // RFC 2045 §5.1: tspecials.
    private const string NotInTokens = "()<>@,;:\\\"/[]?=";

    private static readonly string[] notOfMultiparts = ["partId", "blobId", "charset"];
    private static readonly string[] notOfTexts = ["charset", "size"];

    public DraftPart Read(JsonNode? node, string path, bool isRoot, string? otherwise) => Read(node, path, isRoot, otherwise, 1);

    private DraftPart Read(JsonNode? node, string path, bool isRoot, string? otherwise, int depth)
    {
        var json = node as JsonObject ?? throw Invalid("a part is an object", path);
        if (depth > MaxDepth)
        {
            throw Invalid($"parts stand {MaxDepth} levels deep at most", path);
        }

        var fields = new List<DraftField>();
        var seen = isRoot ? messageFields : new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in json.Where(member => !IsKnown(member.Key)))
        {
            // What these say stands in other properties, but how a part is encoded is not the client's to say.
            var property = name.StartsWith(HeaderProperty.Prefix, StringComparison.Ordinal) ? HeaderProperty.Find(name) : null;
            if (property is null || property.Name.Equals("Content-Transfer-Encoding", StringComparison.OrdinalIgnoreCase) || property.Name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase)
                || IsSaidBy(json, property.Name))
            {
                throw Invalid($"{name} cannot be set here", $"{path}/{name}");
            }

            fields.AddRange(DraftReader.ReadField(name, value, seen, $"{path}/"));
        }

        var part = new DraftPart
        {
            Type = TypeOf(json, path, otherwise),
            Disposition = Optional(json, "disposition", path, IsToken)?.ToLowerInvariant(),
            Name = Optional(json, "name", path, DraftHeader.IsText),
            ContentId = Optional(json, "cid", path, text => text.All(c => c is > ' ' and < '\u007f' and not ('<' or '>'))),
            Location = Optional(json, "location", path, text => text.All(c => c is > ' ' and < '\u007f')),
            Language = Languages(json["language"], $"{path}/language"),
            Fields = fields,
        };
        return part.IsMultipart ? WithParts(part, json, path, depth) : WithContent(part, json, path);
    }

    private DraftPart WithParts(DraftPart part, JsonObject json, string path, int depth)
    {
        foreach (var name in notOfMultiparts.Where(name => json[name] is not null))
        {
            throw Invalid($"a multipart has no {name}", $"{path}/{name}");
        }

        var parts = json["subParts"] is JsonArray { Count: > 0 } list ? list : throw Invalid("a multipart has parts", $"{path}/subParts");
        return part with { Parts = [.. parts.Select((child, i) => Read(child, $"{path}/subParts/{i}", isRoot: false, otherwise: null, depth + 1))] };
    }

    private DraftPart WithContent(DraftPart part, JsonObject json, string path)
    {
        if (json["subParts"] is not null and not JsonArray { Count: 0 })
        {
            throw Invalid("only a multipart has parts", $"{path}/subParts");
        }

        var (partId, blobId) = (Optional(json, "partId", path, _ => true), Optional(json, "blobId", path, _ => true));
        if (partId is null == blobId is null)
        {
            throw Invalid("a part has a partId or a blobId", partId is null ? $"{path}/partId" : $"{path}/blobId");
        }

        var charset = Optional(json, "charset", path, IsToken);
        if (blobId is not null)
        {
            return part with { BlobId = request.Resolve(blobId) ?? blobId, Parameters = charset is null ? [] : [("charset", charset)] };
        }

        foreach (var name in notOfTexts.Where(name => json[name] is not null))
        {
            throw Invalid($"{name} is not given with a partId", $"{path}/{name}");
        }

        // What is embedded as a message must be one.
        return part.Type.StartsWith("message/", StringComparison.Ordinal) ? throw Invalid("a message is given as a blob", $"{path}/type")
            : part with { Text = values.TryGetValue(partId!, out var text) ? text : throw Invalid($"bodyValues has no {partId}", $"{path}/partId") };
    }

    private static string TypeOf(JsonObject json, string path, string? otherwise)
    {
        var type = Optional(json, "type", path, text => text.Split('/') is [var media, var subtype] && IsToken(media) && IsToken(subtype))?.ToLowerInvariant();
        return type ?? otherwise ?? (json["subParts"] is JsonArray { Count: > 0 } ? "multipart/mixed" : json["partId"] is not null ? "text/plain" : MimeTypes.GetMimeType(JmapArguments.TextOf(json["name"]) ?? ""));
    }

    private static string[] Languages(JsonNode? node, string path)
    {
        if (node is null)
        {
            return [];
        }

        var tags = (node as JsonArray)?.Select(tag => JmapArguments.TextOf(tag) ?? "").ToArray();
        return tags is not null && tags.All(IsToken) ? tags : throw Invalid("language is an array of language tags", path);
    }

    private static string? Optional(JsonObject json, string name, string path, Func<string, bool> isValid) => json[name] is not { } node ? null
        : JmapArguments.TextOf(node) is { } text && text.Length > 0 && isValid(text) ? text : throw Invalid($"{name} is not one", $"{path}/{name}");

    private static bool IsKnown(string name) => name is "partId" or "blobId" or "size" or "name" or "type" or "charset" or "disposition" or "cid" or "language" or "location" or "subParts";

    // Two properties for one field (RFC 8621 §4.6).
    private static bool IsSaidBy(JsonObject json, string field) => field.ToUpperInvariant() switch
    {
        "CONTENT-DISPOSITION" => json["disposition"] is not null || json["name"] is not null,
        "CONTENT-ID" => json["cid"] is not null,
        "CONTENT-LANGUAGE" => json["language"] is not null,
        "CONTENT-LOCATION" => json["location"] is not null,
        _ => false,
    };

    private static bool IsToken(string text) => text.Length > 0 && text.All(c => c is > ' ' and < '\u007f' && !NotInTokens.Contains(c, StringComparison.Ordinal));

    private static SetException Invalid(string description, string path) => SetException.Invalid(description, path);
}
