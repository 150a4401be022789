using System.Text.Json;
using System.Text.Json.Nodes;
using MailCloud.Messages;

namespace MailCloud.Web.Jmap;

/// <summary>
/// The arguments of one call, read by name and type. What has another type, is missing or is unknown is invalidArguments (RFC 8620 §3.6.2), and the description names it.
/// </summary>
internal sealed class JmapArguments(JsonObject json)
{
    /// <summary>RFC 8620 §1.3: integers are safe in a double.</summary>
    private const long MaxInt = (1L << 53) - 1;

    private readonly HashSet<string> read = [];

    /// <summary>A copy of them, whatever they are.</summary>
    public JsonObject All() => (JsonObject)json.DeepClone();

    public bool Has(string name) => Find(name) is not null;

    /// <summary>Null when it is missing or null.</summary>
    public JsonNode? Find(string name)
    {
        read.Add(name);
        return json[name];
    }

    public AccountId RequireAccount(string name, JmapUser user) =>
        RequireText(name) == user.AccountKey ? user.Account : throw new MethodException("accountNotFound", "the only account is the one of the session resource");

    public string RequireText(string name) => FindText(name) ?? throw Missing(name);

    public string? FindText(string name) => Read<string>(name, JsonValueKind.String, "a string");

    public bool FindBool(string name, bool otherwise) => Find(name) is null ? otherwise
        : Find(name)!.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? Find(name)!.GetValue<bool>() : throw Wrong(name, "true or false");

    public long? FindInt(string name)
    {
        if (Find(name) is not { } node)
        {
            return null;
        }

        return TryInt(node) ?? throw Wrong(name, "an integer");
    }

    public long? FindUnsigned(string name) => FindInt(name) is var number && number is < 0 ? throw Wrong(name, "zero or more") : number;

    /// <summary>An array of ids or other strings; null when it is missing or null.</summary>
    public IReadOnlyList<string>? FindTexts(string name)
    {
        if (Find(name) is not { } node)
        {
            return null;
        }

        var texts = (node as JsonArray ?? throw Wrong(name, "an array of strings")).Select(item => TextOf(item) ?? throw Wrong(name, "an array of strings"));
        return [.. texts];
    }

    public IReadOnlyList<string> RequireTexts(string name) => FindTexts(name) ?? throw Missing(name);

    public JsonObject? FindObject(string name) => Find(name) is not { } node ? null : node as JsonObject ?? throw Wrong(name, "an object");

    public JsonObject RequireObject(string name) => FindObject(name) ?? throw Missing(name);

    public JsonArray? FindArray(string name) => Find(name) is not { } node ? null : node as JsonArray ?? throw Wrong(name, "an array");

    /// <summary>All that the method knows has been read.</summary>
    /// <exception cref="MethodException">There are others.</exception>
    public void Done()
    {
        var unknown = json.Select(p => p.Key).Where(name => !read.Contains(name)).ToList();
        if (unknown.Count > 0)
        {
            throw MethodException.InvalidArguments($"unknown: {string.Join(", ", unknown)}");
        }
    }

    /// <summary>The same of the conditions of a filter (RFC 8620 §5.5).</summary>
    /// <exception cref="MethodException">unsupportedFilter: there are others.</exception>
    public void DoneAsFilter()
    {
        if (json.FirstOrDefault(p => !read.Contains(p.Key)).Key is { } unknown)
        {
            throw new MethodException("unsupportedFilter", $"there is no condition {unknown}");
        }
    }

    /// <summary>Null when it is none.</summary>
    public static string? TextOf(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : null;

    /// <summary>Null when it is none; 1.0 is one (RFC 8620 §1.3 counts values, not spellings).</summary>
    public static long? TryInt(JsonNode node)
    {
        if (node is not JsonValue value || node.GetValueKind() != JsonValueKind.Number)
        {
            return null;
        }

        // A number that another call gave, as references bring it, is of the type that it was made of.
        var whole = value.TryGetValue<long>(out var large) ? large : value.TryGetValue<int>(out var small) ? small : default(long?);
        return whole is { } exact ? (exact is >= -MaxInt and <= MaxInt ? exact : null)
            : value.TryGetValue<double>(out var number) && number == Math.Floor(number) && Math.Abs(number) <= MaxInt ? (long)number : null;
    }

    private T? Read<T>(string name, JsonValueKind kind, string what)
        where T : class => Find(name) is not { } node ? null : node.GetValueKind() == kind ? node.GetValue<T>() : throw Wrong(name, what);

    private static MethodException Missing(string name) => MethodException.InvalidArguments($"{name} is missing");

    private static MethodException Wrong(string name, string what) => MethodException.InvalidArguments($"{name} must be {what}");
}
