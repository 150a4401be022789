using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap.Quotas;

/// <summary>Quota/queryChanges (RFC 9425 §4.5).</summary>
internal static class QuotaQueryChanges
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        _ = call.Account;
        var arguments = call.Arguments;
        var since = arguments.RequireText("sinceQueryState");
        var withTotal = arguments.FindBool("calculateTotal", otherwise: false);
        _ = (arguments.FindUnsigned("maxChanges"), arguments.FindText("upToId"));
        var ids = await QuotaFilter.RunAsync(call, cancellationToken);
        arguments.Done();
        if (since is not ("none" or "one"))
        {
            throw new MethodException("cannotCalculateChanges", "this state was never given");
        }

        var hadOne = since == "one";
        var json = new JsonObject
        {
            ["accountId"] = call.User.AccountKey,
            ["oldQueryState"] = since,
            ["newQueryState"] = QuotaQuery.StateOf(ids),
            ["removed"] = hadOne && ids.Count == 0 ? new JsonArray(AccountQuota.Id) : new JsonArray(),
            ["added"] = !hadOne && ids.Count == 1 ? new JsonArray(new JsonObject { ["id"] = AccountQuota.Id, ["index"] = 0 }) : new JsonArray(),
        };
        if (withTotal)
        {
            json["total"] = ids.Count;
        }

        return json;
    }
}
