using System.Diagnostics;
using MailCloud.Benchmarks.MailIn;
using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.Cluster;

/// <summary>
/// For each number of accounts one fresh folder, in which the cluster starts with each number of silos in turn (1 2 1 2 …): accounts are imported once, mail stays from run to run.
/// </summary>
internal sealed class ClusterBenchmark(ClusterOptions options)
{
    private readonly ClusterFigures figures = new();

    /// <returns>The exit code: 0, as an answer that is not right ends the run by an exception.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var busy = Machine.LoadAverage;
        var pool = new MessagePool(options.MessageBytes);
        foreach (var mailboxes in options.Mailboxes)
        {
            await RunAsync(mailboxes, pool, cancellationToken);
        }

        Console.WriteLine();
        Console.WriteLine($"{Machine.Describe()}, {Machine.FileSystem(options.Data)}. {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC; load average before {busy:F1}, after {Machine.LoadAverage:F1}.");
        Console.WriteLine($"{options.Senders} SMTP sessions on kept connections, {options.Readers} IMAP sessions, over two edges each, {options.MessageBytes} bytes, {options.Load.TotalSeconds:F0} s after "
            + $"{options.WarmUp.TotalSeconds:F0} s of warm-up, {options.Rounds} interleaved rounds: median (lowest–highest). CPU in seconds per 1,000 messages.");
        figures.Print(Console.Out);
        return 0;
    }

    private async Task RunAsync(int mailboxes, MessagePool pool, CancellationToken cancellationToken)
    {
        var folder = FreshFolder();
        var filed = new LoadCounts(mailboxes);
        for (var run = 0; run < options.Rounds * options.Silos.Length; run++)
        {
            var silos = options.Silos[run % options.Silos.Length];
            var name = $"{mailboxes} mailboxes, {silos} {(silos == 1 ? "silo" : "silos")}";
            await using var cluster = await ClusterServer.StartAsync(folder, options.PortOffset, silos, cancellationToken);
            if (run == 0)
            {
                var start = Stopwatch.GetTimestamp();
                await ClusterAccounts.ImportAsync(cluster.Admin, mailboxes, cancellationToken);
                Console.Error.WriteLine($"  {mailboxes} accounts imported in {Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s");
            }

            await new ClusterRun(cluster, name, options, pool, filed, figures).RunAsync(cancellationToken);
        }
    }

    private string FreshFolder()
    {
        if (Directory.Exists(options.Data))
        {
            Directory.Delete(options.Data, recursive: true);
        }

        return Directory.CreateDirectory(Path.Combine(options.Data, "cluster")).FullName;
    }
}
