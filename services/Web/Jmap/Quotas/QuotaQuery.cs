using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap.Quotas;

/// <summary>Quota/query (RFC 9425 §4.4): a window of one id at most.</summary>
internal static class QuotaQuery
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        _ = call.Account;
        var arguments = call.Arguments;
        var (position, limit, withTotal) = (arguments.FindInt("position") ?? 0, arguments.FindUnsigned("limit"), arguments.FindBool("calculateTotal", otherwise: false));
        var (anchor, offset) = (arguments.FindText("anchor"), arguments.FindInt("anchorOffset") ?? 0);
        var ids = await QuotaFilter.RunAsync(call, cancellationToken);
        arguments.Done();
        if (anchor is not null && !ids.Contains(anchor))
        {
            throw new MethodException("anchorNotFound", "the anchor is not among the results");
        }

        // RFC 8620 §5.5: from the end, and no further than the beginning.
        var first = (int)Math.Clamp(anchor is not null ? offset : position < 0 ? ids.Count + position : position, 0, ids.Count);
        var page = ids.Skip(first).Take((int)Math.Min(limit ?? 1, 1));
        var json = new JsonObject
        {
            ["accountId"] = call.User.AccountKey,
            ["queryState"] = StateOf(ids),
            ["canCalculateChanges"] = true,
            ["position"] = first,
            ["ids"] = new JsonArray([.. page.Select(id => JsonValue.Create(id))]),
        };
        if (withTotal)
        {
            json["total"] = ids.Count;
        }

        return json;
    }

    /// <summary>How many there are: that is all that may change.</summary>
    public static string StateOf(IReadOnlyList<string> ids) => ids.Count == 0 ? "none" : "one";
}
