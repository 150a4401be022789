using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap.Requests;

/// <summary>One method call as it was sent, or its response (RFC 8620 §3.2).</summary>
internal readonly record struct Invocation(string Name, JsonObject Arguments, string CallId);

/// <summary>A Request object (RFC 8620 §3.3). Members that it does not have are ignored: others may come with what carries it (RFC 8887 §4.3.2).</summary>
internal sealed record RequestObject(IReadOnlySet<string> Using, IReadOnlyList<Invocation> Calls, IReadOnlyDictionary<string, string>? CreatedIds)
{
    public static bool TryRead(JsonNode? node, [NotNullWhen(true)] out RequestObject? request)
    {
        request = null;
        if (node is not JsonObject json || json["using"] is not JsonArray names || json["methodCalls"] is not JsonArray calls)
        {
            return false;
        }

        var capabilities = names.Select(JmapArguments.TextOf).ToList();
        var invocations = calls.Select(InvocationOf).ToList();
        if (capabilities.Contains(null) || invocations.Contains(null) || !TryReadCreatedIds(json, out var created))
        {
            return false;
        }

        request = new(capabilities.OfType<string>().ToHashSet(StringComparer.Ordinal), [.. invocations.OfType<Invocation>()], created);
        return true;
    }

    private static Invocation? InvocationOf(JsonNode? node) =>
        node is JsonArray { Count: 3 } call && JmapArguments.TextOf(call[0]) is { } name && call[1] is JsonObject arguments && JmapArguments.TextOf(call[2]) is { } id ? new(name, arguments, id) : null;

    private static bool TryReadCreatedIds(JsonObject json, out IReadOnlyDictionary<string, string>? created)
    {
        created = null;
        if (json["createdIds"] is not { } node)
        {
            return true;
        }

        if (node is not JsonObject ids || ids.Any(id => JmapArguments.TextOf(id.Value) is null))
        {
            return false;
        }

        created = ids.ToDictionary(id => id.Key, id => JmapArguments.TextOf(id.Value)!, StringComparer.Ordinal);
        return true;
    }
}
