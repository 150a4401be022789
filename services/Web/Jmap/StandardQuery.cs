using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap;

/// <summary>The arguments of a /query (RFC 8620 §5.5).</summary>
internal sealed record StandardQuery
{
    public JsonObject? Filter { get; private init; }

    public IReadOnlyList<Comparator> Sort { get; private init; } = [];

    public long Position { get; private init; }

    public string? Anchor { get; private init; }

    public long AnchorOffset { get; private init; }

    public long? Limit { get; private init; }

    public bool CalculateTotal { get; private init; }

    public static MethodException AnchorNotFound => new("anchorNotFound", "the anchor is not among the results");

    /// <summary>Reads them, the account's first; other arguments are the method's, which then calls <see cref="JmapArguments.Done"/>.</summary>
    public static StandardQuery Read(JmapCall call)
    {
        _ = call.Account;
        var arguments = call.Arguments;
        return new()
        {
            Filter = arguments.FindObject("filter"),
            Sort = Comparator.ReadAll(arguments),
            Position = arguments.FindInt("position") ?? 0,
            Anchor = arguments.FindText("anchor"),
            AnchorOffset = arguments.FindInt("anchorOffset") ?? 0,
            Limit = arguments.FindUnsigned("limit"),
            CalculateTotal = arguments.FindBool("calculateTotal", false),
        };
    }

    /// <summary>How many may be returned, where the server returns no more than a number.</summary>
    public int LimitOf(int max) => (int)Math.Min(Limit ?? max, max);

    /// <summary>Where the window on a complete list begins: a negative position counts from the end, and nothing begins before the first.</summary>
    /// <param name="count">Of the complete list.</param>
    /// <param name="anchor">Where the anchor stands in it; negative when it does not.</param>
    public long StartIn(long count, Func<string, long> anchor)
    {
        if (Anchor is null)
        {
            return Position < 0 ? Math.Max(0, Position + count) : Position;
        }

        var at = anchor(Anchor);
        return at < 0 ? throw AnchorNotFound : Math.Max(0, at + AnchorOffset);
    }

    /// <param name="call">The call.</param>
    /// <param name="state">The queryState.</param>
    /// <param name="canCalculateChanges">Whether /queryChanges can be asked with this filter and sort.</param>
    /// <param name="position">Of the first id.</param>
    /// <param name="ids">Of the window.</param>
    /// <param name="total">Given only where it was asked for.</param>
    /// <param name="max">The limit that the server has set itself, told when it is what counts.</param>
    public JsonObject Response(JmapCall call, string state, bool canCalculateChanges, long position, IEnumerable<string> ids, long? total, int? max = null)
    {
        var response = new JsonObject
        {
            ["accountId"] = call.User.AccountKey,
            ["queryState"] = state,
            ["canCalculateChanges"] = canCalculateChanges,
            ["position"] = position,
            ["ids"] = JmapText.Array(ids),
        };
        if (CalculateTotal)
        {
            response["total"] = total;
        }

        if (max is { } limit && (Limit ?? long.MaxValue) > limit)
        {
            response["limit"] = limit;
        }

        return response;
    }
}

/// <summary>One key of an order (RFC 8620 §5.5).</summary>
/// <param name="Keyword">The member that RFC 8621 §4.4.2 adds for orders by keyword.</param>
internal sealed record Comparator(string Property, bool IsAscending, string? Keyword = null)
{
    // RFC 4790 §9, RFC 5051: both compare here as the latter does.
    private static readonly string[] Collations = ["i;ascii-casemap", "i;unicode-casemap"];

    // Nobody orders by more, and each is compared for each record.
    private const int MaxSorts = 20;

    public static IReadOnlyList<Comparator> ReadAll(JmapArguments arguments)
    {
        var sort = arguments.FindArray("sort") ?? [];
        return sort.Count > MaxSorts ? throw Unsupported($"more than {MaxSorts} keys") : [.. sort.Select(Read)];
    }

    public static MethodException Unsupported(string why) => new("unsupportedSort", why);

    private static Comparator Read(JsonNode? node)
    {
        var members = new JmapArguments(node as JsonObject ?? throw MethodException.InvalidArguments("sort must be an array of objects"));
        var sort = new Comparator(members.RequireText("property"), members.FindBool("isAscending", true), members.FindText("keyword"));
        if (members.FindText("collation") is { } collation && !Collations.Contains(collation))
        {
            throw Unsupported($"there is no collation {collation}");
        }

        members.Done();
        return sort;
    }
}
