using System.Text.Json;
using MailCloud.Web.Tests;

namespace MailCloud.Cli.Tests;

/// <summary>Jobs by the built command: begun, watched to their end, listed, cancelled.</summary>
public sealed class JobTests(WebServer server) : IClassFixture<WebServer>
{
    [Fact]
    public async Task A_check_is_begun_and_watched_to_its_end()
    {
        var begun = Assert.Single(Lines((await RunAsync("verify", "--detach")).Output));
        var id = Text(begun, "id");
        var (exit, output, error) = await RunAsync("job", "watch", id);
        Assert.Equal((0, ""), (exit, error));
        Assert.Equal(("done", id), (Text(Lines(output)[^1], "state"), Text(Lines(output)[^1], "id")));
        Assert.Equal(Lines(output)[^1].GetRawText(), Assert.Single(Lines((await RunAsync("job", "show", id)).Output)).GetRawText());
        Assert.Contains(id, Lines((await RunAsync("job", "list")).Output).Select(job => Text(job, "id")));
        Assert.Single(Lines((await RunAsync("job", "list", "--most", "1")).Output));
        Assert.Equal("sweep", Text(Assert.Single(Lines((await RunAsync("sweep", "--detach")).Output)), "kind"));
    }

    [Fact]
    public async Task An_import_goes_on_by_itself_and_tells_which_lines_failed()
    {
        var file = Path.Combine(server.Directory, "detached.csv");
        await File.WriteAllTextAsync(file, "eve@example.test,a secret that lasts\nnonsense\n");
        var begun = Assert.Single(Lines((await RunAsync("account", "import", file, "--detach", "--tenant", "demo")).Output));
        var (exit, output, _) = await RunAsync("job", "watch", Text(begun, "id"));
        Assert.Equal(1, exit);
        Assert.Equal((2, "failed"), Lines(output)[0] is var failed ? (failed.GetProperty("line").GetInt32(), Text(failed, "kind")) : default);
        Assert.Equal("1 accounts imported, 1 lines failed", Text(Lines(output)[^1], "why"));
        Assert.Equal([Text(begun, "id")], Lines((await RunAsync("job", "list", "--tenant", "demo")).Output).Select(job => Text(job, "id")));
        Assert.Equal("done", Text(Assert.Single(Lines((await RunAsync("job", "cancel", Text(begun, "id"))).Output)), "state"));
        var (missing, _, error) = await RunAsync("job", "watch", "nothing");
        Assert.Equal((1, "mailcloud: there is no job nothing\n"), (missing, error));
    }

    [Fact]
    public async Task A_backup_is_taken_checked_and_restored_from()
    {
        var (exit, output, error) = await RunAsync("backup", "take");
        Assert.Equal((0, ""), (exit, error));
        Assert.Equal(("backup", "done"), (Text(Lines(output)[^1], "kind"), Text(Lines(output)[^1], "state")));
        var name = Text(Lines((await RunAsync("backup", "list")).Output)[^1], "name");
        Assert.Equal(0, (await RunAsync("backup", "check", "--from", name)).Exit);
        var (_, restored, _) = await RunAsync("backup", "restore", "postmaster@example.test", "--folder", "Back");
        Assert.Equal(("done", "postmaster@example.test"), (Text(Lines(restored)[^1], "state"), Text(Lines(restored)[^1], "subject")));
        var (refused, why, _) = await RunAsync("backup", "restore-tenant", "never");
        Assert.Equal((1, $"backup {name} has no tenant never"), (refused, Text(Lines(why)[^1], "why")));
        Assert.Equal("queued", Text(Assert.Single(Lines((await RunAsync("backup", "take", "--detach")).Output)), "state") is var state && state is "running" ? "queued" : state);
        Assert.Equal((1, "mailcloud: never.test is not hosted here: POST it to /admin/v1/tenants/TENANT/domains first\n"), await RunAsync("backup", "restore", "a@never.test") is var missing ? (missing.Exit, missing.Error) : default);
    }

    private static string Text(JsonElement of, string member) => of.GetProperty(member).GetString()!;

    private static List<JsonElement> Lines(string output) => [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    private Task<(int Exit, string Output, string Error)> RunAsync(params string[] command) => CommandProcess.RunAsync(server, null, command);
}
