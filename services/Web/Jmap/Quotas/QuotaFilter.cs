using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap.Quotas;

/// <summary>Filter and sort of a query for quotas (RFC 9425 §4.4).</summary>
internal static class QuotaFilter
{
    private static readonly string[] sorts = ["name", "used"];

    /// <summary>Reads both; of one quota at most any order is the same.</summary>
    /// <exception cref="MethodException">unsupportedFilter, unsupportedSort or invalidArguments.</exception>
    public static Filter<Func<AccountQuota, bool>> Read(JsonObject? filter, IReadOnlyList<Comparator> sort)
    {
        if (sort.FirstOrDefault(key => !sorts.Contains(key.Property) || key.Keyword is not null) is { } other)
        {
            throw Comparator.Unsupported($"quotas are sorted by {string.Join(" and ", sorts)}, and not by {other.Property}");
        }

        return FilterReader.Read(filter, ConditionsOf);
    }

    /// <summary>The ids that match: one or none.</summary>
    public static async Task<IReadOnlyList<string>> RunAsync(JmapCall call, Filter<Func<AccountQuota, bool>> filter, CancellationToken cancellationToken)
    {
        var quota = await AccountQuota.FindAsync(call, cancellationToken);
        return quota.Exists && filter.Matches(condition => condition(quota)) ? [AccountQuota.Id] : [];
    }

    private static Func<AccountQuota, bool>[] ConditionsOf(JsonObject json)
    {
        var members = new JmapArguments(json);
        var (name, scope, resource, type) = (members.FindText("name"), members.FindText("scope"), members.FindText("resourceType"), members.FindText("type"));
        members.DoneAsFilter();
        return
        [
            _ => name is null || AccountQuota.Name.Contains(name, StringComparison.OrdinalIgnoreCase),
            _ => scope is null or AccountQuota.Scope,
            _ => resource is null or AccountQuota.ResourceType,
            _ => type is null or AccountQuota.Type,
        ];
    }
}
