using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap;

/// <summary>The arguments of a /changes (RFC 8620 §5.2).</summary>
internal sealed record StandardChanges(string SinceState, int? MaxChanges)
{
    public static MethodException CannotCalculate => new("cannotCalculateChanges", "what changed since is not known any more");

    public static StandardChanges Read(JmapCall call)
    {
        _ = call.Account;
        var request = new StandardChanges(call.Arguments.RequireText("sinceState"), ReadMaxChanges(call.Arguments));
        call.Arguments.Done();
        return request;
    }

    /// <exception cref="MethodException">It is zero or less (RFC 8620 §5.2).</exception>
    public static int? ReadMaxChanges(JmapArguments arguments) => arguments.FindInt("maxChanges") switch
    {
        null => null,
        <= 0 => throw MethodException.InvalidArguments("maxChanges must be more than zero"),
        var max => (int)Math.Min(max.Value, int.MaxValue),
    };

    public JsonObject Response(
        JmapCall call, string newState, bool hasMore, IEnumerable<string> created, IEnumerable<string> updated, IEnumerable<string> destroyed) => new()
        {
            ["accountId"] = call.User.AccountKey,
            ["oldState"] = SinceState,
            ["newState"] = newState,
            ["hasMoreChanges"] = hasMore,
            ["created"] = JmapText.Array(created),
            ["updated"] = JmapText.Array(updated),
            ["destroyed"] = JmapText.Array(destroyed),
        };
}
