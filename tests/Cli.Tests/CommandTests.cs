using System.Diagnostics;
using System.Text.Json;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Web.Tests;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Cli.Tests;

/// <summary>The built command in a process of its own, against a real server; its output is no terminal, so it is JSON.</summary>
public sealed class CommandTests(WebServer server) : IClassFixture<WebServer>
{
    [Fact]
    public async Task Accounts_are_imported_and_listed()
    {
        var file = Path.Combine(server.Directory, "accounts.csv");
        await File.WriteAllTextAsync(file, "ann@example.test,a secret\nben@example.test,a secret\n");
        Assert.Equal((0, "{\"imported\":2,\"failed\":0}\n", ""), await RunAsync("account", "import", file));
        Assert.Equal((0, "{\"imported\":2,\"failed\":0}\n", ""), await RunAsync("account", "import", file));
        var (exit, output, _) = await RunAsync("account", "list", "example.test");
        Assert.Equal(0, exit);
        var listed = Lines(output).Where(a => Text(a, "address")[3..] == "@example.test").Select(a => $"{Text(a, "address")} {Text(a, "kind")}");
        Assert.Equal(["ann@example.test account", "ben@example.test account"], listed.Take(2));
    }

    [Fact]
    public async Task A_line_that_fails_is_named_and_the_rest_is_done()
    {
        var file = Path.Combine(server.Directory, "bad.csv");
        await File.WriteAllTextAsync(file, "nonsense\ncid@example.test,a secret\n");
        var (exit, output, error) = await RunAsync("account", "import", file);
        Assert.Equal((1, "{\"imported\":1,\"failed\":1}\n"), (exit, output));
        Assert.StartsWith("line 1: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_whose_lines_and_answers_no_buffer_holds_is_imported()
    {
        // 24 MB of lines, and 3 MB of answers: each side waits for the other when nobody reads.
        var address = $"{new string('a', 64)}@{string.Join('.', Enumerable.Repeat(new string('b', 60), 4))}";
        var file = Path.Combine(server.Directory, "long.csv");
        await File.WriteAllLinesAsync(file, Enumerable.Range(0, 6000).Select(i => i == 5998 ? "dan@example.test,a secret" : $"{address},{new string('x', 3700)}"));
        var (exit, output, error) = await RunAsync("account", "import", file);
        Assert.Equal((1, "{\"imported\":1,\"failed\":5999}\n"), (exit, output));
        Assert.EndsWith("line 6000: the password is longer than 1024 octets\n", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_domain_and_a_tenant_are_deleted_and_restored()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", """{"id":"leaving"}""");
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/leaving/domains", """{"domain":"leaving.test"}""");
        foreach (var (noun, name) in new[] { ("domain", "leaving.test"), ("tenant", "leaving") })
        {
            Assert.StartsWith("2", Text(await OneAsync(noun, "delete", name), "restorableUntil"), StringComparison.Ordinal);
            await OneAsync(noun, "restore", name);
            var (exit, _, error) = await RunAsync(noun, "restore", name);
            Assert.Equal(1, exit);
            Assert.Contains("is not deleted", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Tenants_domains_and_addresses_are_listed()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", """{"id":"listed"}""");
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/listed/domains", """{"domain":"listed.test"}""");
        Assert.Contains("""{"id":"listed","state":"active","plan":"","domains":1}""", (await RunAsync("tenant", "list")).Output, StringComparison.Ordinal);
        Assert.Equal((0, """{"domain":"listed.test","tenant":"listed","aliasOf":null,"catchAll":null}""" + "\n", ""), await RunAsync("domain", "list", "listed"));
        Assert.Equal("postmaster@listed.test", Text(Assert.Single(Lines((await RunAsync("account", "list", "listed.test", "--prefix", "Post")).Output)), "address"));
        Assert.Equal((0, "", ""), await RunAsync("account", "list", "listed.test", "--prefix", "x"));
    }

    [Fact]
    public async Task An_address_is_set()
    {
        var alias = await OneAsync("address", "set", "info@example.test", "--kind", "alias", "--target", "a@example.test", "b@other.test");
        Assert.Equal(("alias", """["a@example.test","b@other.test"]"""), (Text(alias, "kind"), alias.GetProperty("targets").GetRawText()));
        Assert.Equal("suspended", Text(await OneAsync("address", "set", "zoe@example.test", "--state", "suspended"), "state"));
        var (exit, _, error) = await RunAsync("address", "set", "info@example.test", "--kind", "king");
        Assert.Equal((1, "mailcloud: kind is one of account, alias, forwarded, moved and group\n"), (exit, error));
    }

    [Fact]
    public async Task An_address_is_deleted_and_restored()
    {
        await RunAsync("address", "set", "yan@example.test", "--quota", "500");
        Assert.StartsWith("2", Text(await OneAsync("address", "delete", "yan@example.test"), "restorableUntil"), StringComparison.Ordinal);
        Assert.Equal("account", Text(await OneAsync("address", "restore", "yan@example.test"), "kind"));
        var (exit, _, error) = await RunAsync("address", "restore", "yan@example.test");
        Assert.Equal(1, exit);
        Assert.Contains("is not deleted", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_app_password_is_made_listed_and_removed()
    {
        await RunAsync("address", "set", "xia@example.test");
        var added = await OneAsync("account", "app-password", "add", "xia@example.test", "phone", "--scope", "imap", "--scope", "smtp", "--expires", "2999-01-31");
        Assert.Matches("^([a-z]{5}-){3}[a-z]{5}$", Text(added, "secret"));
        var id = Text(added, "id");
        var listed = await OneAsync("account", "app-password", "list", "xia@example.test");
        Assert.Equal((id, "phone", """["imap","smtp"]"""), (Text(listed, "id"), Text(listed, "name"), listed.GetProperty("scopes").GetRawText()));
        Assert.Equal(id, Text(await OneAsync("account", "app-password", "remove", "xia@example.test", id), "id"));
        Assert.Equal((0, "", ""), await RunAsync("account", "app-password", "list", "xia@example.test"));
        Assert.Equal(1, (await RunAsync("account", "app-password", "remove", "xia@example.test", id)).Exit);
    }

    [Fact]
    public async Task A_second_factor_is_begun_confirmed_shown_and_removed()
    {
        await RunAsync("address", "set", "ute@example.test");
        var begun = await OneAsync("account", "totp", "begin", "ute@example.test");
        Assert.StartsWith("otpauth://totp/", Text(begun, "uri"), StringComparison.Ordinal);
        Assert.Equal(1, (await RunAsync("account", "totp", "confirm", "ute@example.test", "x")).Exit);
        var code = new OtpNet.Totp(OtpNet.Base32Encoding.ToBytes(Text(begun, "secret"))).ComputeTotp();
        Assert.Equal(10, (await OneAsync("account", "totp", "confirm", "ute@example.test", code)).GetProperty("recoveryCodes").GetArrayLength());
        var shown = await OneAsync("account", "totp", "show", "ute@example.test");
        Assert.Equal(("on", 10), (Text(shown, "state"), shown.GetProperty("recoveryCodes").GetInt32()));
        Assert.Equal("off", Text(await OneAsync("account", "totp", "remove", "ute@example.test"), "state"));
    }

    [Fact]
    public async Task Logins_of_an_account_are_listed()
    {
        await RunAsync("address", "set", "wim@example.test");
        Assert.Equal((0, "", ""), await RunAsync("account", "logins", "wim@example.test"));
        var kind = new LoginKind(LoginProtocols.Pop, "192.0.2.1", "password", null, LoginResult.Limited);
        await server.Services.GetRequiredService<IGrainFactory>().GetGrain<ILoginsGrain>("wim@example.test").AddAsync(Guid.NewGuid(), [new(kind, DateTimeOffset.UtcNow, DateTimeOffset.UtcNow, 2)]);
        var login = await OneAsync("account", "logins", "wim@example.test");
        Assert.Equal(
            (2, "pop", "192.0.2.1", "password", "limited"),
            (login.GetProperty("count").GetInt32(), Text(login, "protocol"), Text(login, "network"), Text(login, "means"), Text(login, "result")));
        Assert.Equal(1, (await RunAsync("account", "logins", "nobody@example.test")).Exit);
    }

    [Fact]
    public async Task A_tenant_is_suspended_and_shown()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", """{"id":"late"}""");
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/late/domains", """{"domain":"late.test"}""");
        var set = await OneAsync("tenant", "set", "late", "--state", "suspended", "--plan", "small", "--domains", "1", "--accounts", "2");
        var (limits, usage) = (set.GetProperty("limits"), set.GetProperty("usage"));
        Assert.Equal(
            ("suspended", "small", 1, 2),
            (Text(set, "state"), Text(limits, "plan"), usage.GetProperty("domains").GetInt32(), limits.GetProperty("accounts").GetInt32()));
        Assert.Equal(set.GetRawText(), (await OneAsync("tenant", "show", "late")).GetRawText());
        var (exit, _, error) = await RunAsync("tenant", "show", "nobody");
        Assert.Equal(1, exit);
        Assert.Contains("there is no tenant nobody", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_issuer_of_tokens_is_set_shown_and_removed()
    {
        string[] set = ["tenant", "oidc", "set", "demo", "--issuer", "https://id.test/realm", "--audience", "mail", "--audience", "post", "--account-claim", "sub", "--scope", "mail.access"];
        var shown = await OneAsync(set);
        Assert.Equal(("https://id.test/realm", "sub", """["mail","post"]"""), (Text(shown, "issuer"), Text(shown, "accountClaim"), shown.GetProperty("audiences").GetRawText()));
        Assert.Equal(shown.GetRawText(), (await OneAsync("tenant", "oidc", "show", "demo")).GetRawText());
        Assert.Equal("demo", Text(await OneAsync("tenant", "oidc", "remove", "demo"), "tenant"));
        var (exit, _, error) = await RunAsync("tenant", "oidc", "show", "demo");
        Assert.Equal(1, exit);
        Assert.Contains("tenant demo has no issuer", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_domain_is_routed_and_shown()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/demo/domains", """{"domain":"named.test"}""");
        Assert.Equal("example.test", Text(await OneAsync("domain", "route", "named.test", "--alias-of", "Example.test"), "aliasOf"));
        Assert.Equal("example.test", Text(await OneAsync("domain", "show", "named.test"), "aliasOf"));
        Assert.Equal("bob@example.test", Text(await OneAsync("domain", "route", "named.test", "--catch-all", "bob@example.test"), "catchAll"));
        Assert.Equal(JsonValueKind.Null, (await OneAsync("domain", "route", "named.test")).GetProperty("catchAll").ValueKind);
    }

    [Fact]
    public async Task A_domain_gets_keys_and_their_records_are_printed_for_its_zone()
    {
        Assert.Equal((0, "", ""), await RunAsync("domain", "dkim", "list", "example.test"));
        var (exit, added, _) = await RunAsync("domain", "dkim", "add", "example.test");
        Assert.Equal(0, exit);
        var selectors = Lines(added).Select(key => Text(key, "selector")).ToList();
        Assert.Equal(2, selectors.Count);
        Assert.Contains(Lines(added), key => (Text(key, "algorithm"), Text(key, "state")) == ("rsa", "published"));

        var (_, zone, _) = await RunAsync("domain", "dns", "example.test");
        var lines = zone.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(selectors.Select(selector => $"{selector}._domainkey.example.test."), lines.Select(line => line.Split(' ')[0]));
        Assert.All(lines, line => Assert.Matches("^[^ ]+ IN TXT [(] (\"[^\"]{1,255}\" )+[)]$", line));
        Assert.Equal(4, lines[0].Count(c => c == '"'));

        Assert.Contains(Lines((await RunAsync("domain", "dkim", "activate", "example.test", selectors[1])).Output), key => (Text(key, "selector"), Text(key, "state")) == (selectors[1], "signing"));
        Assert.Contains(Lines((await RunAsync("domain", "dkim", "retire", "example.test", selectors[1])).Output), key => (Text(key, "selector"), Text(key, "state")) == (selectors[1], "retired"));
        Assert.Equal((1, ""), ((await RunAsync("domain", "dkim", "retire", "example.test", "none")) is var (code, output, _) ? (code, output) : default));
    }

    [Fact]
    public async Task The_queue_is_shown()
    {
        Assert.Equal((0, "{\"waiting\":0,\"parked\":0}\n", ""), await RunAsync("queue", "status"));
        Assert.Equal((0, "", ""), await RunAsync("queue", "parked"));
        var (exit, _, error) = await RunAsync("queue", "replay", "00000000000000000000000000000000");
        Assert.Equal(1, exit);
        Assert.Contains("is not parked", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Waiting_mail_is_listed_and_cancelled()
    {
        var id = DeliveryId.New(DateTimeOffset.UtcNow);
        var remote = new EmailAddress("ann", "remote.test");
        await server.Services.GetRequiredService<IGrainFactory>().GetGrain<ISpoolGrain>(SpoolShards.Of("remote.test")).AddAsync(
        [
            new()
            {
                Kind = SpoolKind.Outbound,
                DueAt = id.AcceptedAt.AddHours(1),
                LastError = "mx.remote.test: 451 later",
                Message = new() { Id = id, Tenant = new("demo"), Body = new("demo/body/none", 1), Envelope = new() { Recipients = [new() { Address = remote, Remote = [remote] }] }, Trace = "" },
            },
        ]);

        var (exit, output, _) = await RunAsync("queue", "list", "--destination", "remote.test");
        Assert.Equal(0, exit);
        var entry = Assert.Single(Lines(output));
        Assert.Equal((id.ToString(), "ann@remote.test", "mx.remote.test: 451 later"), (Text(entry, "id"), Text(entry, "destination"), Text(entry, "lastError")));
        Assert.Equal("mx.remote.test: 451 later", Text(await OneAsync("queue", "show", id.ToString()), "lastError"));
        Assert.Equal(1, (await OneAsync("queue", "retry", id.ToString())).GetProperty("recipients").GetInt32());
        Assert.Equal(1, (await OneAsync("queue", "cancel", id.ToString())).GetProperty("recipients").GetInt32());
        Assert.Equal((0, "", ""), await RunAsync("queue", "list"));
        Assert.Equal(1, (await RunAsync("queue", "show", id.ToString())).Exit);
    }

    [Fact]
    public async Task Addresses_are_suppressed_listed_and_let_go()
    {
        var added = await OneAsync("suppression", "add", "demo", "Gone@far.test", "--reason", "she asked for it");
        Assert.Equal(("gone@far.test", "administrator", "she asked for it"), (Text(added, "address"), Text(added, "by"), Text(added, "reason")));
        Assert.Equal(added.GetRawText(), (await OneAsync("suppression", "show", "demo", "gone@far.test")).GetRawText());
        await RunAsync("suppression", "add", "demo", "ann@far.test");

        Assert.Equal(["ann@far.test", "gone@far.test"], Lines((await RunAsync("suppression", "list", "demo")).Output).Select(listed => Text(listed, "address")));
        Assert.Equal("she asked for it", Text(await OneAsync("suppression", "list", "demo", "--prefix", "go"), "reason"));
        Assert.Equal("gone@far.test", Text(await OneAsync("suppression", "remove", "demo", "gone@far.test"), "address"));
        Assert.Equal((1, "", "mailcloud: gone@far.test is not on the suppression list\n"), await RunAsync("suppression", "remove", "demo", "gone@far.test"));
        Assert.Equal(1, (await RunAsync("suppression", "list", "nobody")).Exit);
    }

    [Fact]
    public async Task Groups_are_made_and_their_members_come_and_go()
    {
        var made = await OneAsync("group", "set", "crew@example.test", "--posting", "members");
        Assert.Equal(("crew@example.test", "group", "members"), (Text(made, "address"), Text(made, "kind"), Text(made, "posting")));
        Assert.Equal("boss@far.test", Text(await OneAsync("group", "set", "crew@example.test", "--owner", "boss@far.test"), "owner"));
        Assert.Equal("members", Text(await OneAsync("group", "show", "crew@example.test"), "posting"));

        var file = Path.Combine(server.Directory, "crew.txt");
        await File.WriteAllLinesAsync(file, Enumerable.Range(0, 1500).Select(i => $"u{i}@far.test").Append(""));
        Assert.Equal(1501, (await OneAsync("group", "member", "add", "crew@example.test", "Ann@far.test", "--file", file)).GetProperty("added").GetInt32());
        Assert.Equal(0, (await OneAsync("group", "member", "add", "crew@example.test", "ann@far.test")).GetProperty("added").GetInt32());
        var members = Lines((await RunAsync("group", "member", "list", "crew@example.test")).Output).Select(line => Text(line, "member")).ToHashSet();
        Assert.Equal(1501, members.Count);
        Assert.Contains("Ann@far.test", members);
        Assert.Equal("ann@far.test", Text(await OneAsync("group", "member", "remove", "crew@example.test", "ann@far.test"), "member"));
        Assert.Equal((1, "", "mailcloud: ann@far.test is no member of crew@example.test\n"), await RunAsync("group", "member", "remove", "crew@example.test", "ann@far.test"));
        Assert.Equal((1, "", "mailcloud: postmaster@example.test is no group (account)\n"), await RunAsync("group", "show", "postmaster@example.test"));
    }

    [Fact]
    public async Task What_became_of_a_message_is_printed_in_order_of_time()
    {
        var now = DateTimeOffset.UtcNow;
        var id = DeliveryId.New(now);
        TraceEvent At(int seconds, TraceKind kind, params string[] recipients) =>
            new() { Delivery = id, At = now.AddSeconds(seconds), Kind = kind, Recipients = recipients, Count = recipients.Length };
        var shards = server.Services.GetRequiredService<IGrainFactory>();
        await shards.GetGrain<ITraceGrain>(TraceShards.Of("m@remote.test", now)).RecordAsync([At(0, TraceKind.Named) with { MessageId = "m@remote.test" }]);
        foreach (var happened in (TraceEvent[])
        [
            At(-8, TraceKind.RecipientRefused, "no@example.test") with { Reply = "550 5.1.1 no such user here" },
            At(-7, TraceKind.Accepted, "ann@example.test", "far@remote.test") with
            {
                MessageId = "m@remote.test", Reply = "250 2.0.0 queued as x", Session = new("demo", "submission", "192.0.2.1", "c.example", "ann@example.test", "Tls13 X", "ann@example.test", 1234),
            },
            At(-6, TraceKind.Filed, "ann@example.test") with { Filing = new("demo/1", "INBOX", 4, 7) },
            At(-5, TraceKind.Deferred, "far@remote.test") with { Reply = "451 later\u001b[2J", Hop = new("mx.remote.test", "192.0.2.2", null) },
            At(-4, TraceKind.Failed, "far@remote.test") with { Reply = "550 never", Hop = new("mx.remote.test", null, null) },
            At(-3, TraceKind.Reported, "far@remote.test") with { Reply = "failed 5.1.1", Other = id },
            At(-2, TraceKind.Relayed, "far@remote.test") with { Count = 5, Reply = "250 OK", Hop = new("mx.remote.test", "192.0.2.2", "TLS1.3 X dane") },
        ])
        {
            await shards.GetGrain<ITraceGrain>(TraceShards.Of(id.ToString(), happened.At)).RecordAsync([happened]);
        }

        Assert.Equal(7, (await OneAsync("trace", "<m@remote.test>")).GetProperty("events").GetArrayLength());
        var (exit, output) = await OnTerminalAsync("trace", "'<m@remote.test>'");
        Assert.Equal(0, exit);
        var lines = output.Split('\n');
        Assert.Equal($"{id} <m@remote.test>", lines[0]);
        Assert.All(lines[1..8], line => Assert.Matches(@"^  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z  ", line));
        Assert.Equal(
        [
            "recipient refused: no@example.test: 550 5.1.1 no such user here",
            "accepted from 192.0.2.1 (c.example, submission, Tls13 X, as ann@example.test), sender <ann@example.test>, tenant demo, 1234 octets, "
                + "for ann@example.test, far@remote.test: 250 2.0.0 queued as x",
            "filed for ann@example.test in INBOX, UID 7, UIDVALIDITY 4, mailbox demo/1",
            "put off for far@remote.test by mx.remote.test[192.0.2.2], in clear: 451 later?[2J",
            "failed for far@remote.test by mx.remote.test: 550 never",
            $"report to the sender about far@remote.test (failed 5.1.1) is {id}",
            "relayed for far@remote.test, 4 more by mx.remote.test[192.0.2.2], TLS1.3 X dane: 250 OK",
        ], lines[1..8].Select(line => line[28..]));
        Assert.Equal(output, (await OnTerminalAsync("trace", id.ToString())).Output);
        Assert.Equal(1, (await RunAsync("trace", "unheard-of@example.test")).Exit);
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("sweep")]
    public async Task A_walk_prints_its_summary(string command)
    {
        var (exit, output, error) = await RunAsync(command);
        Assert.Equal((0, ""), (exit, error));
        Assert.Equal("summary", Text(Lines(output).Last(), "kind"), ignoreCase: true);
    }

    [Fact]
    public async Task What_a_person_can_mend_is_one_line()
    {
        var wrong = Path.Combine(server.Directory, "wrong-token");
        await File.WriteAllTextAsync(wrong, "wrong");
        Assert.Equal((1, "", 1), Count(await StartAsync(["--token-file", wrong, "queue", "status"])));
        Assert.Equal((1, "", 1), Count(await StartAsync(["--token-file", wrong + "-missing", "queue", "status"])));
        Assert.Equal((1, "", 1), Count(await StartAsync(["--server", "http://127.0.0.1:1", "--token-file", server.TokenFile, "queue", "status"])));
        var http = server.Http.BaseAddress!.ToString();
        Assert.Equal(
            (1, "", $"mailcloud: {http} answers, but not as the admin API. Give its admin address with --server, like http://127.0.0.1:8081.\n"),
            await StartAsync(["--server", http, "--token-file", server.TokenFile, "queue", "status"]));
    }

    [Fact]
    public async Task A_person_at_a_terminal_sees_tables_and_is_told_when_json_is_wanted()
    {
        await RunAsync("suppression", "add", "demo", "table@far.test", "--reason", "\u001b[2Jwords");
        var (exit, table) = await OnTerminalAsync("suppression", "list", "demo", "--prefix", "table");
        Assert.Equal(0, exit);
        Assert.Matches("│ +address +│ +listed at +│ +until +│ +reason +│", table);
        Assert.Matches("│ table@far.test +│ .+ │ +│ .\\[2Jwords +│", table);
        await RunAsync("suppression", "remove", "demo", "table@far.test");
        Assert.Equal((0, "none\n"), await OnTerminalAsync("suppression", "list", "demo", "--prefix", "table"));
        Assert.Matches("^waiting +\\d+ *\nparked +\\d+ *\n", (await OnTerminalAsync("queue", "status")).Output);
        Assert.Matches("^{\"waiting\":\\d+,\"parked\":\\d+}\n$", (await OnTerminalAsync("queue", "status", "--json")).Output);
    }

    private static (int Exit, string Output, int ErrorLines) Count((int Exit, string Output, string Error) run) => (run.Exit, run.Output, run.Error.Count(c => c == '\n'));

    private Task<(int Exit, string Output, string Error)> RunAsync(params string[] command) => StartAsync(["--token-file", server.TokenFile, .. command]);

    private async Task<JsonElement> OneAsync(params string[] command)
    {
        var (exit, output, error) = await RunAsync(command);
        Assert.Equal((0, ""), (exit, error));
        return Assert.Single(Lines(output));
    }

    private static List<JsonElement> Lines(string output) => [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    private static string Text(JsonElement record, string member) => record.GetProperty(member).GetString()!;

    private Task<(int Exit, string Output)> OnTerminalAsync(params string[] command) => CommandProcess.OnTerminalAsync(server, [], command);

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
