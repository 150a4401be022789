using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap.Quotas;

/// <summary>Filter and sort of a query for quotas (RFC 9425 §4.4).</summary>
internal static class QuotaFilter
{
    private const int MaxDepth = 32;

    /// <summary>The ids that match: one or none.</summary>
    public static async Task<IReadOnlyList<string>> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        var filter = call.Arguments.FindObject("filter");
        foreach (var sort in call.Arguments.FindArray("sort") ?? [])
        {
            if (JmapArguments.TextOf((sort as JsonObject)?["property"]) is not ("name" or "used"))
            {
                throw new MethodException("unsupportedSort", "quotas are sorted by name and used");
            }
        }

        var matches = filter is null || Matches(filter, 0);
        var quota = await AccountQuota.FindAsync(call, cancellationToken);
        return matches && quota.Exists ? [AccountQuota.Id] : [];
    }

    private static bool Matches(JsonObject filter, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new MethodException("unsupportedFilter", $"at most {MaxDepth} levels");
        }

        if (filter.ContainsKey("operator"))
        {
            var conditions = (filter["conditions"] as JsonArray ?? throw Unknown("conditions")).Select(each => Matches(each as JsonObject ?? throw Unknown("conditions"), depth + 1)).ToList();
            return JmapArguments.TextOf(filter["operator"]) switch
            {
                "AND" => conditions.All(each => each),
                "OR" => conditions.Any(each => each),
                "NOT" => !conditions.Any(each => each),
                _ => throw Unknown("operator"),
            };
        }

        return filter.All(condition => JmapArguments.TextOf(condition.Value) is { } value && condition.Key switch
        {
            "name" => AccountQuota.Name.Contains(value, StringComparison.OrdinalIgnoreCase),
            "scope" => value == "account",
            "resourceType" => value == "octets",
            "type" => value == "Email",
            _ => throw Unknown(condition.Key),
        });
    }

    private static MethodException Unknown(string name) => new("unsupportedFilter", $"{name} makes no sense here");
}
