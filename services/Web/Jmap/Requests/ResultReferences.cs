using System.Globalization;
using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap.Requests;

/// <summary>
/// Puts results of earlier calls of a request where a later one refers to them (RFC 8620 §3.7): the argument <c>#ids</c> with a reference becomes <c>ids</c> with what it refers to.
/// </summary>
/// <param name="budget">
/// How much references of the request copy together, in characters, and how many items they look at: a call that takes the whole result before it twice would double with each call.
/// </param>
internal sealed class ResultReferences(IReadOnlyList<Invocation> responses, long budget)
{
    private long left = budget;

    /// <exception cref="MethodException">invalidResultReference, or invalidArguments, or requestTooLarge.</exception>
    public JsonObject Resolve(JsonObject arguments)
    {
        if (!arguments.Any(argument => argument.Key.StartsWith('#')))
        {
            return arguments;
        }

        var resolved = new JsonObject();
        foreach (var (name, value) in arguments)
        {
            var plain = name.StartsWith('#') ? name[1..] : name;
            if (resolved.ContainsKey(plain))
            {
                throw MethodException.InvalidArguments($"{plain} is there both by itself and as a reference");
            }

            resolved[plain] = name.StartsWith('#') ? Follow(value) : value?.DeepClone();
        }

        return resolved;
    }

    private JsonNode? Follow(JsonNode? value)
    {
        if (value is not JsonObject { Count: 3 } reference || JmapArguments.TextOf(reference["resultOf"]) is not { } callId
            || JmapArguments.TextOf(reference["name"]) is not { } name || JmapArguments.TextOf(reference["path"]) is not { } path)
        {
            throw Invalid("a reference is {resultOf, name, path}");
        }

        if (responses.Where(response => response.CallId == callId).Select(response => (Invocation?)response).FirstOrDefault() is not { } response || response.Name != name)
        {
            throw Invalid($"there is no response {name} of a call {callId} before");
        }

        // RFC 6901 §5: a pointer is empty, or each of its tokens begins with a slash.
        return path.Length > 0 && path[0] != '/' ? throw Invalid($"{path} is no JSON pointer") : Copy(Evaluate(response.Arguments, path.Split('/').AsSpan(1), path));
    }

    private Found Evaluate(JsonNode? node, ReadOnlySpan<string> tokens, string path)
    {
        if (tokens.IsEmpty)
        {
            return new(node, null);
        }

        if (node is JsonArray array)
        {
            return tokens[0] == "*" ? EvaluateEach(array, tokens[1..], path) : Evaluate(ItemOf(array, tokens[0], path), tokens[1..], path);
        }

        // RFC 6901 §4.
        var name = tokens[0].Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
        return node is JsonObject json && json.TryGetPropertyValue(name, out var member) ? Evaluate(member, tokens[1..], path) : throw Invalid($"{path} leads to nothing");
    }

    // RFC 8620 §3.7: the rest of the path for each item; where that gives arrays, their items.
    private Found EvaluateEach(JsonArray array, ReadOnlySpan<string> tokens, string path)
    {
        // To look at an item costs, whether or not it gives anything: many references to a long list of little would else be free.
        Spend(array.Count);
        var all = new List<JsonNode?>();
        foreach (var item in array)
        {
            var found = Evaluate(item, tokens, path);
            if (found.Items is { } items)
            {
                all.AddRange(items);
            }
            else if (found.Node is JsonArray inner)
            {
                all.AddRange(inner);
            }
            else
            {
                all.Add(found.Node);
            }
        }

        return new(null, all);
    }

    private static JsonNode? ItemOf(JsonArray array, string token, string path) =>
        (token == "0" || !token.StartsWith('0')) && int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < array.Count
            ? array[index]
            : throw Invalid($"{path} leads to nothing");

    private JsonNode? Copy(Found found)
    {
        Spend(found.Items is { } copied ? copied.Sum(JmapJson.LengthOf) : JmapJson.LengthOf(found.Node));
        return found.Items is { } items ? new JsonArray([.. items.Select(item => item?.DeepClone())]) : found.Node?.DeepClone();
    }

    private void Spend(long cost)
    {
        left -= cost;
        if (left < 0)
        {
            throw new MethodException("requestTooLarge", "what references of this request take is more than a request may have");
        }
    }

    private static MethodException Invalid(string description) => new("invalidResultReference", description);

    /// <summary>A node, or those that a <c>*</c> has gathered.</summary>
    private readonly record struct Found(JsonNode? Node, List<JsonNode?>? Items);
}
