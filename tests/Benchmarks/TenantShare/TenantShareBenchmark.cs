using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using MailCloud.Benchmarks.Imap;
using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.TenantShare;

/// <summary>
/// Two tenants with the same limit on one server: a quiet one that does a little of what it may, and a loud one whose sessions never pause. How long the quiet one's commands and mail take, alone and
/// beside the other. The server has the first processor, the load the second.
/// </summary>
internal sealed class TenantShareBenchmark(TenantShareOptions options)
{
    private const string Quiet = "quiet";
    private const string Loud = "loud";
    private const int QuietSessions = 5;
    private const int Messages = 50;
    private static readonly TimeSpan QuietPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(10);

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (Directory.Exists(options.Data))
        {
            Directory.Delete(options.Data, recursive: true);
        }

        await using var server = await MailCloudServer.StartAsync(options.Data, mailboxes: 0, cancellationToken);
        await PinAsync(server.ProcessId, 0, cancellationToken);
        await PinAsync(Environment.ProcessId, 1, cancellationToken);
        await PrepareAsync(server, cancellationToken);
        await RunHalfAsync(server, WarmUp, loud: true, cancellationToken);

        var figures = new Figures($"share {options.Share}, {options.LoudSessions} loud sessions");
        for (var round = 0; round < options.Rounds; round++)
        {
            Add(figures, "alone", await RunHalfAsync(server, options.Load, loud: false, cancellationToken), null);
            var loud = Load(server, Loud, options.LoudSessions, TimeSpan.Zero);
            Add(figures, "beside the loud one", await RunHalfAsync(server, options.Load, loud: true, cancellationToken, loud), loud);
        }

        Console.WriteLine($"{Machine.Describe()}, {Machine.FileSystem(options.Data)}");
        figures.Print(Console.Out);
        return 0;
    }

    private async Task<TenantLoad> RunHalfAsync(MailCloudServer server, TimeSpan time, bool loud, CancellationToken cancellationToken, TenantLoad? others = null)
    {
        var quiet = Load(server, Quiet, QuietSessions, QuietPause);
        var until = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        others ??= Load(server, Loud, options.LoudSessions, TimeSpan.Zero);
        await Task.WhenAll(quiet.RunAsync(until, cancellationToken), loud ? others.RunAsync(until, cancellationToken) : Task.CompletedTask);
        return quiet;
    }

    private void Add(Figures figures, string when, TenantLoad quiet, TenantLoad? loud)
    {
        var (commands, mail) = (Latencies.Of(quiet.Commands), Latencies.Of(quiet.Mail));
        figures.Add(when, "IMAP command, p50, ms", commands.P50, "0.00");
        figures.Add(when, "IMAP command, p99, ms", commands.P99, "0.00");
        figures.Add(when, "mail in, p50, ms", mail.P50, "0.00");
        figures.Add(when, "mail in, p99, ms", mail.P99, "0.00");
        figures.Add(when, "its commands/s", quiet.Commands.Sum(client => client.Count) / options.Load.TotalSeconds, "0");
        figures.Add(when, "its mail/s", quiet.Mail.Sum(client => client.Count) / options.Load.TotalSeconds, "0");
        if (loud is not null)
        {
            figures.Add(when, "the other's commands/s", loud.Commands.Sum(client => client.Count) / options.Load.TotalSeconds, "0");
            figures.Add(when, "the other's mail/s", loud.Mail.Sum(client => client.Count) / options.Load.TotalSeconds, "0");
        }
    }

    private static TenantLoad Load(MailCloudServer server, string tenant, int sessions, TimeSpan pause) => new($"{tenant}.test", server.Imap, server.Smtp.Port, sessions, pause);

    private async Task PrepareAsync(MailCloudServer server, CancellationToken cancellationToken)
    {
        using var admin = await MailCloudServer.AdminAsync(options.Data, cancellationToken);
        foreach (var (tenant, accounts) in new[] { (Quiet, QuietSessions), (Loud, options.LoudSessions) })
        {
            await SendAsync(admin.PostAsJsonAsync("/admin/v1/tenants", new { id = tenant }, cancellationToken));
            await SendAsync(admin.PostAsJsonAsync($"/admin/v1/tenants/{tenant}/domains", new { domain = $"{tenant}.test" }, cancellationToken));
            var csv = string.Concat(Enumerable.Range(0, accounts).Select(user => $"user{user}@{tenant}.test,mailcloud\n"));
            await SendAsync(admin.PostAsync("/admin/v1/accounts/import", new StringContent(csv, Encoding.UTF8, "text/csv"), cancellationToken));
            for (var user = 0; user < accounts; user++)
            {
                Mailboxes.Fill(server.Imap, $"user{user}@{tenant}.test", user, Messages, SampleMail.Mixed);
            }

            await SendAsync(admin.PutAsJsonAsync($"/admin/v1/tenants/{tenant}", new { limits = new { commandsPerSecond = options.Share } }, cancellationToken));
        }
    }

    private static async Task SendAsync(Task<HttpResponseMessage> request)
    {
        using var answer = await request;
        answer.EnsureSuccessStatusCode();
        await answer.Content.ReadAsStringAsync();
    }

    private static async Task PinAsync(int process, int processor, CancellationToken cancellationToken) =>
        await Launch.RunAsync("taskset", ["-a", "-p", "-c", processor.ToString(CultureInfo.InvariantCulture), process.ToString(CultureInfo.InvariantCulture)], cancellationToken);
}
