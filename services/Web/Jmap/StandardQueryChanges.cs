using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap;

/// <summary>The arguments of a /queryChanges (RFC 8620 §5.6).</summary>
internal sealed record StandardQueryChanges
{
    public static MethodException TooManyChanges => new("tooManyChanges", "there are more changes than maxChanges");

    public JsonObject? Filter { get; private init; }

    public IReadOnlyList<Comparator> Sort { get; private init; } = [];

    public required string SinceQueryState { get; init; }

    public int? MaxChanges { get; private init; }

    public string? UpToId { get; private init; }

    public bool CalculateTotal { get; private init; }

    /// <summary>Reads them, the account's first; other arguments are the method's, which then calls <see cref="JmapArguments.Done"/>.</summary>
    public static StandardQueryChanges Read(JmapCall call)
    {
        _ = call.Account;
        var arguments = call.Arguments;
        return new()
        {
            Filter = arguments.FindObject("filter"),
            Sort = Comparator.ReadAll(arguments),
            SinceQueryState = arguments.RequireText("sinceQueryState"),
            MaxChanges = StandardChanges.ReadMaxChanges(arguments),
            UpToId = arguments.FindText("upToId"),
            CalculateTotal = arguments.FindBool("calculateTotal", false),
        };
    }

    public JsonObject Response(JmapCall call, string state, IReadOnlyCollection<string> removed, IReadOnlyCollection<(string Id, long Index)> added, long? total)
    {
        if (removed.Count + added.Count > (MaxChanges ?? int.MaxValue))
        {
            throw TooManyChanges;
        }

        var response = new JsonObject
        {
            ["accountId"] = call.User.AccountKey,
            ["oldQueryState"] = SinceQueryState,
            ["newQueryState"] = state,
            ["removed"] = JmapText.Array(removed),
            ["added"] = new JsonArray([.. added.Select(item => new JsonObject { ["id"] = item.Id, ["index"] = item.Index })]),
        };
        if (CalculateTotal)
        {
            response["total"] = total;
        }

        return response;
    }
}
