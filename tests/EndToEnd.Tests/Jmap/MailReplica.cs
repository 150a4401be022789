using System.Globalization;
using System.Text.Json.Nodes;

namespace MailCloud.EndToEnd.Tests.Jmap;

/// <summary>
/// A client that keeps a copy of an account and of some queries: after its first look it asks for changes only, so many at a time. What it has must then be what a client sees that looks for the first time.
/// </summary>
internal sealed class MailReplica(JmapSession session, int maxChanges)
{
    private readonly Dictionary<string, KnownEmail> emails = [];
    private readonly Dictionary<string, string> folders = [];
    private readonly List<KnownQuery> queries = [];
    private string emailState = "";
    private string folderState = "";

    /// <summary>How often a query could not be followed and was fetched again.</summary>
    public int Refetches => queries.Sum(q => q.Fetches - 1);

    /// <summary>Emails that it was told of as new or changed.</summary>
    public int Told { get; private set; }

    public async Task StartAsync()
    {
        var found = await session.CallAsync("Mailbox/get", []);
        folderState = found["state"]!.GetValue<string>();
        TakeFolders(found);
        emailState = (await session.CallAsync("Email/get", new() { ["ids"] = new JsonArray() }))["state"]!.GetValue<string>();
        foreach (var email in await AllEmailsAsync())
        {
            emails[email.Id] = email;
        }

        var inbox = found["list"]!.AsArray().Single(f => f!["role"]?.GetValue<string>() == "inbox")!["id"]!.GetValue<string>();
        var trash = found["list"]!.AsArray().Single(f => f!["role"]?.GetValue<string>() == "trash")!["id"]!.GetValue<string>();
        queries.AddRange(
        [
            Query(new() { ["inMailbox"] = inbox }),
            Query([]),
            Query(new() { ["inMailbox"] = inbox }, collapseThreads: true),
            Query(new() { ["inMailbox"] = inbox, ["notKeyword"] = "$seen" }),
            Query(new() { ["inMailboxOtherThan"] = new JsonArray(inbox, trash), ["hasKeyword"] = "$flagged" }),
            Query(new() { ["someInThreadHaveKeyword"] = "$flagged" }, collapseThreads: true),
            Query([], "size", ascending: true),
            Query(new() { ["operator"] = "NOT", ["conditions"] = new JsonArray(new JsonObject { ["inMailbox"] = inbox }) }, "receivedAt", ascending: true),
        ]);
        foreach (var query in queries)
        {
            await query.FetchAsync();
        }
    }

    /// <summary>Asks for what is new.</summary>
    public async Task FollowAsync()
    {
        await FollowFoldersAsync();
        await FollowEmailsAsync();
        foreach (var query in queries)
        {
            await query.FollowAsync();
        }
    }

    /// <summary>Compares all it has with what the server says now, while nothing changes.</summary>
    public async Task CheckAsync()
    {
        foreach (var query in queries)
        {
            await query.CheckAsync();
        }

        var fresh = await AllEmailsAsync();
        Assert.Equal(fresh.Select(e => e.ToString()).Order(StringComparer.Ordinal), emails.Values.Select(e => e.ToString()).Order(StringComparer.Ordinal));
        var found = await session.CallAsync("Mailbox/get", []);
        Assert.Equal(Folders(found).OrderBy(f => f.Key, StringComparer.Ordinal), folders.OrderBy(f => f.Key, StringComparer.Ordinal));
        CheckCounts(found);
        await CheckThreadsAsync();
    }

    private KnownQuery Query(JsonObject filter, string sort = "receivedAt", bool ascending = false, bool collapseThreads = false) =>
        new(session, filter, [new JsonObject { ["property"] = sort, ["isAscending"] = ascending }], collapseThreads);

    // All at once: there are no states between two modseqs of folders, as there are of Emails.
    private async Task FollowFoldersAsync()
    {
        var changes = await session.CallAsync("Mailbox/changes", new() { ["sinceState"] = folderState });
        foreach (var id in Ids(changes, "destroyed"))
        {
            folders.Remove(id);
        }

        string[] changed = [.. Ids(changes, "created"), .. Ids(changes, "updated")];
        if (changed.Length > 0)
        {
            TakeFolders(await session.CallAsync("Mailbox/get", new() { ["ids"] = new JsonArray([.. changed.Select(id => JsonValue.Create(id))]) }));
        }

        Assert.False(changes["hasMoreChanges"]!.GetValue<bool>());
        folderState = changes["newState"]!.GetValue<string>();
    }

    private async Task FollowEmailsAsync()
    {
        for (var more = true; more;)
        {
            var changes = await session.CallAsync("Email/changes", new() { ["sinceState"] = emailState, ["maxChanges"] = maxChanges });
            string[] changed = [.. Ids(changes, "created"), .. Ids(changes, "updated")];
            Told += changed.Length;
            Assert.True(changed.Length + Ids(changes, "destroyed").Count() <= maxChanges, $"more than {maxChanges} changes: {changes.ToJsonString()}");
            foreach (var id in Ids(changes, "destroyed"))
            {
                emails.Remove(id);
            }

            if (changed.Length > 0)
            {
                foreach (var email in await GetAsync(changed))
                {
                    emails[email.Id] = email;
                }
            }

            (emailState, more) = (changes["newState"]!.GetValue<string>(), changes["hasMoreChanges"]!.GetValue<bool>());
        }
    }

    private async Task<List<KnownEmail>> AllEmailsAsync()
    {
        var all = new List<KnownEmail>();
        while (true)
        {
            var answer = await session.CallAsync("Email/query", new() { ["position"] = all.Count, ["limit"] = 400 });
            var ids = answer["ids"]!.AsArray().Select(id => id!.GetValue<string>()).ToArray();
            if (ids.Length == 0)
            {
                return all;
            }

            all.AddRange(await GetAsync(ids));
        }
    }

    private async Task<IEnumerable<KnownEmail>> GetAsync(string[] ids)
    {
        var answer = await session.CallAsync("Email/get", new()
        {
            ["ids"] = new JsonArray([.. ids.Select(id => JsonValue.Create(id))]),
            ["properties"] = new JsonArray("id", "threadId", "mailboxIds", "keywords"),
        });
        return answer["list"]!.AsArray().Select(e => KnownEmail.From(e!));
    }

    private void CheckCounts(JsonObject found)
    {
        foreach (var folder in found["list"]!.AsArray().Select(f => f!.AsObject()))
        {
            var inside = emails.Values.Where(e => e.Folders.Contains(folder["id"]!.GetValue<string>())).ToList();
            var unread = inside.Where(e => e.IsUnread).ToList();
            int[] counted = [inside.Count, unread.Count, inside.DistinctBy(e => e.Thread).Count(), unread.DistinctBy(e => e.Thread).Count()];
            int[] told = [.. new[] { "totalEmails", "unreadEmails", "totalThreads", "unreadThreads" }.Select(n => folder[n]!.GetValue<int>())];
            Assert.True(counted.SequenceEqual(told), $"{folder["name"]} tells {string.Join(' ', told)} and has {string.Join(' ', counted)}");
        }
    }

    private async Task CheckThreadsAsync()
    {
        foreach (var threads in emails.Values.GroupBy(e => e.Thread).Chunk(100))
        {
            var answer = await session.CallAsync("Thread/get", new() { ["ids"] = new JsonArray([.. threads.Select(t => JsonValue.Create(t.Key))]) });
            var told = answer["list"]!.AsArray().ToDictionary(t => t!["id"]!.GetValue<string>(), t => Sorted(t!["emailIds"]!.AsArray().Select(id => id!.GetValue<string>())));
            Assert.Equal(threads.Length, told.Count);
            Assert.All(threads, thread => Assert.Equal(Sorted(thread.Select(e => e.Id)), told[thread.Key]));
        }
    }

    private void TakeFolders(JsonObject found)
    {
        foreach (var (id, folder) in Folders(found))
        {
            folders[id] = folder;
        }
    }

    private static Dictionary<string, string> Folders(JsonObject found) => found["list"]!.AsArray().ToDictionary(f => f!["id"]!.GetValue<string>(), f => f!.ToJsonString());

    private static IEnumerable<string> Ids(JsonObject changes, string which) => changes[which]!.AsArray().Select(id => id!.GetValue<string>());

    private static string Sorted(IEnumerable<string> ids) => string.Create(CultureInfo.InvariantCulture, $"{string.Join(',', ids.Order(StringComparer.Ordinal))}");
}
