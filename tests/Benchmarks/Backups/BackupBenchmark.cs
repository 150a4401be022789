using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using MailCloud.Benchmarks.MailIn;
using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.Backups;

/// <summary>
/// An AllInOne with so much mail: a first backup of it at rest, a second after some more mail, the check of it, and its restore into a new folder, on the same file system. What is restored must verify.
/// </summary>
internal sealed class BackupBenchmark(BackupOptions options)
{
    private const int Sessions = 16;

    /// <summary>Of the mail of the first backup, what comes before the second: a day's, where a mailbox has three months'.</summary>
    private const double Growth = 0.01;

    private static readonly TimeSpan LoadAtOnce = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    private readonly Figures figures = new("backup");
    private readonly string installation = Path.Combine(options.Data, "installation");
    private readonly string backups = Path.Combine(options.Data, "backups");
    private readonly string restored = Path.Combine(options.Data, "restored");
    private readonly MessagePool pool = new(options.MessageBytes);
    private long sent;

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var busy = Machine.LoadAverage;
        if (Directory.Exists(options.Data))
        {
            Directory.Delete(options.Data, recursive: true);
        }

        await TakeAsync(cancellationToken);
        await RestoreAsync(cancellationToken);
        Console.WriteLine($"{Machine.Describe()}, {Machine.FileSystem(options.Data)}. {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC; load average before {busy:F1}, after {Machine.LoadAverage:F1}.");
        figures.Print(Console.Out);
        return 0;
    }

    private async Task TakeAsync(CancellationToken cancellationToken)
    {
        await using var server = await MailCloudServer.StartAsync(installation, options.Mailboxes, cancellationToken, arguments:
            [$"--Backup:Directory={backups}", "--Smtp:SessionsPerMinute=1000000", "--Smtp:MessagesPerMinute=1000000", "--Smtp:MaxSessionsPerNetwork=1000"]);
        using var admin = await MailCloudServer.AdminAsync(installation, cancellationToken);
        await FillAsync(server, admin, options.Megabytes, cancellationToken);
        figures.Add("installation", "messages", sent, "F0");
        figures.Add("installation", "MB on disk", Size(installation), "F0");

        await RunAsync("first", server, admin, "backup", cancellationToken);
        figures.Add("first", "MB on disk", Size(backups), "F0");
        await FillAsync(server, admin, options.Megabytes * Growth, cancellationToken);
        var before = Size(backups);
        await RunAsync("after 1 % more", server, admin, "backup", cancellationToken);
        figures.Add("after 1 % more", "MB on disk", Size(backups) - before, "F0");
        await RunAsync("check", server, admin, "check-backup", cancellationToken);
    }

    private async Task RestoreAsync(CancellationToken cancellationToken)
    {
        var assembly = Path.Combine(Repository.Root, "services", "AllInOne", "bin", "Release", "net10.0", "MailCloud.AllInOne.dll");
        var started = Stopwatch.GetTimestamp();
        Console.Error.WriteLine(await Launch.RunAsync("dotnet", [assembly, "restore", $"--Data={restored}", $"--Backup:Directory={backups}"], cancellationToken));
        Add("restore", Stopwatch.GetElapsedTime(started));
        figures.Add("restore", "MB on disk", Size(restored), "F0");
        await using var server = await MailCloudServer.StartAsync(restored, mailboxes: 0, cancellationToken);
        using var admin = await MailCloudServer.AdminAsync(restored, cancellationToken);
        await RunAsync("verify", server, admin, "verify", cancellationToken);
    }

    private async Task FillAsync(MailCloudServer server, HttpClient admin, double megabytes, CancellationToken cancellationToken)
    {
        var load = new SmtpLoad([server.Smtp], pool, Sessions, keepConnections: true);
        var counts = new LoadCounts(options.Mailboxes);
        while (counts.TotalAccepted * (double)options.MessageBytes < megabytes * 1e6)
        {
            await load.RunAsync(counts, LoadAtOnce);
            Console.Error.WriteLine($"  {counts.TotalAccepted} messages accepted");
        }

        sent += counts.TotalAccepted;
        while ((await admin.GetFromJsonAsync<JsonElement>("/admin/v1/queue", cancellationToken)).GetProperty("waiting").GetInt64() > 0)
        {
            await Task.Delay(LookEvery, cancellationToken);
        }
    }

    private async Task RunAsync(string column, MailCloudServer server, HttpClient admin, string kind, CancellationToken cancellationToken)
    {
        server.Processes.ResetPeak();
        var (started, cpu) = (Stopwatch.GetTimestamp(), server.Processes.Usage().CpuSeconds);
        using var begun = await admin.PostAsJsonAsync("/admin/v1/jobs", new { kind }, cancellationToken);
        var job = await begun.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        while (job.GetProperty("state").GetString() is "queued" or "running")
        {
            await Task.Delay(LookEvery, cancellationToken);
            job = await admin.GetFromJsonAsync<JsonElement>($"/admin/v1/jobs/{job.GetProperty("id").GetString()}", cancellationToken);
        }

        var counts = job.GetProperty("progress").GetProperty("counts");
        Console.Error.WriteLine($"  {job.GetProperty("why").GetString()} {counts}");
        if (job.GetProperty("state").GetString() != "done" || (counts.TryGetProperty("problems", out var problems) && problems.GetInt64() > 0))
        {
            throw new UnexpectedAnswerException($"{kind} ended so: {job}");
        }

        Add(column, Stopwatch.GetElapsedTime(started));
        figures.Add(column, "CPU, s", server.Processes.Usage().CpuSeconds - cpu, "F0");
        figures.Add(column, "memory of the server at most, MB", server.Processes.PeakMemory() / 1e6, "F0");
    }

    private void Add(string column, TimeSpan taken)
    {
        figures.Add(column, "seconds", taken.TotalSeconds, "F1");
        figures.Add(column, "MB/s of mail", sent * (double)options.MessageBytes / 1e6 / taken.TotalSeconds, "F0");
    }

    private static double Size(string folder) => new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length) / 1e6;
}
