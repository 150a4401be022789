using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Vacation;

/// <summary>VacationResponse/get (RFC 8621 §8.1).</summary>
internal static class VacationResponseGet
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var request = StandardGet.Read(call, VacationJson.Properties.Contains);
        call.Arguments.Done();
        var kept = await ReadAsync(call, cancellationToken).ConfigureAwait(false);
        var ids = request.Ids ?? [VacationJson.Id];
        var list = ids.Contains(VacationJson.Id) ? new JsonArray(request.Choose(VacationJson.Of(kept.Response))) : new JsonArray();
        return StandardGet.Response(call, JmapState.Text(kept.State), list, ids.Where(id => id != VacationJson.Id));
    }

    public static async Task<KeptVacation> ReadAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var grain = call.Services.Grains.GetGrain<IVacationGrain>(call.Account.Value);
        return await call.Services.Calls.CallAsync(() => grain.GetAsync(), cancellationToken).ConfigureAwait(false);
    }
}
