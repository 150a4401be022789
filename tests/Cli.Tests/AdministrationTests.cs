using System.Text.Json;
using MailCloud.Web.Tests;

namespace MailCloud.Cli.Tests;

/// <summary>Tokens, the audit log, exports and what is in a mailbox.</summary>
public sealed class AdministrationTests(WebServer server) : IClassFixture<WebServer>
{
    [Fact]
    public async Task A_token_is_made_used_listed_and_revoked()
    {
        var expires = $"{DateTimeOffset.UtcNow.AddDays(30):yyyy-MM-dd}";
        string[] create = ["token", "create", "night shift", "--role", "tenant", "--tenant", "demo", "--read-only", "--permission", "readDirectory", "readAudit", "--expires", expires];
        var made = One(await RunAsync(create));
        var token = made.GetProperty("token");
        Assert.Equal(("night shift", "tenant", "demo", true), (Text(token, "name"), Text(token, "role"), Text(token, "tenant"), token.GetProperty("readOnly").GetBoolean()));
        Assert.Equal("""["readDirectory","readAudit"]""", token.GetProperty("permissions").GetRawText());
        var id = Text(token, "id")!;

        var secret = Path.Combine(server.Directory, "night-shift");
        await File.WriteAllTextAsync(secret, Text(made, "secret"));
        await RunAsync("tenant", "create", "unseen");
        var variables = new Dictionary<string, string?> { ["MAILCLOUD_SERVER"] = server.Admin.BaseAddress!.ToString(), ["MAILCLOUD_TOKEN_FILE"] = secret };
        Assert.Equal("demo", Text(One(await CommandProcess.RunInAsync("/", variables, "tenant", "list")), "id"));

        Assert.Equal(id, Text(One(await RunAsync("token", "list", "--tenant", "demo")), "id"));
        Assert.Equal("night shift", Text(One(await RunAsync("token", "show", id)), "name"));
        Assert.Equal(id, Text(One(await RunAsync("token", "revoke", id)), "id"));
        Assert.Equal((0, "", ""), await RunAsync("token", "list", "--tenant", "demo"));
        Assert.Equal(1, (await RunAsync("token", "show", id)).Exit);
        Assert.Equal(1, (await CommandProcess.RunInAsync("/", variables, "tenant", "list")).Exit);
    }

    [Fact]
    public async Task A_tokens_secret_stands_on_a_line_of_its_own_at_a_terminal()
    {
        var (exit, output) = await CommandProcess.OnTerminalAsync(server, [], "token", "create", "desk", "--role", "platform", "--permission", "operate");
        Assert.Equal(0, exit);
        Assert.Matches("(?m)^may +operate *$", output);
        Assert.Matches("(?m)^mct_[0-9a-f]{32}_[0-9a-f]{64}$", output);
    }

    [Fact]
    public async Task Acts_are_listed_with_what_they_changed()
    {
        await RunAsync("tenant", "create", "watched");
        await RunAsync("tenant", "set", "watched", "--plan", "small");
        await RunAsync("tenant", "set", "watched", "--plan", "large", "--state", "suspended");
        var acts = Lines(await RunAsync("audit", "watched"));
        Assert.Equal(["PUT /tenants/{tenant}", "PUT /tenants/{tenant}"], acts.Select(act => Text(act, "operation")));
        Assert.Contains(Lines(await RunAsync("audit")), act => Text(act, "operation") == "POST /tenants" && act.GetProperty("after").GetRawText() == """{"id":"watched"}""");

        var (exit, output, error) = await RunAsync("audit", "watched", "--limit", "1");
        Assert.Equal((0, acts[0].GetRawText() + "\n"), (exit, output));
        Assert.StartsWith("there is more", error, StringComparison.Ordinal);
        Assert.Equal((0, "", ""), await RunAsync("audit", "watched", "--since", "2999-01-01"));
        Assert.Equal(1, (await RunAsync("audit", "nobody")).Exit);

        var (_, table) = await CommandProcess.OnTerminalAsync(server, [], "audit", "watched");
        Assert.Matches("│ when +│ who +│ what +│ before → after +│ status │", table);
        Assert.Matches("│ \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\dZ │ root \\(platform\\) │ PUT /tenants/watched │ limits.plan: → small +│ 200 +│", table);
        Assert.Matches("│ +│ 127.0.0.1 +│ +│ limits.plan: small → large +│ +│", table);
    }

    [Fact]
    public async Task Addresses_of_a_domain_are_exported()
    {
        await RunAsync("tenant", "create", "moving");
        await RunAsync("domain", "add", "moving.test", "--tenant", "moving");
        await CommandProcess.RunWithInputAsync(server, "tall ship 1412", "account", "create", "ann@moving.test");
        var printed = Lines(await RunAsync("account", "export", "moving.test"));
        Assert.Equal(["ann@moving.test", "postmaster@moving.test"], printed.Select(address => Text(address, "address")));
        Assert.False(printed[0].TryGetProperty("passwordHash", out _));

        var file = Path.Combine(server.Directory, "moving.jsonl");
        await File.WriteAllTextAsync(file, "of earlier");
        Assert.Equal((0, "{\"exported\":2}\n", ""), await RunAsync("account", "export", "moving.test", "--hashes", "--to", file));
        Assert.StartsWith("{", Text(JsonDocument.Parse((await File.ReadAllLinesAsync(file))[0]).RootElement, "passwordHash"), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(file).UnixFileMode);

        Assert.Equal(1, (await RunAsync("account", "export", "nowhere.test", "--to", file)).Exit);
        Assert.Equal(2, (await File.ReadAllLinesAsync(file)).Length);
        Assert.False(File.Exists($"{file}.partial"));
        var (exit, _, error) = await RunAsync("account", "export", "moving.test", "--to", "/nowhere/at/all");
        Assert.Equal(1, exit);
        Assert.StartsWith("mailcloud: the file was not written: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Folders_and_messages_of_a_mailbox_are_listed()
    {
        await CommandProcess.RunWithInputAsync(server, "tall ship 1412", "account", "create", "eva@example.test");
        One(await RunAsync("mailbox", "make-folder", "eva@example.test", "Letters/2026", "--subscribed"));
        var letters = Lines(await RunAsync("mailbox", "folders", "eva@example.test")).Single(folder => Text(folder, "name") == "Letters/2026");
        Assert.Equal((true, 0), (letters.GetProperty("subscribed").GetBoolean(), letters.GetProperty("messages").GetInt32()));

        var begun = await server.SendAsync(HttpMethod.Post, "/admin/v1/mailboxes/eva@example.test/imports", token: WebServer.Token);
        const string Message = "Subject: a letter\r\n\r\n\u001b[2Jhello\r\n";
        using var content = new StringContent(Message);
        using var filed = await server.Admin.PutAsync(new Uri($"/admin/v1/mailboxes/eva@example.test/imports/{Text(begun.Body, "id")}/one?folder=Letters/2026&flags=seen", UriKind.Relative), content);
        Assert.True(filed.IsSuccessStatusCode);
        var listed = One(await RunAsync("mailbox", "messages", "eva@example.test", "Letters/2026"));
        Assert.Equal((1, """["seen"]"""), (listed.GetProperty("uid").GetInt32(), listed.GetProperty("flags").GetRawText()));
        Assert.Equal((0, Message, ""), await RunAsync("mailbox", "message", "eva@example.test", "Letters/2026", "1"));
        Assert.Equal((0, "Subject: a letter\n\n?[2Jhello\n"), await CommandProcess.OnTerminalAsync(server, [], "mailbox", "message", "eva@example.test", "Letters/2026", "1"));
        Assert.Equal(1, (await RunAsync("mailbox", "message", "eva@example.test", "Letters/2026", "2")).Exit);
    }

    [Fact]
    public async Task Waiting_mail_is_listed_by_its_age_and_a_sweep_has_a_grace()
    {
        Assert.Equal((0, "", ""), await RunAsync("queue", "list", "--accepted-before", "2026-01-31T12:00:00+01:00"));
        Assert.Equal(0, (await RunAsync("sweep", "--grace", "86400")).Exit);
        var (exit, _, error) = await RunAsync("sweep", "--grace", "-1");
        Assert.Equal((1, "mailcloud: grace is a number of seconds\n"), (exit, error));
    }

    private Task<(int Exit, string Output, string Error)> RunAsync(params string[] command) => CommandProcess.RunAsync(server, null, command);

    private static JsonElement One((int Exit, string Output, string Error) run) => Assert.Single(Lines(run));

    private static List<JsonElement> Lines((int Exit, string Output, string Error) run)
    {
        Assert.Equal((0, ""), (run.Exit, run.Error));
        return [.. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }

    private static string? Text(JsonElement record, string member) => record.GetProperty(member).GetString();
}
