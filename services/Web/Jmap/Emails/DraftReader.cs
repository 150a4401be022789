using System.Text.Json;
using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>Reads the Email that a client describes, and refuses what RFC 8621 §4.6 forbids.</summary>
internal sealed class DraftReader(JmapRequest request)
{
    private static readonly string[] flags = ["isEncodingProblem", "isTruncated"];
    private static readonly string[] lists = ["textBody", "htmlBody", "attachments"];

    private readonly HashSet<string> fields = new(StringComparer.OrdinalIgnoreCase);

    /// <exception cref="SetException">invalidProperties, with the path of the first that is wrong.</exception>
    public EmailDraft Read(JsonNode? node)
    {
        var json = node as JsonObject ?? throw SetException.Invalid("an Email is an object");
        var values = ReadValues(json["bodyValues"]);
        var header = new List<DraftField>();
        foreach (var (name, value) in json)
        {
            switch (name)
            {
                case "mailboxIds" or "keywords" or "receivedAt" or "bodyValues" or "bodyStructure" or "textBody" or "htmlBody" or "attachments":
                    break;
                default:
                    header.AddRange(ReadField(name, value, fields, ""));
                    break;
            }
        }

        return new(
            EmailProperties.Folders(json["mailboxIds"], request),
            EmailProperties.Keywords(json["keywords"]),
            EmailProperties.ReceivedAt(json["receivedAt"]),
            header,
            ReadBody(json, new(values, request, fields)));
    }

    /// <exception cref="SetException">It is no header field, is one that is there already, or has a value that its form does not have.</exception>
    public static IReadOnlyList<DraftField> ReadField(string name, JsonNode? value, HashSet<string> seen, string path)
    {
        // Not on the Email itself: its body is one of the lists or the structure, whose parts say what they are.
        var property = HeaderProperty.Find(name);
        if (property is null || (path.Length == 0 && property.Name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase)))
        {
            throw SetException.Invalid($"{path}{name} cannot be set", path + name);
        }

        if (DraftHeader.Write(property, value) is not { } written)
        {
            throw SetException.Invalid($"{path}{name} has no value of its form", path + name);
        }

        return value is null || seen.Add(property.Name) ? written : throw SetException.Invalid($"{property.Name} is given twice", path + name);
    }

    // RFC 8621 §4.1.4: EmailBodyValue.
    private static Dictionary<string, string> ReadValues(JsonNode? node)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        if (node is null)
        {
            return values;
        }

        foreach (var (id, value) in node as JsonObject ?? throw SetException.Invalid("bodyValues is an object", "bodyValues"))
        {
            var path = $"bodyValues/{id}";
            var json = value as JsonObject ?? throw SetException.Invalid($"{path} is an object", path);
            if (json.FirstOrDefault(member => member.Key is not ("value" or "isEncodingProblem" or "isTruncated")).Key is { } unknown)
            {
                throw SetException.Invalid($"there is no {unknown}", $"{path}/{unknown}");
            }

            if (flags.FirstOrDefault(name => json[name] is { } flag && flag.GetValueKind() != JsonValueKind.False) is { } wrong)
            {
                throw SetException.Invalid($"{wrong} is false, or not there", $"{path}/{wrong}");
            }

            values[id] = JmapArguments.TextOf(json["value"]) ?? throw SetException.Invalid("value is a string", $"{path}/value");
        }

        return values;
    }

    private static DraftPart ReadBody(JsonObject json, DraftPartReader reader)
    {
        if (json["bodyStructure"] is { } structure)
        {
            return lists.FirstOrDefault(name => json[name] is not null) is { } other
                ? throw SetException.Invalid($"{other} cannot be beside bodyStructure", other)
                : reader.Read(structure, "bodyStructure", isRoot: true, otherwise: null);
        }

        var text = ReadOne(json["textBody"], "textBody", "text/plain", reader);
        var html = ReadOne(json["htmlBody"], "htmlBody", "text/html", reader);
        var attachments = json["attachments"] is not { } list ? [] : (list as JsonArray ?? throw SetException.Invalid("attachments is an array", "attachments"))
            .Select((part, i) => reader.Read(part, $"attachments/{i}", isRoot: false, otherwise: null)).ToArray();
        return Assemble(text, html, attachments);
    }

    private static DraftPart? ReadOne(JsonNode? node, string name, string type, DraftPartReader reader)
    {
        if (node is null)
        {
            return null;
        }

        var part = node is JsonArray { Count: 1 } list ? reader.Read(list[0], $"{name}/0", isRoot: false, otherwise: type) : throw SetException.Invalid($"{name} has exactly one part", name);
        return part.Type == type ? part : throw SetException.Invalid($"the part of {name} is {type}", $"{name}/0/type");
    }

    // What is shown within the HTML stands beside it (RFC 2387), the two ways to read it are alternatives (RFC 2046 §5.1.4), and all else comes after (§5.1.3).
    private static DraftPart Assemble(DraftPart? text, DraftPart? html, DraftPart[] attachments)
    {
        DraftPart[] related = html is null ? [] : [.. attachments.Where(part => part.ContentId is not null && part.Disposition == "inline")];
        var shown = html is null || related.Length == 0 ? html : Multipart("related", [html, .. related]) with { Parameters = [("type", "text/html")] };
        var body = text is not null && shown is not null ? Multipart("alternative", [text, shown]) : text ?? shown;
        var rest = attachments.Except(related, ReferenceEqualityComparer.Instance).OfType<DraftPart>().ToArray();
        return rest.Length == 0 ? body ?? new() { Type = "text/plain", Text = "" } : Multipart("mixed", body is null ? rest : [body, .. rest]);
    }

    private static DraftPart Multipart(string subtype, IReadOnlyList<DraftPart> parts) => new() { Type = $"multipart/{subtype}", Parts = parts };
}
