using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MailCloud.Web.Jmap.Emails.Search;
using MailCloud.Web.Jmap.Mailboxes;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>Email/query (RFC 8621 §4.4): what rows tell is asked of the mailbox, what needs content is searched here.</summary>
internal static class EmailQuery
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var request = StandardQuery.Read(call);
        var collapse = call.Arguments.FindBool("collapseThreads", false);
        call.Arguments.Done();
        var filter = EmailConditions.Read(request.Filter);
        var order = EmailOrder.Read(request.Sort);
        return filter.NeedsContent() || order.NeedsContent
            ? await SearchAsync(call, request, filter, order, collapse, cancellationToken).ConfigureAwait(false)
            : await QueryAsync(call, request, new() { Filter = filter.ToRows(), Sort = order.ToRows(), CollapseThreads = collapse }, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<JsonObject> QueryAsync(JmapCall call, StandardQuery request, MailboxContracts.EmailQuery query, CancellationToken cancellationToken)
    {
        var window = new EmailWindow
        {
            Position = request.Position,
            Anchor = request.Anchor is null ? null : ObjectIds.TryParseEmail(request.Anchor, out var anchor) ? anchor : throw StandardQuery.AnchorNotFound,
            AnchorOffset = request.AnchorOffset,
            Limit = request.LimitOf(EmailWindow.MaxLimit),
            CalculateTotal = request.CalculateTotal,
        };
        var grain = call.Emails;
        var result = await call.Services.Calls.CallAsync(() => grain.QueryAsync(query, window), cancellationToken).ConfigureAwait(false);
        return !result.AnchorFound
            ? throw StandardQuery.AnchorNotFound
            : request.Response(
                call, JmapState.Text(result.ModSeq), true, result.Position, result.Emails.Select(ObjectIds.OfEmail), result.Total, EmailWindow.MaxLimit);
    }

    private static async Task<JsonObject> SearchAsync(
        JmapCall call, StandardQuery request, Filter<EmailTerm> filter, EmailOrder order, bool collapse, CancellationToken cancellationToken)
    {
        var modSeq = await FolderReader.ReadModSeqAsync(call, cancellationToken).ConfigureAwait(false);
        // By its digest: a filter may be as long as a request.
        var key = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{call.Account.Value} {modSeq} {collapse} {string.Join(' ', order.Keys)} {request.Filter?.ToJsonString()}")));
        var found = call.Services.Searches.Get(key);
        return await call.Services.SearchTurns.RunAsync(found, SearchOneAsync, cancellationToken).ConfigureAwait(false);

        async Task<JsonObject> SearchOneAsync()
        {
            try
            {
                // A window from the front needs no more than itself; one from the end, by an anchor, or a total needs all.
                var limit = request.LimitOf(EmailWindow.MaxLimit);
                var wanted = request is { Anchor: null, Position: >= 0, CalculateTotal: false } ? request.Position + limit : long.MaxValue;
                if (!await new EmailScan(call, filter, order, collapse).FindAsync(found, modSeq, wanted, cancellationToken).ConfigureAwait(false))
                {
                    call.Services.Searches.Remove(key);
                }

                var start = request.StartIn(found.Count, anchor => IndexOf(found, anchor));
                var ids = found.Emails.Skip((int)Math.Min(start, found.Count)).Take(limit).Select(ObjectIds.OfEmail).ToArray();
                return request.Response(call, JmapState.Text(modSeq), false, start, ids, found.Count, EmailWindow.MaxLimit);
            }
            catch (Exception e) when (e is not SearchTimeException)
            {
                // Half of a page may be in it. What ran out of time ended between two pages.
                call.Services.Searches.Remove(key);
                throw;
            }
        }
    }

    private static int IndexOf(FoundEmails found, string anchor) =>
        ObjectIds.TryParseEmail(anchor, out var email) ? found.Emails.Select((id, index) => (id, index)).FirstOrDefault(item => item.id == email, (default, -1)).index : -1;
}
