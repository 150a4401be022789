using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap.Quotas;

/// <summary>Quota/queryChanges (RFC 9425 §4.5).</summary>
internal static class QuotaQueryChanges
{
    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var query = StandardQueryChanges.Read(call);
        var filter = QuotaFilter.Read(query.Filter, query.Sort);
        call.Arguments.Done();
        if (query.SinceQueryState is not ("none" or "one"))
        {
            throw StandardChanges.CannotCalculate;
        }

        var hadOne = query.SinceQueryState == "one";
        var ids = await QuotaFilter.RunAsync(call, filter, cancellationToken);
        IReadOnlyList<string> removed = hadOne && ids.Count == 0 ? [AccountQuota.Id] : [];
        IReadOnlyList<(string Id, long Index)> added = !hadOne && ids.Count == 1 ? [(AccountQuota.Id, 0)] : [];
        return query.Response(call, QuotaQuery.StateOf(ids), removed, added, ids.Count);
    }
}
