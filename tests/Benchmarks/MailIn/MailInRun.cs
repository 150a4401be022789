using System.Diagnostics;
using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.MailIn;

/// <summary>Warm-up, load, drain and count on one running server.</summary>
internal sealed class MailInRun(IMeasuredServer server, MessagePool pool, MailInOptions options)
{
    private static readonly TimeSpan DrainLimit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan DrainPoll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(2);
    private const int ProgressSample = 20;

    public async Task<MailInResult> RunAsync(CancellationToken cancellationToken)
    {
        var loadAverage = Machine.LoadAverage;
        using var counter = MailboxCounter.Open(server.Imap, options.Mailboxes);
        var load = new SmtpLoad([server.Smtp], pool, options.Sessions, options.KeepConnections);

        var warmUp = new LoadCounts(options.Mailboxes);
        await load.RunAsync(warmUp, options.WarmUp);
        await DrainAsync(counter, warmUp.Accepted, cancellationToken);
        var before = counter.CountAll();

        var counts = new LoadCounts(options.Mailboxes);
        var usageBefore = server.Processes.Usage();
        var generatorBefore = Machine.GeneratorCpuSeconds;
        var start = Stopwatch.GetTimestamp();
        using var sampling = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sampler = SampleAsync(counter, counts, before, sampling.Token);
        await load.RunAsync(counts, options.Load);
        var loadTime = Stopwatch.GetElapsedTime(start);
        var generatorCpu = Machine.GeneratorCpuSeconds - generatorBefore;
        await sampling.CancelAsync();
        var peakMemory = await sampler;

        await DrainAsync(counter, [.. before.Zip(counts.Accepted, (b, a) => b + a)], cancellationToken);
        var filedTime = Stopwatch.GetElapsedTime(start);
        var usage = server.Processes.Usage();
        var filed = counter.CountAll().Zip(before, (now, then) => now - then).ToArray();
        return new MailInResult
        {
            Server = server.Name,
            Accepted = counts.TotalAccepted,
            Filed = filed.Sum(n => (long)n),
            Doubtful = counts.TotalDoubtful,
            Refused = counts.Refused,
            FirstRefusal = counts.FirstRefusal,
            WrongMailboxes = Enumerable.Range(0, filed.Length)
                .Count(i => filed[i] < counts.Accepted[i] || filed[i] > counts.Accepted[i] + counts.Doubtful[i]),
            LoadTime = loadTime,
            FiledTime = filedTime,
            LatencyP50 = Percentile(load.Latencies, 0.50),
            LatencyP99 = Percentile(load.Latencies, 0.99),
            ServerCpuSeconds = usage.CpuSeconds - usageBefore.CpuSeconds,
            GeneratorCpuSeconds = generatorCpu,
            BytesWritten = usage.BytesWritten - usageBefore.BytesWritten,
            PeakMemory = peakMemory,
            ReadyAfter = server.ReadyAfter,
            LoadAverageBefore = loadAverage,
        };
    }

    /// <summary>Waits until each mailbox holds what it must: one STATUS per mailbox, and some more for those that lag.</summary>
    private static async Task DrainAsync(MailboxCounter counter, int[] expected, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < expected.Length; i++)
        {
            while (counter.Count(i) < expected[i] && Stopwatch.GetElapsedTime(start) < DrainLimit)
            {
                await Task.Delay(DrainPoll, cancellationToken);
            }
        }
    }

    /// <summary>Prints progress from a sample of the mailboxes every two seconds, until cancelled.</summary>
    /// <returns>The most memory that was seen, in bytes.</returns>
    private async Task<long> SampleAsync(MailboxCounter counter, LoadCounts counts, int[] before, CancellationToken cancellationToken)
    {
        long peak = 0;
        try
        {
            while (true)
            {
                await Task.Delay(ProgressEvery, cancellationToken);
                peak = Math.Max(peak, server.Processes.Memory());
                var (accepted, filed) = (0, 0);
                for (var i = 0; i < counter.Mailboxes; i += ProgressSample)
                {
                    accepted += counts.Accepted[i];
                    filed += counter.Count(i) - before[i];
                }
                Console.Error.WriteLine($"  {server.Name}: {counts.TotalAccepted} accepted, about {100.0 * filed / Math.Max(1, accepted):F0} % of them filed");
            }
        }
        catch (OperationCanceledException)
        {
            return Math.Max(peak, server.Processes.Memory());
        }
    }

    private static double Percentile(float[] ascending, double part) =>
        ascending.Length == 0 ? double.NaN : ascending[(int)(part * (ascending.Length - 1))];
}
