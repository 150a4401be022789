using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

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
        var (asksForStatus, asksForReports) = (request.Properties?.Contains("deliveryStatus") != false, request.Properties?.Contains("dsnBlobIds") != false);
        var list = new JsonArray();
        foreach (var submission in found.Submissions)
        {
            var told = asksForStatus || asksForReports ? await DeliveryStatus.ReadAsync(call.Services, submission, cancellationToken).ConfigureAwait(false) : null;
            var reports = asksForReports && told is { Reports.Count: > 0 } ? await FiledAsync(call, told.Reports, cancellationToken).ConfigureAwait(false) : [];
            list.Add(request.Choose(SubmissionJson.Of(submission, told?.Status, reports)));
        }

        var known = found.Submissions.Select(submission => SubmissionJson.IdOf(submission.Id)).ToHashSet(StringComparer.Ordinal);
        return StandardGet.Response(call, JmapState.Text(found.State), list, ids.Where(id => !known.Contains(id)));
    }

    /// <summary>Of these reports, in their order, the blobs of those that are in the mailbox: they are sent to the reverse-path, which may be another's, and may be deleted.</summary>
    private static async Task<JsonArray> FiledAsync(JmapCall call, IReadOnlyList<DeliveryId> reports, CancellationToken cancellationToken)
    {
        var emails = call.Emails;
        Guid[] asked = [.. reports.Select(report => report.Value)];
        var page = await call.Services.Calls.CallAsync(() => emails.GetAsync(asked, withContent: false), cancellationToken).ConfigureAwait(false);
        var filed = page.Emails.Select(email => email.Id).ToHashSet();
        return JmapText.Array(asked.Where(filed.Contains).Select(report => new BlobId(BlobKind.Message, report).ToString()));
    }

    private static async Task<IReadOnlyList<string>> AllAsync(JmapCall call, ISubmissionsGrain grain, CancellationToken cancellationToken)
    {
        var rows = await call.Services.Calls.CallAsync(() => grain.GetRowsAsync(), cancellationToken).ConfigureAwait(false);
        StandardGet.CheckCount(call, rows.Rows.Length);
        return [.. rows.Rows.Select(row => SubmissionJson.IdOf(row.Id))];
    }
}
