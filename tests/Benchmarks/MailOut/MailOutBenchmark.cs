using MailCloud.Benchmarks.MailIn;
using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.MailOut;

/// <summary>Runs the servers in turn (A B A B …), each time on fresh data and with a fresh sink, and prints medians.</summary>
internal sealed class MailOutBenchmark(MailOutOptions options)
{
    private readonly Figures figures = new("mail out");

    /// <returns>The exit code: 0 when in every run the sink got exactly what was accepted.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var busy = Machine.LoadAverage;
        var pool = new MessagePool(options.MessageBytes);
        var exact = true;
        await PostfixForwarding.InstallAsync(cancellationToken);
        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var name in options.Servers)
            {
                await using var sink = SmtpSink.Start();
                await using var server = await StartAsync(name, cancellationToken);
                exact &= await new MailOutRun(server, sink, pool, options, figures).RunAsync(cancellationToken);
            }
        }

        Console.WriteLine();
        Console.WriteLine($"{Machine.Describe()}, {Machine.FileSystem(options.Data)}. {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC; load average before {busy:F1}, after {Machine.LoadAverage:F1}.");
        Console.WriteLine($"{options.Sessions} sessions on kept connections, {options.MessageBytes} bytes, {options.Addresses} forwarded addresses, {options.Connections} connections to smtp-sink, "
            + $"{options.Load.TotalSeconds:F0} s after {options.WarmUp.TotalSeconds:F0} s of warm-up, {options.Rounds} interleaved rounds: median (lowest–highest).");
        figures.Print(Console.Out);
        Console.WriteLine(exact ? "The sink got what was accepted, in every run." : "!!! NOT EXACT !!!");
        return exact ? 0 : 1;
    }

    private async Task<IRelayingServer> StartAsync(string name, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(options.Data, name);
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(folder);
        return name == "mailcloud"
            ? await MailCloudServer.StartForwardingAsync(folder, options.Addresses, options.Connections, cancellationToken)
            : await PostfixForwarding.StartAsync(folder, options.Addresses, options.Connections, cancellationToken);
    }
}
