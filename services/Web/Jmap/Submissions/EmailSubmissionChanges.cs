using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Submissions;

/// <summary>EmailSubmission/changes (RFC 8621 §7.2). What the trace tells of deliveries is no change.</summary>
internal static class EmailSubmissionChanges
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var request = StandardChanges.Read(call);
        var grain = call.Services.Grains.GetGrain<ISubmissionsGrain>(call.Account.Value);
        return await SentRecords.ChangesAsync(call, request, (since, max) => grain.GetChangesAsync(since, max), SubmissionJson.IdOf, cancellationToken).ConfigureAwait(false);
    }
}
