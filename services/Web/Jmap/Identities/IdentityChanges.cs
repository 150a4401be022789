using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Identities;

/// <summary>Identity/changes (RFC 8621 §6.2).</summary>
internal static class IdentityChanges
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var request = StandardChanges.Read(call);
        var grain = call.Services.Grains.GetGrain<ISubmissionsGrain>(call.Account.Value);
        return await SentRecords.ChangesAsync(call, request, (since, max) => grain.GetIdentityChangesAsync(since, max), IdentityJson.IdOf, cancellationToken).ConfigureAwait(false);
    }
}
