using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MailCloud.Web.Jmap.Emails.Search;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>Email/queryChanges (RFC 8621 §4.5), of queries that rows answer.</summary>
internal static class EmailQueryChanges
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var request = StandardQueryChanges.Read(call);
        var collapse = call.Arguments.FindBool("collapseThreads", false);
        call.Arguments.Done();
        var filter = EmailConditions.Read(request.Filter);
        var order = EmailOrder.Read(request.Sort);
        if (filter.NeedsContent() || order.NeedsContent || !JmapState.TryParse(request.SinceQueryState, out long since))
        {
            throw StandardChanges.CannotCalculate;
        }

        var query = new MailboxContracts.EmailQuery { Filter = filter.ToRows(), Sort = order.ToRows(), CollapseThreads = collapse };
        var asked = new EmailQueryChangesRequest
        {
            Since = since,
            MaxChanges = request.MaxChanges,
            UpTo = request.UpToId is { } id && ObjectIds.TryParseEmail(id, out var upTo) ? upTo : null,
            CalculateTotal = request.CalculateTotal,
        };
        var grain = call.Emails;
        var changes = await call.Services.Calls.CallAsync(() => grain.QueryChangesAsync(query, asked), cancellationToken).ConfigureAwait(false);
        return changes.Outcome switch
        {
            EmailQueryChangesOutcome.TooMany => throw StandardQueryChanges.TooManyChanges,
            EmailQueryChangesOutcome.Unknown => throw StandardChanges.CannotCalculate,
            _ => request.Response(
                call,
                JmapState.Text(changes.ModSeq),
                [.. changes.Removed.Select(ObjectIds.OfEmail)],
                [.. changes.Added.Select(added => (ObjectIds.OfEmail(added.Email), added.Index))],
                changes.Total),
        };
    }
}
