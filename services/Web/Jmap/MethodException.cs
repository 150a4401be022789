using System.Text.Json.Nodes;
using MailCloud.Cluster;

namespace MailCloud.Web.Jmap;

/// <summary>A method-level error (RFC 8620 §3.6.2): the response is named <c>error</c> and has this type.</summary>
internal class MethodException(string type, string? description = null) : Exception(description ?? type)
{
    public string Type => type;

    public string? Description => description;

    public static MethodException InvalidArguments(string description) => new("invalidArguments", description);

    /// <summary>RFC 8620 §3.6.2: some of it was done, and the client finds out what.</summary>
    public static MethodException PartialFail(Exception cause) =>
        new("serverPartialFail", cause is GrainUnavailableException ? "what was asked for does not answer any more" : "a part of it failed by a fault of the server") { Cause = cause };

    /// <summary>What the server did not expect, for the log.</summary>
    public Exception? Cause { get; private init; }
}

/// <summary>Why one record of a set was not made, changed or destroyed (RFC 8620 §5.3).</summary>
internal sealed record SetError(string Type, string? Description = null)
{
    /// <summary>For invalidProperties.</summary>
    public IReadOnlyList<string> Properties { get; init; } = [];

    /// <summary>Other members: existingId, notFound, maxRecipients …</summary>
    public JsonObject? More { get; init; }

    public static SetError InvalidProperties(string description, params string[] properties) => new("invalidProperties", description) { Properties = properties };

    public JsonObject ToJson()
    {
        var json = new JsonObject { ["type"] = Type };
        if (Description is not null)
        {
            json["description"] = Description;
        }

        if (Properties.Count > 0)
        {
            json["properties"] = new JsonArray([.. Properties.Select(p => JsonValue.Create(p))]);
        }

        foreach (var (name, value) in More ?? [])
        {
            json[name] = value?.DeepClone();
        }

        return json;
    }
}
