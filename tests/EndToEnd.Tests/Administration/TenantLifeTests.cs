using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using MailCloud.Testing;
using MailKit.Net.Smtp;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Administration;

/// <summary>
/// The life of a tenant on one server, from its first account until nothing is left of it, by the command and the API that operators have: many accounts, administrators of its own, limits,
/// suspension, deletion. Another tenant beside it is used all the time, and notices nothing.
/// </summary>
public sealed class TenantLifeTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Tenant = "quokka";
    private const string Domain = "quokka.test";
    private const string Other = "wombat";
    private const string OtherDomain = "wombat.test";
    private const long Quota = 1_000_000;
    private const int RecipientsPerDay = 40;

    /// <summary>What the relay knows of who may send is as old at most.</summary>
    private static readonly TimeSpan RelayRemembers = TimeSpan.FromSeconds(6);

    /// <summary>What is held is looked at again after half an hour.</summary>
    private static readonly TimeSpan HeldFor = TimeSpan.FromMinutes(31);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Of the tenant; the other has a tenth.</summary>
    private static readonly int Accounts = int.Parse(Environment.GetEnvironmentVariable("MAILCLOUD_ACCOUNTS") ?? "2000", CultureInfo.InvariantCulture);

    private readonly string data = ServerProcess.NewDataDirectory();
    private readonly LimitedSink far = LimitedSink.Start(new(), "127.0.0.3");
    private ServerProcess server = null!;
    private Administrator platform = null!;
    private Administrator own = null!;

    private static string[] Users => [.. Enumerable.Range(0, Accounts).Select(number => AddressOf(number, Domain))];

    public Task InitializeAsync() => StartAsync();

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        await far.DisposeAsync();
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task A_tenant_is_filled_delegated_restricted_suspended_restored_and_deleted_and_another_notices_nothing()
    {
        await MakeTenantsAsync();
        await ImportAsync();
        await DelegateAsync();
        await ListAsync();

        var neighbour = await Neighbour.MoveInAsync(User(0, OtherDomain));
        var others = await OthersAsync();
        await RestrictAsync();
        await SuspendAccountAsync();
        await SuspendTenantAsync();
        await DeleteAndRestoreAsync();
        output.WriteLine($"the other tenant's account wrote and got {await neighbour.MoveOutAsync()} messages meanwhile");
        Assert.Equal(others, await OthersAsync());

        await DeleteForGoodAsync();
        Assert.Equal(others, await OthersAsync());
        await BeginAnewAsync();
    }

    // Tenants with limits, domains, and an administrator of one of them, who reaches nothing of the other.
    private async Task MakeTenantsAsync()
    {
        foreach (var (tenant, domain) in new[] { (Tenant, Domain), (Other, OtherDomain) })
        {
            await platform.DoAsync(HttpMethod.Post, "/admin/v1/tenants", new { id = tenant });
            await platform.DoAsync(HttpMethod.Post, $"/admin/v1/tenants/{tenant}/domains", new { domain });
        }

        await platform.MailcloudAsync(
            "tenant", "set", Tenant, "--plan", "large", "--domains", "2", "--accounts", Text(Accounts), "--storage", Text(Accounts * Quota), "--account-quota", Text(Quota),
            "--recipients-per-day", Text(RecipientsPerDay));
        await platform.DoAsync(HttpMethod.Post, $"/admin/v1/tenants/{Tenant}/domains", new { domain = "too." + Domain });
        await platform.RefusedAsync(HttpStatusCode.Conflict, "as many domains as it may", HttpMethod.Post, $"/admin/v1/tenants/{Tenant}/domains", new { domain = "three." + Domain });

        own = await platform.DelegateAsync(new { role = "tenant", tenant = Tenant, name = "its own" });
        await own.RefusedAsync(HttpStatusCode.Forbidden, "", HttpMethod.Put, $"/admin/v1/tenants/{Tenant}", new { limits = new { accounts = 0 } });
        await own.RefusedAsync(HttpStatusCode.NotFound, "", HttpMethod.Get, $"/admin/v1/tenants/{Other}");
        await own.RefusedAsync(HttpStatusCode.NotFound, "not hosted", HttpMethod.Get, $"/admin/v1/accounts?domain={OtherDomain}");
    }

    private async Task ImportAsync()
    {
        Assert.Equal((0, Accounts), await ImportAsync(own, Users));
        Assert.Equal((0, Accounts / 10), await ImportAsync(platform, Enumerable.Range(0, Accounts / 10).Select(number => AddressOf(number, OtherDomain))));

        // One more is one too many, for either limit; and an account of the other tenant is nobody's whom this administrator reaches.
        string[] more = ["one-more@" + Domain];
        await ImportRefusedAsync(more, "as many accounts as it may");
        await platform.MailcloudAsync("tenant", "set", Tenant, "--accounts", Text(Accounts + 1));
        await ImportRefusedAsync(more, "would come to more than it may have");
        await platform.MailcloudAsync("tenant", "set", Tenant, "--storage", Text((Accounts + 1) * Quota));
        Assert.Equal((0, 1), await ImportAsync(own, more));
        await ImportRefusedAsync(["one-more@" + OtherDomain], "not hosted here");

        var usage = (await platform.DoAsync(HttpMethod.Get, $"/admin/v1/tenants/{Tenant}")).GetProperty("usage");
        Assert.Equal((Accounts + 1, (Accounts + 1) * Quota), (usage.GetProperty("accounts").GetInt64(), usage.GetProperty("quotaBytes").GetInt64()));
    }

    private async Task DelegateAsync()
    {
        var helpDesk = await own.DelegateAsync(new { role = "help-desk", name = "help desk" });
        await helpDesk.DoAsync(HttpMethod.Put, PathOf(1), new { password = "a new one for her" });
        await new AccountUser(server, AddressOf(1, Domain), "a new one for her").LogsInAsync();
        await helpDesk.RefusedAsync(HttpStatusCode.Forbidden, "", HttpMethod.Delete, PathOf(1));
        await helpDesk.RefusedAsync(HttpStatusCode.NotFound, "", HttpMethod.Get, $"/admin/v1/addresses/{AddressOf(1, OtherDomain)}");

        var herself = await own.DelegateAsync(new { role = "user", address = AddressOf(1, Domain), name = "herself" });
        Assert.Equal(AddressOf(1, Domain), (await herself.DoAsync(HttpMethod.Get, PathOf(1))).GetProperty("address").GetString());
        await herself.RefusedAsync(HttpStatusCode.NotFound, "", HttpMethod.Get, PathOf(2));

        await own.MailcloudAsync("address", "set", AddressOf(2, Domain), "--send-as", "info@" + Domain);
        await User(2).SubmitAsync(AddressOf(1, Domain), "as info", from: "info@" + Domain);
        Assert.StartsWith("5.7.1", (await User(3).RefusedAsync(AddressOf(1, Domain), from: "info@" + Domain)).Message, StringComparison.Ordinal);
        await new AccountUser(server, AddressOf(1, Domain), "a new one for her").HasAsync("as info");
    }

    // Every address once, in order, page by page.
    private async Task ListAsync()
    {
        string[] expected = [.. Users, "one-more@" + Domain, "postmaster@" + Domain];
        Array.Sort(expected, StringComparer.Ordinal);
        var clock = Stopwatch.StartNew();
        var listed = await own.MailcloudAsync("account", "list", Domain);
        output.WriteLine($"{listed.Count} addresses were listed in {clock.Elapsed.TotalSeconds:F1} s");
        Assert.Equal(expected, listed.Select(AddressIn));

        var prefix = AddressOf(Accounts - 1, Domain)[..^(Domain.Length + 3)];
        Assert.Equal(expected.Where(address => address.StartsWith(prefix, StringComparison.Ordinal)), (await own.MailcloudAsync("account", "list", Domain, "--prefix", prefix)).Select(AddressIn));
    }

    private async Task RestrictAsync()
    {
        await User(4).GetsAsync("fills it");
        await User(4).HasAsync("fills it");
        await own.MailcloudAsync("address", "set", AddressOf(4, Domain), "--quota", "1000");
        await User(4).GetsNothingAsync(SmtpStatusCode.InsufficientStorage, "4.2.2");
        await own.MailcloudAsync("address", "set", AddressOf(4, Domain), "--quota", Text(Quota));
        await User(4).GetsAsync("has room");
        await User(4).HasAsync("fills it", "has room");

        await own.MailcloudAsync("address", "set", AddressOf(5, Domain), "--state", "receive-only");
        await User(5).LogsInAsync();
        Assert.StartsWith("5.7.1", (await User(5).RefusedAsync(AddressOf(4, Domain))).Message, StringComparison.Ordinal);
        await User(5).GetsAsync("to who only receives");
        await User(5).HasAsync("to who only receives");
        await own.MailcloudAsync("address", "set", AddressOf(5, Domain), "--state", "active");

        await User(5).SubmitForLaterAsync("somebody@far.test");

        // Mail to where nobody takes it, until it is too much; and within the tenant it goes on.
        SmtpCommandException? refusal = null;
        var sent = 0;
        for (; refusal is null && sent <= RecipientsPerDay; sent++)
        {
            refusal = await User(5).TrySubmitAsync($"somebody{sent}@down.test", "far");
        }

        Assert.Equal(SmtpStatusCode.MailboxBusy, refusal?.StatusCode);
        Assert.StartsWith("4.7.1 your organisation has reached its limit", refusal!.Message, StringComparison.Ordinal);
        await User(5).SubmitAsync(AddressOf(5, Domain), "near");
        await User(5).HasAsync("to who only receives", "near");
    }

    private async Task SuspendAccountAsync()
    {
        await User(6).GetsAsync("kept");
        await User(6).HasAsync("kept");
        await IsAwayAsync(6, SmtpStatusCode.MailboxUnavailable, "5.2.1", () => own.MailcloudAsync("address", "set", AddressOf(6, Domain), "--state", "suspended"));
        await User(7).LogsInAsync();
        await own.MailcloudAsync("address", "set", AddressOf(6, Domain), "--state", "active");
        await IsBackAsync(6, "kept");
    }

    // Beside logins and mail for it, its own mail that waits is held, and its administrator shut out.
    private async Task SuspendTenantAsync()
    {
        await User(7).GetsAsync("kept");
        await User(7).HasAsync("kept");
        var clock = Stopwatch.StartNew();
        await IsAwayAsync(7, SmtpStatusCode.MailboxUnavailable, "5.2.1", () => platform.MailcloudAsync("tenant", "set", Tenant, "--state", "suspended"));
        await UntilAsync(async () => (await own.SendAsync(HttpMethod.Get, $"/admin/v1/tenants/{Tenant}")).Status == HttpStatusCode.Unauthorized);
        await UntilAsync(() => Task.FromResult(clock.Elapsed > RelayRemembers));
        var waiting = Assert.Single(await WaitingAsync("far.test"));
        await platform.MailcloudAsync("queue", "retry", waiting.GetProperty("id").GetString()!);
        await UntilAsync(async () =>
        {
            var due = Assert.Single(await WaitingAsync("far.test")).GetProperty("dueAt").GetDateTimeOffset() - DateTimeOffset.UtcNow;
            return due > TimeSpan.Zero && due < HeldFor;
        });
        Assert.Empty(far.Messages);

        await platform.MailcloudAsync("tenant", "set", Tenant, "--state", "active");
        await IsBackAsync(7, "kept");
        await UntilAsync(async () => (await own.SendAsync(HttpMethod.Get, $"/admin/v1/tenants/{Tenant}")).Status == HttpStatusCode.OK);
        await UntilAsync(async () =>
        {
            // Again, as the relay may not know yet; it is no longer there once it has left.
            _ = await platform.TryMailcloudAsync("queue", "retry", waiting.GetProperty("id").GetString()!);
            return far.Messages.Count > 0;
        });
        Assert.Single(far.Messages);
    }

    private async Task DeleteAndRestoreAsync()
    {
        await User(8).GetsAsync("kept");
        await User(8).HasAsync("kept");
        await IsAwayAsync(8, SmtpStatusCode.MailboxUnavailable, "5.1.1", () => own.MailcloudAsync("address", "delete", AddressOf(8, Domain)));
        await own.MailcloudAsync("address", "restore", AddressOf(8, Domain));
        await IsBackAsync(8, "kept");

        await IsAwayAsync(8, SmtpStatusCode.MailboxUnavailable, "", () => platform.MailcloudAsync("domain", "delete", Domain));
        Assert.Equal(1, (await own.TryMailcloudAsync("account", "list", Domain)).Exit);
        await platform.MailcloudAsync("domain", "restore", Domain);
        await IsBackAsync(8, "kept", "is back");

        await IsAwayAsync(8, SmtpStatusCode.MailboxUnavailable, "5.2.1", () => platform.MailcloudAsync("tenant", "delete", Tenant));
        Assert.Equal(1, (await platform.TryMailcloudAsync("tenant", "show", Tenant)).Exit);
        await platform.MailcloudAsync("tenant", "restore", Tenant);
        await IsBackAsync(8, "kept", "is back", "is back");
        await ListAsync();
    }

    // With a server that keeps what is deleted for a second only.
    private async Task DeleteForGoodAsync()
    {
        await RestartAsync("--Mailboxes:DeletedFor=00:00:01");
        await User(8).HasAsync("kept", "is back", "is back", "is back");
        Assert.NotEmpty(await WaitingAsync("down.test"));
        await platform.MailcloudAsync("tenant", "delete", Tenant);

        var clock = Stopwatch.StartNew();
        await UntilAsync(async () => (await Upkeep.SweepAsync(server)).Contains($"\"{Tenant}\"", StringComparison.Ordinal));
        output.WriteLine($"all of it was removed in {clock.Elapsed.TotalSeconds:F1} s; memory of the server at most {PeakMemory() >> 20} MB");
        await Upkeep.SweepAsync(server);
        Assert.Empty(await Upkeep.VerifyAsync(server));
        Assert.Empty(await Upkeep.ParkedAsync(server));
        Assert.Equal(0, await Upkeep.QueueDepthAsync(server));
        Assert.True(await Upkeep.IsSpoolEmptyAsync(server));

        // What administrators did to it is kept for longer than it.
        Assert.Equal(0, await server.TerminateAsync());
        Assert.Empty((await StoredNames.ReadAsync(data)).Where(name => name.Contains(Tenant, StringComparison.Ordinal) && !name.Contains($"audit/tenant/{Tenant}", StringComparison.Ordinal)));
        await RestartAsync();
    }

    // Its names are free, and who had to do with it has nothing to do with who has them now.
    private async Task BeginAnewAsync()
    {
        await platform.DoAsync(HttpMethod.Post, "/admin/v1/tenants", new { id = Tenant });
        await platform.DoAsync(HttpMethod.Post, $"/admin/v1/tenants/{Other}/domains", new { domain = Domain });
        Assert.Equal(HttpStatusCode.Unauthorized, (await own.SendAsync(HttpMethod.Get, $"/admin/v1/tenants/{Tenant}")).Status);
        Assert.Equal(["postmaster@" + Domain], (await platform.MailcloudAsync("account", "list", Domain)).Select(AddressIn));
        await User(0).LogsInNowhereAsync();
    }

    // Whatever takes an account away does so at once: its session ends, nobody logs in, and mail for it is refused.
    private async Task IsAwayAsync(int account, SmtpStatusCode code, string status, Func<Task> takeAway)
    {
        using var session = await User(account).OpenAsync();
        await takeAway();
        await User(account).LogsInNowhereAsync();
        await User(account).GetsNothingAsync(code, status);
        await AccountUser.EndsAsync(session);
    }

    private async Task IsBackAsync(int account, params string[] subjects)
    {
        await User(account).LogsInAsync();
        await User(account).HasAsync(subjects);
        await User(account).GetsAsync("is back");
        await User(account).HasAsync([.. subjects, "is back"]);
    }

    // What the other tenant is, and has.
    private async Task<string> OthersAsync()
    {
        var tenant = await platform.DoAsync(HttpMethod.Get, $"/admin/v1/tenants/{Other}");
        var accounts = await platform.MailcloudAsync("account", "list", OtherDomain);
        Assert.Equal((Accounts / 10) + 1, accounts.Count);
        return $"{tenant}\n{string.Join('\n', accounts)}";
    }

    private async Task<(int Failed, int Imported)> ImportAsync(Administrator administrator, IEnumerable<string> addresses)
    {
        var clock = Stopwatch.StartNew();
        var result = Assert.Single(await administrator.MailcloudAsync("account", "import", await WriteAsync(addresses)));
        var imported = result.GetProperty("imported").GetInt32();
        output.WriteLine($"{imported} accounts were imported in {clock.Elapsed.TotalSeconds:F1} s; memory of the server at most {PeakMemory() >> 20} MB");
        return (result.GetProperty("failed").GetInt32(), imported);
    }

    private async Task ImportRefusedAsync(IEnumerable<string> addresses, string why)
    {
        var (exit, _, errors) = await own.TryMailcloudAsync("account", "import", await WriteAsync(addresses));
        Assert.Equal(1, exit);
        Assert.Contains(why, errors, StringComparison.Ordinal);
    }

    private async Task<string> WriteAsync(IEnumerable<string> addresses)
    {
        var file = Path.Combine(data, "import.csv");
        await File.WriteAllLinesAsync(file, addresses.Select(address => $"{address},{AccountUser.Verifier}"));
        return file;
    }

    // Its mail that waits for a destination.
    private Task<IReadOnlyList<JsonElement>> WaitingAsync(string destination) => platform.MailcloudAsync("queue", "list", "--tenant", Tenant, "--destination", destination);

    private async Task StartAsync(params string[] arguments)
    {
        server = await ServerProcess.StartAsync(data, offset: 19800, arguments:
        [
            .. ServerProcess.NoRateLimits, "--Relay:DialPrivate=127.0.0.0/8",
            "--Relay:Routes:0:Destination=down.test", "--Relay:Routes:0:Host=[127.0.0.1]", "--Relay:Routes:0:Port=9",
            "--Relay:Routes:1:Destination=far.test", $"--Relay:Routes:1:Host=[{far.Address}]", $"--Relay:Routes:1:Port={Text(far.Port)}", .. arguments,
        ]);
        platform = new(server, server.TokenFile);
    }

    private async Task RestartAsync(params string[] arguments)
    {
        await server.DisposeAsync();
        await StartAsync(arguments);
    }

    private AccountUser User(int number, string domain = Domain) => new(server, AddressOf(number, domain));

    private static string AddressOf(int number, string domain) => string.Create(CultureInfo.InvariantCulture, $"user{number:D6}@{domain}");

    private static string PathOf(int number) => $"/admin/v1/addresses/{AddressOf(number, Domain)}";

    private static string AddressIn(JsonElement listed) => listed.GetProperty("address").GetString()!;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    // proc(5), status: VmHWM, the peak of resident memory, in kB.
    private long PeakMemory() => 1024 * File.ReadLines($"/proc/{server.ProcessId}/status").Where(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
        .Select(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2].Split('\t')[^1], CultureInfo.InvariantCulture)).Single();

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!await condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), limit.Token);
        }
    }
}
