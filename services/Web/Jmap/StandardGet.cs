using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap;

/// <summary>The arguments that every /get has (RFC 8620 §5.1).</summary>
/// <param name="Ids">Each once; null: all there are.</param>
/// <param name="Properties">Null: the type's own choice.</param>
internal sealed record StandardGet(IReadOnlyList<string>? Ids, IReadOnlyList<string>? Properties)
{
    /// <summary>Header fields are properties too, of any name: more than any client shows.</summary>
    private const int MaxProperties = 200;

    /// <summary>Reads them, the account's first; other arguments are the method's, which then calls <see cref="JmapArguments.Done"/>.</summary>
    /// <param name="call">The call.</param>
    /// <param name="isProperty">Whether the type has a property of this name.</param>
    /// <exception cref="MethodException">requestTooLarge, or invalidArguments.</exception>
    public static StandardGet Read(JmapCall call, Func<string, bool> isProperty)
    {
        _ = call.Account;
        var ids = call.Arguments.FindTexts("ids")?.Select(id => call.Request.Resolve(id) ?? id).Distinct(StringComparer.Ordinal).ToArray();
        CheckCount(call, ids?.Length ?? 0);
        return new(ids, ReadProperties(call, "properties", isProperty));
    }

    /// <exception cref="MethodException">There are others than those of the type (RFC 8620 §5.1).</exception>
    public static IReadOnlyList<string>? ReadProperties(JmapCall call, string argument, Func<string, bool> isProperty)
    {
        var properties = call.Arguments.FindTexts(argument)?.Distinct(StringComparer.Ordinal).ToArray();
        return properties?.FirstOrDefault(property => !isProperty(property)) is { } unknown ? throw MethodException.InvalidArguments($"{argument}: there is no {unknown}")
            : properties?.Length > MaxProperties ? throw MethodException.InvalidArguments($"{argument}: {MaxProperties} properties at most")
            : properties;
    }

    public static void CheckCount(JmapCall call, int count)
    {
        if (count > call.Services.Options.MaxObjectsInGet)
        {
            throw new MethodException("requestTooLarge", $"at most {call.Services.Options.MaxObjectsInGet} at once");
        }
    }

    /// <summary>The record with the properties that were asked for; the id always is.</summary>
    public JsonObject Choose(JsonObject record)
    {
        if (Properties is not null)
        {
            foreach (var name in record.Select(p => p.Key).Where(name => name != "id" && !Properties.Contains(name)).ToList())
            {
                record.Remove(name);
            }
        }

        return record;
    }

    public static JsonObject Response(JmapCall call, string state, JsonArray list, IEnumerable<string> notFound) => new()
    {
        ["accountId"] = call.User.AccountKey,
        ["state"] = state,
        ["list"] = list,
        ["notFound"] = JmapText.Array(notFound),
    };
}
