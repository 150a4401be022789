using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Submissions;

/// <summary>EmailSubmission/get (RFC 8621 §7.1).</summary>
internal static class EmailSubmissionGet
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var request = StandardGet.Read(call, SubmissionJson.Properties.Contains);
        call.Arguments.Done();
        var grain = call.Services.Grains.GetGrain<ISubmissionsGrain>(call.Account.Value);
        var ids = request.Ids ?? await AllAsync(call, grain, cancellationToken).ConfigureAwait(false);
        var wanted = ids.Select(id => SubmissionJson.TryParseId(id, out var submission) ? submission : (Guid?)null).OfType<Guid>().ToArray();
        var found = await call.Services.Calls.CallAsync(() => grain.GetAsync(wanted), cancellationToken).ConfigureAwait(false);
        var asksForStatus = request.Properties?.Contains("deliveryStatus") != false;
        var list = new JsonArray();
        foreach (var submission in found.Submissions)
        {
            var status = asksForStatus ? await DeliveryStatus.ReadAsync(call.Services, submission, cancellationToken).ConfigureAwait(false) : null;
            list.Add(request.Choose(SubmissionJson.Of(submission, status)));
        }

        var known = found.Submissions.Select(submission => SubmissionJson.IdOf(submission.Id)).ToHashSet(StringComparer.Ordinal);
        return StandardGet.Response(call, JmapState.Text(found.State), list, ids.Where(id => !known.Contains(id)));
    }

    private static async Task<IReadOnlyList<string>> AllAsync(JmapCall call, ISubmissionsGrain grain, CancellationToken cancellationToken)
    {
        var rows = await call.Services.Calls.CallAsync(() => grain.GetRowsAsync(), cancellationToken).ConfigureAwait(false);
        StandardGet.CheckCount(call, rows.Rows.Length);
        return [.. rows.Rows.Select(row => SubmissionJson.IdOf(row.Id))];
    }
}
