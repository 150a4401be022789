using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Identities;

/// <summary>Identity/get (RFC 8621 §6.1).</summary>
internal static class IdentityGet
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var request = StandardGet.Read(call, IdentityJson.Properties.Contains);
        call.Arguments.Done();
        var kept = await ReadAsync(call, cancellationToken).ConfigureAwait(false);
        var all = kept.Identities.ToDictionary(identity => IdentityJson.IdOf(identity.Id));
        var ids = request.Ids ?? [.. kept.Identities.Select(identity => IdentityJson.IdOf(identity.Id))];
        var list = new JsonArray([.. ids.Where(all.ContainsKey).Select(id => request.Choose(IdentityJson.Of(all[id], call.User)))]);
        return StandardGet.Response(call, JmapState.Text(kept.State), list, ids.Where(id => !all.ContainsKey(id)));
    }

    public static async Task<IdentityList> ReadAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var grain = call.Services.Grains.GetGrain<ISubmissionsGrain>(call.Account.Value);
        return await call.Services.Calls.CallAsync(() => grain.GetIdentitiesAsync(), cancellationToken).ConfigureAwait(false);
    }
}
