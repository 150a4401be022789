using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Submissions;

/// <summary>EmailSubmission/queryChanges (RFC 8621 §7.4): whatever changed is told as removed, and as added where it is among the results now (RFC 8620 §5.6).</summary>
internal static class EmailSubmissionQueryChanges
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var request = StandardQueryChanges.Read(call);
        call.Arguments.Done();
        var query = new SubmissionQuery(request.Filter, request.Sort);
        var grain = call.Services.Grains.GetGrain<ISubmissionsGrain>(call.Account.Value);
        if (!JmapState.TryParse(request.SinceQueryState, out long since))
        {
            throw StandardChanges.CannotCalculate;
        }

        // The rows first: a change between both is told again by the next question.
        var rows = await call.Services.Calls.CallAsync(() => grain.GetRowsAsync(), cancellationToken).ConfigureAwait(false);
        var changes = await call.Services.Calls.CallAsync(() => grain.GetChangesAsync(since, int.MaxValue), cancellationToken).ConfigureAwait(false);
        if (!changes.Known)
        {
            throw StandardChanges.CannotCalculate;
        }

        var all = query.Run(rows.Rows);
        var touched = changes.Created.Concat(changes.Updated).Select(SubmissionJson.IdOf).ToHashSet(StringComparer.Ordinal);
        var removed = changes.Updated.Concat(changes.Destroyed).Select(SubmissionJson.IdOf).ToArray();
        var added = all.Index().Where(row => touched.Contains(row.Item)).Select(row => (row.Item, (long)row.Index)).ToArray();
        return request.Response(call, JmapState.Text(rows.State), removed, added, all.Count);
    }
}
