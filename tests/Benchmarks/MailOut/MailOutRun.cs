using System.Diagnostics;
using MailCloud.Benchmarks.MailIn;
using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.MailOut;

/// <summary>Warm-up, load, and the rest of the backlog, on one running server.</summary>
internal sealed class MailOutRun(IRelayingServer server, SmtpSink sink, MessagePool pool, MailOutOptions options, Figures figures)
{
    private static readonly TimeSpan DrainLimit = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan DrainPoll = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(2);

    /// <summary>After the last message that was waited for, so that one too many would be seen.</summary>
    private static readonly TimeSpan Afterwards = TimeSpan.FromSeconds(3);

    /// <returns>True when the sink got what was accepted, and at most what is in doubt besides.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        var load = new SmtpLoad([server.Smtp], pool, options.Sessions, keepConnections: true);
        var warmUp = new LoadCounts(options.Addresses);
        await load.RunAsync(warmUp, options.WarmUp);
        var before = await ArrivedAsync(warmUp.TotalAccepted, cancellationToken);

        var counts = new LoadCounts(options.Addresses);
        var usage = server.Processes.Usage();
        var start = Stopwatch.GetTimestamp();
        using var sampling = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sampler = SampleAsync(counts, before, sampling.Token);
        await load.RunAsync(counts, options.Load);
        var (loadTime, waiting) = (Stopwatch.GetElapsedTime(start), before + counts.TotalAccepted - sink.Messages);
        await ArrivedAsync(before + counts.TotalAccepted, cancellationToken);
        var time = Stopwatch.GetElapsedTime(start);
        await sampling.CancelAsync();
        var memory = await sampler;
        await Task.Delay(Afterwards, cancellationToken);
        var arrived = sink.Messages - before;
        var now = server.Processes.Usage();

        Add("accepted/s", counts.TotalAccepted / loadTime.TotalSeconds, "F0");
        Add("relayed/s, to the end of the backlog", arrived / time.TotalSeconds, "F0");
        Add("backlog at the end of the load", waiting, "F0");
        Add("relayed/s of the backlog alone", waiting > options.Connections ? waiting / (time - loadTime).TotalSeconds : double.NaN, "F0");
        Add("accept p50, ms", Percentile(load.Latencies, 0.50), "F1");
        Add("accept p99, ms", Percentile(load.Latencies, 0.99), "F1");
        Add("server CPU s per 1,000 mails", 1000 * (now.CpuSeconds - usage.CpuSeconds) / counts.TotalAccepted, "F2");
        Add("kB written per mail", (now.BytesWritten - usage.BytesWritten) / 1000.0 / counts.TotalAccepted, "F1");
        Add("peak memory (PSS), MB", memory / 1e6, "F0");
        Add("refused", counts.Refused, "F0");
        return arrived >= counts.TotalAccepted && arrived <= counts.TotalAccepted + counts.TotalDoubtful;
    }

    private void Add(string row, double value, string format) => figures.Add(server.Name, row, value, format);

    /// <summary>Waits until the sink has so many.</summary>
    /// <returns>How many it has.</returns>
    private async Task<long> ArrivedAsync(long expected, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        while (sink.Messages < expected && Stopwatch.GetElapsedTime(start) < DrainLimit)
        {
            if (!sink.IsRunning)
            {
                throw new InvalidOperationException("smtp-sink has ended");
            }

            await Task.Delay(DrainPoll, cancellationToken);
        }

        return sink.Messages;
    }

    /// <returns>The most memory that was seen, in bytes.</returns>
    private async Task<long> SampleAsync(LoadCounts counts, long before, CancellationToken cancellationToken)
    {
        long peak = 0;
        try
        {
            while (true)
            {
                await Task.Delay(ProgressEvery, cancellationToken);
                peak = Math.Max(peak, server.Processes.Memory());
                Console.Error.WriteLine($"  {server.Name}: {counts.TotalAccepted} accepted, {sink.Messages - before} arrived");
            }
        }
        catch (OperationCanceledException)
        {
            return Math.Max(peak, server.Processes.Memory());
        }
    }

    private static double Percentile(float[] ascending, double part) => ascending.Length == 0 ? double.NaN : ascending[(int)(part * (ascending.Length - 1))];
}
