using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Submissions;

/// <summary>EmailSubmission/query (RFC 8621 §7.3).</summary>
internal static class EmailSubmissionQuery
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var request = StandardQuery.Read(call);
        call.Arguments.Done();
        var query = new SubmissionQuery(request.Filter, request.Sort);
        var grain = call.Services.Grains.GetGrain<ISubmissionsGrain>(call.Account.Value);
        var rows = await call.Services.Calls.CallAsync(() => grain.GetRowsAsync(), cancellationToken).ConfigureAwait(false);
        var all = query.Run(rows.Rows).ToList();
        var start = Math.Min(request.StartIn(all.Count, anchor => all.IndexOf(call.Request.Resolve(anchor) ?? anchor)), all.Count);
        var window = all.Skip((int)start).Take(request.LimitOf(MailSubmission.Most * 2));
        return request.Response(call, JmapState.Text(rows.State), canCalculateChanges: true, start, window, all.Count);
    }
}
