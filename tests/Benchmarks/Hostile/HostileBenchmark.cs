using System.Diagnostics;
using System.Globalization;
using MailCloud.Benchmarks.Servers;
using MailCloud.Hostile;

namespace MailCloud.Benchmarks.Hostile;

/// <summary>Each attack on a server of its own: a bystander's latencies without it and during it, and what it takes of the server.</summary>
internal sealed class HostileBenchmark(IReadOnlyList<Attack> attacks, TimeSpan load, int scale, int portOffset, string data)
{
    private readonly List<string> rows = [];

    /// <returns>The exit code: 0, as an answer that is not right ends the run by an exception.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var busy = Machine.LoadAverage;
        foreach (var attack in attacks)
        {
            rows.Add(await MeasureAsync(attack, cancellationToken));
            Console.Error.WriteLine(rows[^1]);
        }

        Console.WriteLine($"{Machine.Describe()}, {Machine.FileSystem(data)}. {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC; load average before {busy:F1}, after {Machine.LoadAverage:F1}.");
        Console.WriteLine($"Latencies of one bystander in ms, p50 / p99, without → during the attack, {load.TotalSeconds:F0} s each; the attack is repeated meanwhile.");
        Console.WriteLine();
        Console.WriteLine("| attack | size | NOOP | FETCH 4 kB | SMTP accept 4 kB | memory before, peak (bound), MB | CPU of the server |");
        Console.WriteLine("|---|---|---|---|---|---|---|");
        rows.ForEach(Console.WriteLine);
        return 0;
    }

    private async Task<string> MeasureAsync(Attack attack, CancellationToken cancellationToken)
    {
        if (Directory.Exists(data))
        {
            Directory.Delete(data, recursive: true);
        }

        var folder = Directory.CreateDirectory(Path.Combine(data, "server")).FullName;
        await using var server = await MailCloudServer.StartAsync(folder, mailboxes: 0, cancellationToken, portOffset, Attacks.ShortPatience);
        using var target = new Target(folder, portOffset, server.ProcessId);
        using var bystander = await Bystander.BeginAsync(target, cancellationToken);
        await UseAsync(bystander, Task.Delay(load / 3, cancellationToken), cancellationToken); // Not counted: code is compiled, pools fill.

        var quiet = await UseAsync(bystander, Task.Delay(load, cancellationToken), cancellationToken);
        var size = attack.Size * scale;
        var (memory, cpu, started) = (target.Process.Memory, target.Process.CpuSeconds, Stopwatch.GetTimestamp());
        target.Process.ForgetPeak();
        var attacking = RepeatAsync(attack, target, size, cancellationToken);
        var during = await UseAsync(bystander, attacking, cancellationToken);
        await attacking;
        var share = (target.Process.CpuSeconds - cpu) / Stopwatch.GetElapsedTime(started).TotalSeconds;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {attack.Name} | {size} | {quiet.Noop} → {during.Noop} | {quiet.Fetch} → {during.Fetch} | {quiet.Send} → {during.Send} | {memory >> 20}, {target.Process.PeakMemory >> 20} ({(memory + attack.Bound(size)) >> 20}) | {share:P0} |");
    }

    private async Task RepeatAsync(Attack attack, Target target, int size, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        do
        {
            await attack.RunAsync(target, size, cancellationToken);
        }
        while (Stopwatch.GetElapsedTime(started) < load);
    }

    /// <summary>Uses both sessions, each step after the last, until the other task is over.</summary>
    private static async Task<(string Noop, string Fetch, string Send)> UseAsync(Bystander bystander, Task until, CancellationToken cancellationToken)
    {
        var (noops, fetches, sends) = (new Latencies(), new Latencies(), new Latencies());
        await Task.WhenAll(
            RepeatAsync(until, async () =>
            {
                await TimeAsync(noops, () => bystander.NoopAsync(cancellationToken));
                await TimeAsync(fetches, () => bystander.FetchAsync(cancellationToken));
            }),
            RepeatAsync(until, () => TimeAsync(sends, () => bystander.SendAsync(cancellationToken))));
        return (Percentiles(noops), Percentiles(fetches), Percentiles(sends));
    }

    // One user who does something a hundred times a second: enough for a p99, too little to be a load.
    private static async Task RepeatAsync(Task until, Func<Task> use)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!until.IsCompleted && await pace.WaitForNextTickAsync())
        {
            await use();
        }
    }

    private static async Task TimeAsync(Latencies latencies, Func<Task> step)
    {
        var started = Stopwatch.GetTimestamp();
        await step();
        latencies.Add(started);
    }

    private static string Percentiles(Latencies latencies)
    {
        var (p50, p99) = Latencies.Of([latencies]);
        return latencies.Count == 0 ? "–" : string.Create(CultureInfo.InvariantCulture, $"{p50:F1} / {p99:F1}");
    }
}
