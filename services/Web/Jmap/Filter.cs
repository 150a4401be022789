using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap;

internal enum FilterOperator
{
    /// <summary>All; without any it is true.</summary>
    And = 0,

    /// <summary>At least one.</summary>
    Or = 1,

    /// <summary>None.</summary>
    Not = 2,
}

/// <summary>A filter (RFC 8620 §5.5): an operator on others, or one condition.</summary>
/// <param name="Condition">Then the others say nothing.</param>
internal sealed record Filter<T>(FilterOperator Operator, IReadOnlyList<Filter<T>> Conditions, T? Condition = null)
    where T : class
{
    public static readonly Filter<T> Everything = new(FilterOperator.And, []);

    public static Filter<T> Of(T condition) => new(FilterOperator.And, [], condition);

    public static Filter<T> All(IEnumerable<T> conditions) => new(FilterOperator.And, [.. conditions.Select(Of)]);

    /// <summary>All conditions in it.</summary>
    public IEnumerable<T> Terms() => Condition is not null ? [Condition] : Conditions.SelectMany(filter => filter.Terms());

    public bool Matches(Func<T, bool> matches) => Condition is not null ? matches(Condition) : Operator switch
    {
        FilterOperator.And => Conditions.All(filter => filter.Matches(matches)),
        FilterOperator.Or => Conditions.Any(filter => filter.Matches(matches)),
        _ => !Conditions.Any(filter => filter.Matches(matches)),
    };

    public async ValueTask<bool> MatchesAsync(Func<T, ValueTask<bool>> matches)
    {
        if (Condition is not null)
        {
            return await matches(Condition).ConfigureAwait(false);
        }

        // And ends at the first that fails, the others at the first that holds.
        foreach (var filter in Conditions)
        {
            if (await filter.MatchesAsync(matches).ConfigureAwait(false) != (Operator == FilterOperator.And))
            {
                return Operator == FilterOperator.Or;
            }
        }

        return Operator != FilterOperator.Or;
    }
}

/// <summary>Reads filters.</summary>
internal static class FilterReader
{
    // What people write by hand or build in a form is far below; both bound what one call costs.
    private const int MaxDepth = 20;
    private const int MaxConditions = 200;

    /// <param name="json">Null is everything.</param>
    /// <param name="condition">Makes the conditions of one object, all of which must hold.</param>
    /// <exception cref="MethodException">unsupportedFilter, or invalidArguments.</exception>
    public static Filter<T> Read<T>(JsonObject? json, Func<JsonObject, IReadOnlyList<T>> condition)
        where T : class
    {
        var count = 0;
        return json is null ? Filter<T>.Everything : ReadOne(json, condition, 0, ref count);
    }

    public static MethodException Unsupported(string why) => new("unsupportedFilter", why);

    private static Filter<T> ReadOne<T>(JsonObject json, Func<JsonObject, IReadOnlyList<T>> condition, int depth, ref int count)
        where T : class
    {
        if (++count > MaxConditions || depth > MaxDepth)
        {
            throw Unsupported($"more than {MaxConditions} conditions, or {MaxDepth} within one another");
        }

        if (!json.ContainsKey("operator"))
        {
            return Filter<T>.All(condition(json));
        }

        var members = new JmapArguments(json);
        var name = members.RequireText("operator");
        var conditions = new List<Filter<T>>();
        foreach (var node in members.FindArray("conditions") ?? throw MethodException.InvalidArguments("conditions is missing"))
        {
            conditions.Add(ReadOne(node as JsonObject ?? throw MethodException.InvalidArguments("conditions must be objects"), condition, depth + 1, ref count));
        }

        members.Done();
        return new(OperatorOf(name), conditions);
    }

    private static FilterOperator OperatorOf(string name) => name switch
    {
        "AND" => FilterOperator.And,
        "OR" => FilterOperator.Or,
        "NOT" => FilterOperator.Not,
        _ => throw MethodException.InvalidArguments("operator must be AND, OR or NOT"),
    };
}
