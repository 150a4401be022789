using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap.Quotas;

/// <summary>Quota/get (RFC 9425 §4.2).</summary>
internal static class QuotaGet
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var request = StandardGet.Read(call, AccountQuota.Properties.Contains);
        call.Arguments.Done();
        var quota = await AccountQuota.FindAsync(call, cancellationToken);
        var isAsked = quota.Exists && request.Ids?.Contains(AccountQuota.Id) != false;
        var list = isAsked ? new JsonArray(request.Choose(quota.ToJson())) : [];
        return StandardGet.Response(call, quota.State, list, (request.Ids ?? []).Where(id => !quota.Exists || id != AccountQuota.Id));
    }
}
