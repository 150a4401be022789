using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace MailCloud.EndToEnd.Tests.Jmap;

/// <summary>A JMAP client that changes an account at random: its own Emails wherever it likes, flags of everybody's, and folders of its own.</summary>
internal sealed class JmapChanger(JmapSession session, string name, Random random)
{
    private static readonly string[] keywords = ["$seen", "$flagged", "$answered", "$draft", "later", "$label1"];

    private readonly List<string> own = [];
    private readonly List<string> folders = [];
    private readonly List<string> lasting = [];
    private int made;

    public async Task StartAsync()
    {
        var found = await session.CallAsync("Mailbox/get", new() { ["properties"] = new JsonArray("id", "role") });
        lasting.AddRange(found["list"]!.AsArray().Where(f => f!["role"] is not null).Select(f => f!["id"]!.GetValue<string>()));
    }

    public Task ChangeAsync() => random.Next(100) switch
    {
        < 20 => CreateAsync(),
        < 28 => ImportAsync(),
        < 55 => FlagAsync(),
        < 72 => RefileAsync(),
        < 84 => DestroyAsync(),
        < 92 => MakeFolderAsync(),
        < 96 => RenameFolderAsync(),
        _ => RemoveFolderAsync(),
    };

    private async Task CreateAsync()
    {
        var subject = Any(["Übergabe", "报价单", "Minutes"]);
        var email = new JsonObject
        {
            ["mailboxIds"] = Set(SomeFolders()),
            ["keywords"] = Set(keywords.Where(_ => random.Next(4) == 0)),
            ["from"] = new JsonArray(new JsonObject { ["name"] = "王小明", ["email"] = "me@example.test" }),
            ["subject"] = random.Next(2) == 0 ? subject : $"Re: {subject}",
            ["references"] = random.Next(3) == 0 ? null : new JsonArray($"{subject.Length}.{random.Next(4)}@example.test"),
            ["receivedAt"] = DateTimeOffset.UnixEpoch.AddSeconds(1_700_000_000 + random.Next(100_000)).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
            ["bodyStructure"] = new JsonObject { ["partId"] = "1", ["type"] = "text/plain" },
            ["bodyValues"] = new JsonObject { ["1"] = new JsonObject { ["value"] = new string('x', random.Next(2000)) } },
        };
        var answer = await session.CallAsync("Email/set", new() { ["create"] = new JsonObject { ["new"] = email } });
        Keep(answer, "new");
    }

    private async Task ImportAsync()
    {
        var text = $"Message-ID: <{Guid.NewGuid():N}@example.test>\r\nReferences: <7.{random.Next(4)}@example.test>\r\nSubject: Minutes\r\n\r\n{new string('y', random.Next(500))}\r\n";
        var blob = await session.UploadAsync(Encoding.UTF8.GetBytes(text), "message/rfc822");
        var email = new JsonObject { ["blobId"] = blob, ["mailboxIds"] = Set(SomeFolders()), ["keywords"] = Set(keywords.Where(_ => random.Next(4) == 0)) };
        Keep(await session.CallAsync("Email/import", new() { ["emails"] = new JsonObject { ["new"] = email } }), "new");
    }

    private async Task FlagAsync()
    {
        var answer = await session.CallAsync("Email/query", new() { ["limit"] = 200 });
        var ids = answer["ids"]!.AsArray().Select(id => id!.GetValue<string>()).Where(_ => random.Next(30) == 0).ToArray();
        var patch = random.Next(3) == 0
            ? new JsonObject { ["keywords"] = Set(keywords.Where(_ => random.Next(3) == 0)) }
            : new JsonObject { [$"keywords/{Any(keywords)}"] = random.Next(2) == 0 ? true : null };
        await UpdateAsync(ids, patch);
    }

    private async Task RefileAsync()
    {
        if (own.Count == 0)
        {
            return;
        }

        var patch = random.Next(2) == 0 ? new JsonObject { ["mailboxIds"] = Set(SomeFolders()) } : new JsonObject { [$"mailboxIds/{Any(lasting)}"] = true };
        await UpdateAsync([Any(own)], patch);
    }

    private async Task UpdateAsync(string[] ids, JsonObject patch)
    {
        var updates = new JsonObject([.. ids.Select(id => KeyValuePair.Create<string, JsonNode?>(id, patch.DeepClone()))]);
        var answer = await session.CallAsync("Email/set", new() { ["update"] = updates });

        // Another client may have destroyed it meanwhile.
        Assert.All(answer["notUpdated"]?.AsObject() ?? [], error => Assert.Equal("notFound", error.Value!["type"]!.GetValue<string>()));
        own.RemoveAll(id => answer["notUpdated"]?.AsObject().ContainsKey(id) ?? false);
    }

    private async Task DestroyAsync()
    {
        if (own.Count > 0)
        {
            var id = Any(own);
            await session.CallAsync("Email/set", new() { ["destroy"] = new JsonArray(id) });
            own.Remove(id);
        }
    }

    private async Task MakeFolderAsync()
    {
        var folder = new JsonObject
        {
            ["name"] = string.Create(CultureInfo.InvariantCulture, $"{name} {made++}"),
            ["parentId"] = folders.Count > 0 && random.Next(2) == 0 ? Any(folders) : null,
            ["isSubscribed"] = random.Next(2) == 0,
        };
        var answer = await session.CallAsync("Mailbox/set", new() { ["create"] = new JsonObject { ["new"] = folder } });
        Assert.True(answer["created"]?["new"] is not null, answer.ToJsonString());
        folders.Add(answer["created"]!["new"]!["id"]!.GetValue<string>());
    }

    private async Task RenameFolderAsync()
    {
        if (folders.Count > 0)
        {
            var patch = new JsonObject { ["name"] = string.Create(CultureInfo.InvariantCulture, $"{name} {made++} 改"), ["sortOrder"] = random.Next(100) };
            var answer = await session.CallAsync("Mailbox/set", new() { ["update"] = new JsonObject { [Any(folders)] = patch } });
            Assert.True(answer["updated"]!.AsObject().Count == 1, answer.ToJsonString());
        }
    }

    private async Task RemoveFolderAsync()
    {
        if (folders.Count == 0)
        {
            return;
        }

        var id = Any(folders);
        var answer = await session.CallAsync("Mailbox/set", new() { ["destroy"] = new JsonArray(id), ["onDestroyRemoveEmails"] = true });
        if (answer["destroyed"]?.AsArray().Count == 1)
        {
            folders.Remove(id);
            return;
        }

        Assert.Equal("mailboxHasChild", answer["notDestroyed"]![id]!["type"]!.GetValue<string>());
    }

    private void Keep(JsonObject answer, string creation)
    {
        Assert.True(answer["created"]?[creation] is not null, answer.ToJsonString());
        own.Add(answer["created"]![creation]!["id"]!.GetValue<string>());
    }

    private HashSet<string> SomeFolders()
    {
        string[] all = [.. lasting, .. folders];
        return [Any(all), Any(all)];
    }

    private static JsonObject Set(IEnumerable<string> names) => new([.. names.Select(n => KeyValuePair.Create<string, JsonNode?>(n, true))]);

    private T Any<T>(IReadOnlyList<T> from) => from[random.Next(from.Count)];
}
