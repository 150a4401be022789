using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap.Quotas;

/// <summary>Quota/changes (RFC 9425 §4.3). A state holds all that may change, so that every one is known for ever.</summary>
internal static class QuotaChanges
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var request = StandardChanges.Read(call);
        var before = AccountQuota.OfState(request.SinceState) ?? throw StandardChanges.CannotCalculate;
        var now = await AccountQuota.FindAsync(call, cancellationToken);
        var isUpdated = before.Exists && now.Exists && before != now;
        var response = request.Response(
            call, now.State, hasMore: false, Ids(!before.Exists && now.Exists), Ids(isUpdated), Ids(before.Exists && !now.Exists));
        response["updatedProperties"] = isUpdated && before.Limit == now.Limit ? new JsonArray("used") : null;
        return response;
    }

    private static string[] Ids(bool isOne) => isOne ? [AccountQuota.Id] : [];
}
