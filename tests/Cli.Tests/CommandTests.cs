using System.Diagnostics;
using MailCloud.Web.Tests;

namespace MailCloud.Cli.Tests;

/// <summary>The built command in a process of its own, against a real server; its output is no terminal, so it is plain.</summary>
public sealed class CommandTests(WebServer server) : IClassFixture<WebServer>
{
    [Fact]
    public async Task Accounts_are_imported_and_listed()
    {
        var file = Path.Combine(server.Directory, "accounts.csv");
        await File.WriteAllTextAsync(file, "ann@example.test,secret\nben@example.test,secret\n");
        Assert.Equal((0, "2 accounts imported, 0 lines failed\n", ""), await RunAsync("account", "import", file));
        Assert.Equal((0, "2 accounts imported, 0 lines failed\n", ""), await RunAsync("account", "import", file));
        var (exit, output, _) = await RunAsync("account", "list", "example.test");
        Assert.Equal(0, exit);
        Assert.Contains("ann@example.test\taccount\nben@example.test\taccount\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_that_fails_is_named_and_the_rest_is_done()
    {
        var file = Path.Combine(server.Directory, "bad.csv");
        await File.WriteAllTextAsync(file, "nonsense\ncid@example.test,secret\n");
        var (exit, output, error) = await RunAsync("account", "import", file);
        Assert.Equal((1, "1 accounts imported, 1 lines failed\n"), (exit, output));
        Assert.StartsWith("line 1: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_is_set()
    {
        Assert.Equal(
            (0, "info@example.test\talias\ta@example.test, b@other.test\n", ""),
            await RunAsync("address", "set", "info@example.test", "--kind", "alias", "--target", "a@example.test", "b@other.test"));
        var (exit, _, error) = await RunAsync("address", "set", "info@example.test", "--kind", "king");
        Assert.Equal((1, "mailcloud: kind is one of account, alias, forwarded and moved\n"), (exit, error));
    }

    [Fact]
    public async Task The_queue_is_shown()
    {
        Assert.Equal((0, "waiting 0\nparked 0\n", ""), await RunAsync("queue", "status"));
        Assert.Equal((0, "", ""), await RunAsync("queue", "parked"));
        var (exit, _, error) = await RunAsync("queue", "replay", "00000000000000000000000000000000");
        Assert.Equal(1, exit);
        Assert.Contains("is not parked", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("sweep")]
    public async Task A_walk_prints_its_summary(string command)
    {
        var (exit, output, error) = await RunAsync(command);
        Assert.Equal((0, ""), (exit, error));
        Assert.Contains("summary: ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_person_can_mend_is_one_line()
    {
        var wrong = Path.Combine(server.Directory, "wrong-token");
        await File.WriteAllTextAsync(wrong, "wrong");
        Assert.Equal((1, "", 1), Count(await StartAsync(["--token-file", wrong, "queue", "status"])));
        Assert.Equal((1, "", 1), Count(await StartAsync(["--token-file", wrong + "-missing", "queue", "status"])));
        Assert.Equal((1, "", 1), Count(await StartAsync(["--server", "http://127.0.0.1:1", "--token-file", server.TokenFile, "queue", "status"])));
    }

    private static (int Exit, string Output, int ErrorLines) Count((int Exit, string Output, string Error) run) => (run.Exit, run.Output, run.Error.Count(c => c == '\n'));

    private Task<(int Exit, string Output, string Error)> RunAsync(params string[] command) => StartAsync(["--token-file", server.TokenFile, .. command]);

    private async Task<(int Exit, string Output, string Error)> StartAsync(IReadOnlyList<string> arguments)
    {
        string[] address = !arguments.Contains("--server") ? ["--server", server.Admin.BaseAddress!.ToString()] : [];
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "MailCloud.Cli.dll"), .. address, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
