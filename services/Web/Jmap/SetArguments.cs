using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap;

/// <summary>The arguments that every /set has (RFC 8620 §5.3).</summary>
internal sealed record SetArguments(string? IfInState, JsonObject Create, JsonObject Update, IReadOnlyList<string> Destroy)
{
    /// <summary>Reads them, the account's first; other arguments are the method's, which then calls <see cref="JmapArguments.Done"/>.</summary>
    /// <exception cref="MethodException">requestTooLarge, or invalidArguments.</exception>
    public static SetArguments Read(JmapCall call)
    {
        _ = call.Account;
        var arguments = call.Arguments;
        var set = new SetArguments(arguments.FindText("ifInState"), arguments.FindObject("create") ?? [], arguments.FindObject("update") ?? [], [.. (arguments.FindTexts("destroy") ?? []).Distinct(StringComparer.Ordinal)]);
        var most = call.Services.Options.MaxObjectsInSet;
        return set.Create.Count + set.Update.Count + set.Destroy.Count > most ? throw new MethodException("requestTooLarge", $"at most {most} at once") : set;
    }

    /// <exception cref="MethodException">stateMismatch.</exception>
    public void CheckState(string state)
    {
        if (IfInState is { } wanted && wanted != state)
        {
            throw StateMismatch;
        }
    }

    public static MethodException StateMismatch => new("stateMismatch", "the state is not the one that was asked for");
}

/// <summary>What a /set has done so far.</summary>
internal sealed class SetOutcome
{
    public JsonObject Created { get; } = [];

    public JsonObject Updated { get; } = [];

    public JsonArray Destroyed { get; } = [];

    public JsonObject NotCreated { get; } = [];

    public JsonObject NotUpdated { get; } = [];

    public JsonObject NotDestroyed { get; } = [];

    public JsonObject ToJson(JmapCall call, string? oldState, string newState) => new()
    {
        ["accountId"] = call.User.AccountKey,
        ["oldState"] = oldState,
        ["newState"] = newState,
        ["created"] = OrNull(Created),
        ["updated"] = OrNull(Updated),
        ["destroyed"] = Destroyed.Count == 0 ? null : Destroyed,
        ["notCreated"] = OrNull(NotCreated),
        ["notUpdated"] = OrNull(NotUpdated),
        ["notDestroyed"] = OrNull(NotDestroyed),
    };

    private static JsonObject? OrNull(JsonObject members) => members.Count == 0 ? null : members;
}
