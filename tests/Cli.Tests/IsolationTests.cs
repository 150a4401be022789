using System.Text;
using System.Text.RegularExpressions;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Web.Tests;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Cli.Tests;

/// <summary>
/// Every command, as the command completes its own words, run with one tenant's tokens on what another has: it prints and exits as for what never was, and nothing changes. One without a case fails.
/// It runs within this process, whose console it takes: no other tests run meanwhile.
/// </summary>
[Collection(nameof(TakenConsole))]
public sealed partial class IsolationTests(WebServer server) : IClassFixture<WebServer>, IAsyncLifetime
{
    private const string Own = "cli-owns";
    private const string Far = "far.test";

    /// <summary>By command: its arguments.</summary>
    private static readonly Dictionary<string, Func<IsolationTests, Things, IEnumerable<string>>> cases = new()
    {
        ["account create"] = (_, of) => [of.User],
        ["account export"] = (_, of) => [of.Domain],
        ["account import"] = (tests, of) => [tests.FileOf("accounts.csv", $"eve@{of.Domain},a long secret\n")],
        ["account list"] = (_, of) => [of.Domain],
        ["account logins"] = (_, of) => [of.User],
        ["account app-password list"] = (_, of) => [of.User],
        ["account app-password add"] = (_, of) => [of.User, "phone"],
        ["account app-password remove"] = (_, of) => [of.User, of.AppPassword],
        ["account totp show"] = (_, of) => [of.User],
        ["account totp begin"] = (_, of) => [of.User],
        ["account totp confirm"] = (_, of) => [of.User, "123456"],
        ["account totp remove"] = (_, of) => [of.User],
        ["address show"] = (_, of) => [of.User],
        ["address set"] = (_, of) => [of.User, "--quota", "5000000"],
        ["address delete"] = (_, of) => [of.User],
        ["address restore"] = (_, of) => [of.User],
        ["audit"] = (_, of) => [of.Tenant],
        ["domain add"] = (_, of) => [of.Domain, "--tenant", of.Tenant],
        ["domain list"] = (_, of) => [of.Tenant],
        ["domain show"] = (_, of) => [of.Domain],
        ["domain route"] = (_, of) => [of.Domain, "--catch-all", of.User],
        ["domain dkim list"] = (_, of) => [of.Domain],
        ["domain dkim add"] = (_, of) => [of.Domain, "--algorithm", "ed25519", "--selector", "two"],
        ["domain dkim activate"] = (_, of) => [of.Domain, "one"],
        ["domain dkim retire"] = (_, of) => [of.Domain, "one"],
        ["domain dns"] = (_, of) => [of.Domain],
        ["domain check"] = (_, of) => [of.Domain, "--host", "mx.mail.test", "--resolver", "127.0.0.1:1"],
        ["domain delete"] = (_, of) => [of.Domain],
        ["domain restore"] = (_, of) => [of.Domain],
        ["group set"] = (_, of) => [of.Group, "--posting", "members"],
        ["group show"] = (_, of) => [of.Group],
        ["group member list"] = (_, of) => [of.Group],
        ["group member add"] = (_, of) => [of.Group, $"y@{Far}"],
        ["group member remove"] = (_, of) => [of.Group, $"x@{Far}"],
        ["mailbox folders"] = (_, of) => [of.User],
        ["mailbox make-folder"] = (_, of) => [of.User, "Letters"],
        ["mailbox messages"] = (_, of) => [of.User, "INBOX"],
        ["mailbox message"] = (_, of) => [of.User, "INBOX", "1"],
        ["job list"] = (_, of) => ["--tenant", of.Tenant],
        ["job show"] = (_, of) => [of.Job],
        ["job watch"] = (_, of) => [of.Job],
        ["job cancel"] = (_, of) => [of.Job],
        ["mailbox export"] = (tests, of) => [of.User, "--format", "mbox", "--to", Path.Combine(tests.directory, "export")],
        ["mailbox import"] = (tests, of) => [of.User, "--format", "mbox", "--from", tests.FileOf($"{of.Tenant}.mbox", "From x Thu Jan  1 00:00:00 2026\nSubject: x\n\nx\n")],
        ["queue list"] = (_, of) => ["--tenant", of.Tenant],
        ["queue show"] = (_, of) => [of.Message],
        ["queue retry"] = (_, of) => [of.Message],
        ["queue cancel"] = (_, of) => [of.Message],
        ["suppression list"] = (_, of) => [of.Tenant],
        ["suppression show"] = (_, of) => [of.Tenant, $"x@{Far}"],
        ["suppression add"] = (_, of) => [of.Tenant, $"y@{Far}"],
        ["suppression remove"] = (_, of) => [of.Tenant, $"x@{Far}"],

        // Of what never was the platform would make one.
        ["tenant create"] = (_, of) => [of == Things.Never ? "No id" : of.Tenant],
        ["tenant show"] = (_, of) => [of.Tenant],
        ["tenant set"] = (_, of) => [of.Tenant, "--plan", "other"],
        ["tenant delete"] = (_, of) => [of.Tenant],
        ["tenant restore"] = (_, of) => [of.Tenant],
        ["doctor"] = (_, of) =>
        [
            "--domain", of.Domain, "--name", "mx.mail.test", "--resolver", "127.0.0.1:1", "--http", "0",
            "--smtp", "0", "--submission", "0", "--submissions", "0", "--imap", "0", "--imaps", "0", "--pop3", "0", "--pop3s", "0",
        ],
        ["tenant oidc show"] = (_, of) => [of.Tenant],
        ["tenant oidc set"] = (_, of) => [of.Tenant, "--issuer", "https://eve.test", "--audience", "mail"],
        ["tenant oidc remove"] = (_, of) => [of.Tenant],
        ["token create"] = (_, of) => ["night", "--role", "tenant", "--tenant", of.Tenant],
        ["token list"] = (_, of) => ["--tenant", of.Tenant],
        ["token show"] = (_, of) => [of.Token],
        ["token revoke"] = (_, of) => [of.Token],
        ["trace"] = (_, of) => [of.Message],
        ["queue replay"] = (_, of) => [of.Message],

        ["backup restore"] = (_, of) => [of.User],
        ["backup restore-tenant"] = (_, of) => [of.Tenant],

        // These name nothing.
        ["backup take"] = (_, _) => [],
        ["backup list"] = (_, _) => [],
        ["backup check"] = (_, _) => [],
        ["queue status"] = (_, _) => [],
        ["queue parked"] = (_, _) => [],
        ["tenant list"] = (_, _) => [],
        ["verify"] = (_, _) => [],
        ["sweep"] = (_, _) => [],

        // It talks to no server.
        ["plan"] = (_, _) => [],
    };

    /// <summary>By command: further arguments, about what is one's own, that name what is another's.</summary>
    private static readonly Dictionary<string, Func<Things, string[][]>> within = new()
    {
        ["address set"] = of => [[$"office@{Own}.test", "--kind", "alias", "--target", of.User], [$"bob@{Own}.test", "--send-as", of.User]],
        ["domain route"] = of => [[$"{Own}.test", "--alias-of", of.Domain], [$"{Own}.test", "--catch-all", of.User]],
        ["group set"] = of => [[$"all@{Own}.test", "--owner", of.User]],
        ["group member add"] = of => [[$"all@{Own}.test", of.User, of.Group]],
        ["group member remove"] = of => [[$"all@{Own}.test", of.User]],
        ["suppression add"] = of => [[Own, of.User]],
        ["suppression show"] = of => [[Own, of.User]],
        ["suppression remove"] = of => [[Own, of.User]],
    };

    private readonly string directory = Directory.CreateTempSubdirectory("mailcloud-cli-isolation-").FullName;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        Directory.Delete(directory, recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task What_another_tenant_has_is_as_if_it_never_was()
    {
        await MakeAsync(Own);
        var (other, never) = (await MakeAsync("cli-other"), Things.Never);
        var before = await ViewAsync(other);
        string[] tokens = [await TokenAsync("tenant"), await TokenAsync("help-desk"), await TokenAsync("user")];
        var wrong = new List<string>();
        foreach (var command in Commands())
        {
            var target = IsRestore(command) ? await MakeForAsync(command, $"cli-lost-{command.Split(' ')[0]}") : other;
            foreach (var token in tokens)
            {
                var (there, nothing) = (await RunAsync(token, command, target), await RunAsync(token, command, never));
                if (there != nothing)
                {
                    wrong.Add($"{Path.GetFileName(token)}: {command}: {there} and, of what never was, {nothing}");
                }
            }
        }

        Assert.Empty(wrong);
        Assert.Equal(before, await ViewAsync(other));
    }

    [Fact]
    public async Task The_same_command_of_the_platform_tells_or_changes_something()
    {
        var idle = new List<string>();
        foreach (var command in Commands().Where(command => cases[command](this, Things.Never).Any()))
        {
            var there = await MakeForAsync(command, $"cli-{command.Replace(' ', '-')}");
            if (await RunAsync(server.TokenFile, command, there) == await RunAsync(server.TokenFile, command, Things.Never))
            {
                idle.Add(command);
            }
        }

        // Nothing is parked here.
        Assert.Equal(["queue replay"], idle);
    }

    /// <summary>Of what was deleted; a backup is restored whatever is there.</summary>
    private static bool IsRestore(string command) => command.EndsWith(" restore", StringComparison.Ordinal) && cases.ContainsKey(DeleteOf(command));

    private static string DeleteOf(string restore) => restore.Replace(" restore", " delete", StringComparison.Ordinal);

    /// <summary>Every command that has none below it; each has a case.</summary>
    private static string[] Commands()
    {
        string[] commands = [.. Below("").Order(StringComparer.Ordinal)];
        Assert.Empty(commands.Except(cases.Keys).Select(command => $"{command} has come to the command line: give it a case here"));
        Assert.Equal(commands, cases.Keys.Order(StringComparer.Ordinal));
        return commands;
    }

    private static IEnumerable<string> Below(string command)
    {
        var line = command.Length == 0 ? "" : command + " ";
        string[] words = [.. Run([$"[suggest:{line.Length}]", line]).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(word => char.IsAsciiLetter(word[0]))];
        return words.Length == 0 ? [command] : words.SelectMany(word => Below(line + word));
    }

    /// <summary>How the command ends each time, and what it prints, without names.</summary>
    private async Task<string> RunAsync(string tokenFile, string command, Things of)
    {
        var answers = new StringBuilder();
        string[][] calls = [[.. cases[command](this, of)], .. within.TryGetValue(command, out var further) ? further(of) : []];
        foreach (var arguments in calls)
        {
            string[] all = [.. command.Split(' '), .. arguments, "--json", "--server", server.Admin.BaseAddress!.ToString(), "--token-file", tokenFile];
            var (exit, output) = await Task.Run(() => Run(all));
            answers.Append($"{exit} {Moment().Replace(output, "")}");
        }

        return of.Forget(answers.ToString());
    }

    private static (int Exit, string Output) Run(string[] arguments)
    {
        var (input, output, error, text) = (Console.In, Console.Out, Console.Error, new StringWriter(new StringBuilder()));
        Console.SetIn(new StringReader("a longer secret\n"));
        Console.SetOut(text);
        Console.SetError(text);
        try
        {
            return ((int)typeof(Output).Assembly.EntryPoint!.Invoke(null, [arguments])!, text.ToString());
        }
        finally
        {
            Console.SetIn(input);
            Console.SetOut(output);
            Console.SetError(error);
        }
    }

    private string FileOf(string name, string text)
    {
        var path = Path.Combine(directory, name);
        File.WriteAllText(path, text);
        return path;
    }

    private async Task<string> TokenAsync(string role)
    {
        var whose = role == "user" ? $"\"address\":\"bob@{Own}.test\"" : $"\"tenant\":\"{Own}\"";
        var (_, made) = await server.SendAsync(HttpMethod.Post, "/admin/v1/tokens", $$"""{"role":"{{role}}","name":"of isolation",{{whose}}}""", WebServer.Token);
        return FileOf(role, made.GetProperty("secret").GetString()!);
    }

    /// <summary>A tenant with what the command works on: only what is deleted can be restored.</summary>
    private async Task<Things> MakeForAsync(string command, string tenant)
    {
        var made = await MakeAsync(tenant);
        if (IsRestore(command))
        {
            Assert.StartsWith("0 ", await RunAsync(server.TokenFile, DeleteOf(command), made), StringComparison.Ordinal);
        }

        return made;
    }

    /// <summary>A tenant with one of each.</summary>
    private async Task<Things> MakeAsync(string tenant)
    {
        var message = DeliveryId.New(DateTimeOffset.UtcNow);
        await AskAsync(HttpMethod.Post, "/tenants", $$"""{"id":"{{tenant}}"}""");
        await AskAsync(HttpMethod.Post, $"/tenants/{tenant}/domains", $$"""{"domain":"{{tenant}}.test"}""");
        await AskAsync(HttpMethod.Put, $"/addresses/bob@{tenant}.test", """{"password":"a long secret"}""");
        await AskAsync(HttpMethod.Put, $"/addresses/all@{tenant}.test", """{"kind":"group"}""");
        await AskAsync(HttpMethod.Post, $"/addresses/all@{tenant}.test/members", $$"""{"members":["x@{{Far}}"]}""");
        await AskAsync(HttpMethod.Put, $"/tenants/{tenant}/oidc", """{"issuer":"https://login.example","audiences":["mail"]}""");
        await AskAsync(HttpMethod.Put, $"/tenants/{tenant}/suppressions/x@{Far}", "{}");
        await AskAsync(HttpMethod.Post, $"/domains/{tenant}.test/dkim", """{"algorithm":"ed25519","selector":"one"}""");
        var (_, password) = await server.SendAsync(HttpMethod.Post, $"/admin/v1/addresses/bob@{tenant}.test/app-passwords", """{"name":"phone"}""", WebServer.Token);
        var (_, token) = await server.SendAsync(HttpMethod.Post, "/admin/v1/tokens", $$"""{"role":"tenant","name":"of theirs","tenant":"{{tenant}}"}""", WebServer.Token);
        var (_, job) = await server.SendAsync(HttpMethod.Post, "/admin/v1/jobs", $$"""{"kind":"import-accounts","tenant":"{{tenant}}"}""", WebServer.Token);
        await AskAsync(HttpMethod.Put, $"/jobs/{job.GetProperty("id").GetString()}/input", "");
        var grains = server.Services.GetRequiredService<IGrainFactory>();
        await grains.GetGrain<ISpoolGrain>(SpoolShards.Of(Far)).AddAsync([EntryOf(tenant, message)]);
        await grains.GetGrain<ITraceGrain>(TraceShards.Of(message.ToString(), message.AcceptedAt)).RecordAsync([new() { Delivery = message, At = message.AcceptedAt, Kind = TraceKind.Accepted }]);
        return new(tenant, message.ToString(), password.GetProperty("id").GetString()!, token.GetProperty("token").GetProperty("id").GetString()!, job.GetProperty("id").GetString()!);
    }

    /// <summary>What a tenant has, as the platform sees it.</summary>
    private async Task<string> ViewAsync(Things of)
    {
        var view = new StringBuilder();
        foreach (var path in new[]
        {
            $"/tenants/{of.Tenant}", $"/tenants/{of.Tenant}/oidc", $"/tenants/{of.Tenant}/suppressions", $"/tenants/{of.Tenant}/audit", $"/domains/{of.Domain}", $"/domains/{of.Domain}/dkim",
            $"/addresses/{of.User}", $"/addresses/{of.User}/app-passwords", $"/addresses/{of.User}/totp", $"/accounts?domain={of.Domain}", $"/spool/{of.Message}", $"/tokens?tenant={of.Tenant}",
            $"/addresses/{of.Group}", $"/addresses/{of.Group}/members",
        })
        {
            view.AppendLine(await AskAsync(HttpMethod.Get, path));
        }

        // Not over HTTP, where to read it is written down.
        var grains = server.Services.GetRequiredService<IGrainFactory>();
        var mailbox = grains.GetGrain<IMailboxGrain>((await grains.GetGrain<IAddressGrain>(of.User).GetAsync())!.Account!.Value.Value);
        return view.AppendJoin('\n', await mailbox.ListFoldersAsync()).Append(await mailbox.GetStatusAsync("INBOX")).ToString();
    }

    private async Task<string> AskAsync(HttpMethod method, string path, string? json = null)
    {
        var (status, body) = await server.SendAsync(method, "/admin/v1" + path, json, WebServer.Token);
        Assert.True((int)status < 300, $"{method} {path}: {status}");
        return body.ValueKind == System.Text.Json.JsonValueKind.Undefined ? "" : body.GetRawText();
    }

    private static SpoolEntry EntryOf(string tenant, DeliveryId id)
    {
        Assert.True(EmailAddress.TryParse($"x@{Far}", out var remote));
        return new()
        {
            Kind = SpoolKind.Outbound,
            DueAt = DateTimeOffset.UtcNow.AddHours(1),
            Message = new() { Id = id, Tenant = new(tenant), Body = new($"{tenant}/body/{id}", 1), Envelope = new() { Recipients = [new() { Address = remote, Remote = [remote] }] }, Trace = "" },
        };
    }

    // When an address was listed.
    [GeneratedRegex("\"at\":\"[^\"]*\"")]
    private static partial Regex Moment();

    /// <param name="Message">A delivery id that waits in the spool.</param>
    /// <param name="AppPassword">The id of one of the account's.</param>
    /// <param name="Token">The id of one of the tenant's.</param>
    /// <param name="Job">The id of an import without a line.</param>
    private sealed record Things(string Tenant, string Message, string AppPassword, string Token, string Job)
    {
        /// <summary>As long as those of the other tenant that there is.</summary>
        public static readonly Things Never = new(
            "cli-never", DeliveryId.New(DateTimeOffset.UtcNow).ToString(), "0193a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2c", "0193a1b2c3d47e5f8a6b7c8d9e0f1a2d", new string('1', 32));

        public string Domain => $"{Tenant}.test";

        public string User => $"bob@{Domain}";

        public string Group => $"all@{Domain}";

        public string Forget(string text) =>
            text.Replace(Tenant, "TENANT", StringComparison.Ordinal).Replace(Message, "MESSAGE", StringComparison.Ordinal).Replace(AppPassword, "PASSWORD", StringComparison.Ordinal)
                .Replace(Token, "TOKEN", StringComparison.Ordinal)
                .Replace(Job, "JOB", StringComparison.Ordinal);
    }
}

[CollectionDefinition(nameof(TakenConsole), DisableParallelization = true)]
public sealed class TakenConsole;
