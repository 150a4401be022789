using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap.Quotas;

/// <summary>Quota/query (RFC 9425 §4.4): a window of one id at most.</summary>
internal static class QuotaQuery
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var query = StandardQuery.Read(call);
        var filter = QuotaFilter.Read(query.Filter, query.Sort);
        call.Arguments.Done();
        var ids = await QuotaFilter.RunAsync(call, filter, cancellationToken);
        var first = query.StartIn(ids.Count, anchor => ids.Contains(anchor) ? 0 : -1);
        var page = first < ids.Count ? ids.Take(query.LimitOf(1)) : [];
        return query.Response(call, StateOf(ids), canCalculateChanges: true, first, page, ids.Count);
    }

    /// <summary>How many there are: that is all that may change.</summary>
    public static string StateOf(IReadOnlyList<string> ids) => ids.Count == 0 ? "none" : "one";
}
