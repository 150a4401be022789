using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap.Quotas;

/// <summary>Quota/changes (RFC 9425 §4.3). A state holds all that may change, so that every one is known for ever.</summary>
internal static class QuotaChanges
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        _ = call.Account;
        var since = call.Arguments.RequireText("sinceState");
        if (call.Arguments.FindUnsigned("maxChanges") == 0)
        {
            throw MethodException.InvalidArguments("maxChanges must be above zero");
        }

        call.Arguments.Done();
        var before = AccountQuota.OfState(since) ?? throw new MethodException("cannotCalculateChanges", "this state was never given");
        var now = await AccountQuota.FindAsync(call, cancellationToken);
        var isUpdated = before.Exists && now.Exists && before != now;
        return new()
        {
            ["accountId"] = call.User.AccountKey,
            ["oldState"] = since,
            ["newState"] = now.State,
            ["hasMoreChanges"] = false,
            ["created"] = Ids(!before.Exists && now.Exists),
            ["updated"] = Ids(isUpdated),
            ["destroyed"] = Ids(before.Exists && !now.Exists),
            ["updatedProperties"] = isUpdated && before.Limit == now.Limit ? new JsonArray("used") : null,
        };
    }

    private static JsonArray Ids(bool isOne) => isOne ? [AccountQuota.Id] : [];
}
