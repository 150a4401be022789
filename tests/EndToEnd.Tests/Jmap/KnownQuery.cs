using System.Text.Json.Nodes;

namespace MailCloud.EndToEnd.Tests.Jmap;

/// <summary>A query's whole result as a client keeps it: fetched once, and then only changed by Email/queryChanges.</summary>
internal sealed class KnownQuery(JmapSession session, JsonObject filter, JsonArray sort, bool collapseThreads)
{
    private List<string> ids = [];
    private string state = "";

    /// <summary>How often the whole result had to be fetched again.</summary>
    public int Fetches { get; private set; }

    public async Task FetchAsync()
    {
        (ids, state, var canCalculate) = await AskAsync();
        Assert.True(canCalculate, $"{this}: canCalculateChanges");
        Fetches++;
    }

    public async Task FollowAsync()
    {
        var arguments = Arguments();
        arguments["sinceQueryState"] = state;
        var (name, answer) = await session.TryCallAsync("Email/queryChanges", arguments);
        if (name == "error")
        {
            Assert.Equal("cannotCalculateChanges", answer["type"]!.GetValue<string>());
            await FetchAsync();
            return;
        }

        Assert.Equal(state, answer["oldQueryState"]!.GetValue<string>());
        var removed = answer["removed"]!.AsArray().Select(id => id!.GetValue<string>()).ToHashSet();
        ids.RemoveAll(removed.Contains);
        foreach (var added in answer["added"]!.AsArray())
        {
            var index = added!["index"]!.GetValue<int>();
            Assert.True(index <= ids.Count, $"{this}: {added.ToJsonString()} is beyond the end of {ids.Count}");
            ids.Insert(index, added["id"]!.GetValue<string>());
        }

        state = answer["newQueryState"]!.GetValue<string>();
    }

    public async Task CheckAsync()
    {
        var (fresh, _, _) = await AskAsync();
        Assert.True(fresh.SequenceEqual(ids), $"{this}: fresh\n{string.Join('\n', fresh)}\nfollowed\n{string.Join('\n', ids)}");
    }

    public override string ToString() => $"{filter.ToJsonString()} {sort.ToJsonString()} collapse {collapseThreads}";

    private async Task<(List<string> Ids, string State, bool CanCalculate)> AskAsync()
    {
        var arguments = Arguments();
        arguments["calculateTotal"] = true;
        arguments["limit"] = 5000;
        var answer = await session.CallAsync("Email/query", arguments);
        var found = answer["ids"]!.AsArray().Select(id => id!.GetValue<string>()).ToList();
        Assert.Equal(found.Count, answer["total"]!.GetValue<int>());
        Assert.Equal(found.Count, found.Distinct().Count());
        return (found, answer["queryState"]!.GetValue<string>(), answer["canCalculateChanges"]!.GetValue<bool>());
    }

    private JsonObject Arguments() => new() { ["filter"] = filter.DeepClone(), ["sort"] = sort.DeepClone(), ["collapseThreads"] = collapseThreads };
}
