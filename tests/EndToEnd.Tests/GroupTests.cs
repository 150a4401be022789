using System.Net.Http.Json;
using System.Text.Json;

namespace MailCloud.EndToEnd.Tests;

/// <summary>One message to a group of two thousand through the whole server.</summary>
public sealed class GroupTests
{
    private const int Members = 2000;

    // Of "mailcloud": accounts that share a hash are made without deriving two thousand.
    private const string Hash = "{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

    [Fact]
    public async Task Each_of_two_thousand_members_gets_one_copy()
    {
        var data = ServerProcess.NewDataDirectory();
        await using var server = await ServerProcess.StartAsync(data, offset: 23500);
        List<string> members = [.. Enumerable.Range(0, Members).Select(i => $"member{i}@example.test")];
        await Accounts.ImportAsync(server, members.Select(member => (member, Hash)));
        using var admin = server.Admin();
        await MakeGroupAsync(admin, "all@example.test", [.. members, "inner@example.test"]);
        await MakeGroupAsync(admin, "inner@example.test", [.. members[..50], "all@example.test", "alice@example.test"]);

        // To a member by name, too: that is the same copy.
        await MailClients.RunAsync(
            "swaks", "--server", $"127.0.0.1:{server.Smtp}", "--from", "someone@example.org", "--to", $"all@example.test,{members[7]}", "--header", "Subject: to all");

        await UntilAsync(admin, "inner", () => CountAsync(admin, "alice@example.test"));
        await UntilAsync(admin, "last", async () => await WaitingAsync(admin) == 0 ? 1 : 0);
        foreach (var some in members.Append("alice@example.test").Chunk(50))
        {
            Assert.All(await Task.WhenAll(some.Select(member => CountAsync(admin, member))), count => Assert.Equal(1, count));
        }

        Directory.Delete(data, recursive: true);
    }

    private static async Task MakeGroupAsync(HttpClient admin, string group, IReadOnlyList<string> members)
    {
        (await admin.PutAsJsonAsync($"/admin/v1/addresses/{group}", new { kind = "group" })).EnsureSuccessStatusCode();
        foreach (var some in members.Chunk(1000))
        {
            (await admin.PostAsJsonAsync($"/admin/v1/addresses/{group}/members", new { members = some })).EnsureSuccessStatusCode();
        }
    }

    private static async Task<int> CountAsync(HttpClient admin, string address)
    {
        var folders = await admin.GetFromJsonAsync<JsonElement>($"/admin/v1/mailboxes/{address}/folders");
        return folders.GetProperty("folders").EnumerateArray().Single(folder => folder.GetProperty("name").GetString() == "INBOX").GetProperty("messages").GetInt32();
    }

    private static async Task<long> WaitingAsync(HttpClient admin) => (await admin.GetFromJsonAsync<JsonElement>("/admin/v1/queue")).GetProperty("waiting").GetInt64();

    private static async Task UntilAsync(HttpClient admin, string what, Func<Task<int>> ask)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (await ask() == 0)
        {
            Assert.False(limit.IsCancellationRequested, what);

            // Each question is a request that the server answers beside its work: it is the pause.
            await admin.GetAsync("/admin/v1/queue", limit.Token);
        }
    }
}
