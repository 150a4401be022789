using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using MailCloud.Benchmarks.Imap;
using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.TenantShare;

/// <summary>
/// Two tenants on one server: a quiet one, and a loud one whose sessions never pause. How long the quiet one's commands and mail take alone, beside the other that is kept to its share, and beside it
/// while it is not. The server has the first processor, the load the second.
/// </summary>
internal sealed class TenantShareBenchmark(TenantShareOptions options)
{
    private const string Quiet = "quiet";
    private const string Loud = "loud";
    private const int QuietSessions = 5;
    private static readonly TimeSpan QuietPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(10);

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (Directory.Exists(options.Data))
        {
            Directory.Delete(options.Data, recursive: true);
        }

        // The server inherits its processor: one that is pinned later counts two, and spins and collects for two.
        await PinAsync(0, cancellationToken);
        await using var server = await MailCloudServer.StartAsync(options.Data, mailboxes: 0, cancellationToken);
        await PinAsync(1, cancellationToken);
        using var admin = await MailCloudServer.AdminAsync(options.Data, cancellationToken);
        await PrepareAsync(server, admin, cancellationToken);
        await LimitAsync(admin, options.Share, cancellationToken);
        await RunBothAsync(server, WarmUp, loud: true, cancellationToken);

        var figures = new Figures($"share {options.Share}, {options.LoudSessions} loud sessions");
        for (var round = 0; round < options.Rounds; round++)
        {
            await SettleAsync(admin, cancellationToken);
            Add(figures, "alone", await RunBothAsync(server, options.Load, loud: false, cancellationToken));
            await LimitAsync(admin, options.Share, cancellationToken);
            Add(figures, "beside the loud one", await RunBothAsync(server, options.Load, loud: true, cancellationToken));
            await LimitAsync(admin, 0, cancellationToken);
            Add(figures, "were it not limited", await RunBothAsync(server, options.Load, loud: true, cancellationToken));
        }

        Console.WriteLine($"{Machine.Describe()}, {Machine.FileSystem(options.Data)}");
        figures.Print(Console.Out);
        return 0;
    }

    private async Task<(TenantLoad Quiet, TenantLoad? Loud)> RunBothAsync(MailCloudServer server, TimeSpan time, bool loud, CancellationToken cancellationToken)
    {
        var until = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        var (quiet, others) = (Load(server, Quiet, QuietSessions, QuietPause), loud ? Load(server, Loud, options.LoudSessions, TimeSpan.Zero) : null);
        await Task.WhenAll(quiet.RunAsync(until, cancellationToken), others?.RunAsync(until, cancellationToken) ?? Task.CompletedTask);
        return (quiet, others);
    }

    private void Add(Figures figures, string when, (TenantLoad Quiet, TenantLoad? Loud) loads)
    {
        var (commands, mail) = (Latencies.Of(loads.Quiet.Commands), Latencies.Of(loads.Quiet.Mail));
        figures.Add(when, "IMAP command, p50, ms", commands.P50, "0.00");
        figures.Add(when, "IMAP command, p99, ms", commands.P99, "0.00");
        figures.Add(when, "mail in, p50, ms", mail.P50, "0.00");
        figures.Add(when, "mail in, p99, ms", mail.P99, "0.00");
        AddRates(figures, when, "its", loads.Quiet);
        if (loads.Loud is { } loud)
        {
            AddRates(figures, when, "the other's", loud);
        }
    }

    private void AddRates(Figures figures, string when, string whose, TenantLoad load)
    {
        figures.Add(when, $"{whose} commands/s", load.Commands.Sum(client => client.Count) / options.Load.TotalSeconds, "0");
        figures.Add(when, $"{whose} mail/s", load.Mail.Sum(client => client.Count) / options.Load.TotalSeconds, "0");
    }

    private static TenantLoad Load(MailCloudServer server, string tenant, int sessions, TimeSpan pause) => new($"{tenant}.test", server.Imap, server.Smtp.Port, sessions, pause);

    private async Task PrepareAsync(MailCloudServer server, HttpClient admin, CancellationToken cancellationToken)
    {
        foreach (var (tenant, accounts) in new[] { (Quiet, QuietSessions), (Loud, options.LoudSessions) })
        {
            await SendAsync(admin.PostAsJsonAsync("/admin/v1/tenants", new { id = tenant }, cancellationToken));
            await SendAsync(admin.PostAsJsonAsync($"/admin/v1/tenants/{tenant}/domains", new { domain = $"{tenant}.test" }, cancellationToken));
            var csv = string.Concat(Enumerable.Range(0, accounts).Select(user => $"user{user}@{tenant}.test,mailcloud\n"));
            await SendAsync(admin.PostAsync("/admin/v1/accounts/import", new StringContent(csv, Encoding.UTF8, "text/csv"), cancellationToken));
            for (var user = 0; user < accounts; user++)
            {
                Imap.Mailboxes.Fill(server.Imap, $"user{user}@{tenant}.test", user, TenantLoad.Messages, SampleMail.Mixed);
            }
        }
    }

    // What was accepted is delivered while the next is measured, otherwise.
    private static async Task SettleAsync(HttpClient admin, CancellationToken cancellationToken)
    {
        while (await admin.GetFromJsonAsync<QueueDepth>("/admin/v1/queue", cancellationToken) is not { Waiting: 0 })
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
        }
    }

    private static Task LimitAsync(HttpClient admin, int commandsPerSecond, CancellationToken cancellationToken) =>
        SendAsync(admin.PutAsJsonAsync($"/admin/v1/tenants/{Loud}", new { limits = new { commandsPerSecond } }, cancellationToken));

    private static async Task SendAsync(Task<HttpResponseMessage> request)
    {
        using var answer = await request;
        answer.EnsureSuccessStatusCode();
        await answer.Content.ReadAsStringAsync();
    }

    private static Task<string> PinAsync(int processor, CancellationToken cancellationToken) =>
        Launch.RunAsync("taskset", ["-a", "-p", "-c", processor.ToString(CultureInfo.InvariantCulture), Environment.ProcessId.ToString(CultureInfo.InvariantCulture)], cancellationToken);

    private sealed record QueueDepth(long Waiting);
}
