using System.Text.Json;
using MailCloud.Credentials;
using MailCloud.MailboxContracts;
using MailCloud.Web.Tests;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Cli.Tests;

/// <summary>From nothing to an account that logs in, by the command alone.</summary>
public sealed class FirstStepsTests(WebServer server) : IClassFixture<WebServer>
{
    private const string Password = "tall ship 1412";

    [Fact]
    public async Task A_tenant_with_limits_a_domain_and_an_account_are_made()
    {
        var tenant = One(await RunAsync("tenant", "create", "acme", "--plan", "small", "--accounts", "5"));
        Assert.Equal(("small", 5), (Text(tenant.GetProperty("limits"), "plan"), tenant.GetProperty("limits").GetProperty("accounts").GetInt32()));
        Assert.Equal(tenant.GetRawText(), One(await RunAsync("tenant", "create", "acme")).GetRawText());
        var hosting = One(await RunAsync("domain", "add", "acme.test", "--tenant", "acme"));
        Assert.Equal("""["acme.test"]""", hosting.GetProperty("domains").GetRawText());
        var made = One(await CommandProcess.RunWithInputAsync(server, $"{Password}\n", "account", "create", "ann@acme.test", "--quota", "5000", "--send-as", "sales@acme.test"));
        Assert.Equal(("account", 5000, """["sales@acme.test"]"""), (Text(made, "kind"), made.GetProperty("quotaBytes").GetInt64(), made.GetProperty("sendAs").GetRawText()));
        Assert.Equal(made.GetRawText(), One(await RunAsync("address", "show", "ann@acme.test")).GetRawText());
        Assert.True(await OpensAsync("ann@acme.test", Password));
    }

    [Fact]
    public async Task An_account_that_exists_is_not_made_again()
    {
        await CommandProcess.RunWithInputAsync(server, Password, "account", "create", "bea@example.test");
        var (exit, output, error) = await CommandProcess.RunWithInputAsync(server, "another tall ship", "account", "create", "bea@example.test");
        Assert.Equal((1, ""), (exit, output));
        Assert.Equal("mailcloud: there is bea@example.test already, and it stays as it is: address show tells what it is, address set changes it\n", error);
        Assert.True(await OpensAsync("bea@example.test", Password));
    }

    [Fact]
    public async Task Limits_that_may_not_be_are_refused_with_what_was_done()
    {
        var (exit, _, error) = await RunAsync("tenant", "create", "odd", "--accounts", "-1");
        Assert.Equal(1, exit);
        Assert.StartsWith("mailcloud: tenant odd is there, but without these limits: limits are numbers", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_is_the_first_line_of_standard_input()
    {
        await CommandProcess.RunWithInputAsync(server, Password, "account", "create", "cem@example.test");
        One(await CommandProcess.RunWithInputAsync(server, "a longer ship 1413\nand more\n", "address", "set", "cem@example.test", "--password"));
        Assert.True(await OpensAsync("cem@example.test", "a longer ship 1413"));
        var (exit, output, error) = await CommandProcess.RunWithInputAsync(server, "", "address", "set", "cem@example.test", "--password");
        Assert.Equal((1, ""), (exit, output));
        Assert.StartsWith("mailcloud: there is no password: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_is_asked_for_at_a_terminal_twice_and_never_shown()
    {
        var (exit, output) = await CommandProcess.OnTerminalAsync(server, [("Password:", Password), ("Once more:", Password)], "account", "create", "dan@example.test");
        Assert.Equal(0, exit);
        Assert.Matches("address +dan@example.test", output);
        Assert.DoesNotContain(Password, output, StringComparison.Ordinal);
        Assert.True(await OpensAsync("dan@example.test", Password));
        (exit, output) = await CommandProcess.OnTerminalAsync(server, [("Password:", "a third ship 1414"), ("Once more:", "a thrid ship 1414")], "address", "set", "dan@example.test", "--password");
        Assert.Equal(1, exit);
        Assert.Contains("two different passwords", output, StringComparison.Ordinal);
        Assert.True(await OpensAsync("dan@example.test", Password));
    }

    [Fact]
    public async Task Server_and_token_are_found_without_being_given()
    {
        var folder = Directory.CreateDirectory(Path.Combine(server.Directory, "work")).FullName;
        var variables = new Dictionary<string, string?> { ["MAILCLOUD_SERVER"] = server.Admin.BaseAddress!.ToString(), ["MAILCLOUD_TOKEN_FILE"] = null };
        var (exit, _, error) = await CommandProcess.RunInAsync(folder, variables, "queue", "status");
        Assert.Equal(1, exit);
        Assert.StartsWith("mailcloud: no admin token. Give its file with --token-file or in MAILCLOUD_TOKEN_FILE", error, StringComparison.Ordinal);

        Directory.CreateDirectory(Path.Combine(folder, "mailcloud-data"));
        File.Copy(server.TokenFile, Path.Combine(folder, "mailcloud-data/admin-token"));
        One(await CommandProcess.RunInAsync(folder, variables, "queue", "status"));

        variables["MAILCLOUD_TOKEN_FILE"] = server.TokenFile;
        One(await CommandProcess.RunInAsync("/", variables, "queue", "status"));

        variables["MAILCLOUD_SERVER"] = "nowhere";
        (exit, _, error) = await CommandProcess.RunInAsync("/", variables, "queue", "status");
        Assert.Equal(1, exit);
        Assert.Contains("MAILCLOUD_SERVER is 'nowhere', which is no address", error, StringComparison.Ordinal);
    }

    private Task<(int Exit, string Output, string Error)> RunAsync(params string[] command) => CommandProcess.RunAsync(server, null, command);

    private async Task<bool> OpensAsync(string address, string password) =>
        Verifiers.Verify(password, (await server.Services.GetRequiredService<IGrainFactory>().GetGrain<IAddressGrain>(address).GetAsync())!.Verifier);

    private static JsonElement One((int Exit, string Output, string Error) run)
    {
        Assert.Equal((0, ""), (run.Exit, run.Error));
        return JsonDocument.Parse(run.Output).RootElement;
    }

    private static string? Text(JsonElement record, string member) => record.GetProperty(member).GetString();
}
