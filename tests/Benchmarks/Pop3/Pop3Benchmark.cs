using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.Pop3;

/// <summary>Runs the servers in turn (A B C A B C …), each time on fresh data, and prints a table per part.</summary>
internal sealed class Pop3Benchmark(Pop3Options options)
{
    private const int PeerPorts = 1_000;
    private readonly Figures check = new("sessions that find nothing new");
    private readonly Figures download = new("sessions that download and delete");
    private readonly Figures large = new("RETR of a large message");
    private readonly Figures idle = new("idle connection");

    private delegate Task<IMeasuredPop3Server> Start(string folder, int mailboxes, CancellationToken cancellationToken);

    /// <returns>The exit code: 0, as an answer that is not right ends the run by an exception.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var load = Machine.LoadAverage;
        for (var round = 1; round <= options.Rounds; round++)
        {
            await RoundAsync("check", writes: false, (name, start) => OnFreshAsync(start, options.Clients, server => CheckPart.RunAsync(server, name, options, check), cancellationToken));
            await RoundAsync("download", writes: true, (name, start) => OnFreshAsync(start, options.Clients, server => DownloadPart.RunAsync(server, name, options, download), cancellationToken));
            await RoundAsync("large", writes: false, (name, start) => OnFreshAsync(
                start,
                1,
                server =>
                {
                    LargePart.Run(server, name, options, large);
                    return Task.CompletedTask;
                },
                cancellationToken));
        }
        await RoundAsync("idle", writes: false, (name, start) => IdleAsync(name, start, cancellationToken));

        Console.WriteLine();
        Console.WriteLine($"{Machine.Describe()}, {Machine.FileSystem(options.Data)}. {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC; load average before {load:F1}, after {Machine.LoadAverage:F1}.");
        Console.WriteLine($"{options.Clients} clients, {options.MessagesPerMaildrop} messages of {options.MessageBytes} octets in each maildrop ({options.PeerFormat}), {options.Load.TotalSeconds:F0} s after "
            + $"{options.WarmUp.TotalSeconds:F0} s of warm-up; a large message of {options.LargeBytes} octets; {options.IdleConnections} idle connections; "
            + $"{options.Rounds} interleaved rounds (idle: one): median (lowest–highest).");
        foreach (var table in new[] { check, download, large, idle })
        {
            table.Print(Console.Out);
        }
        return 0;
    }

    private async Task RoundAsync(string part, bool writes, Func<string, Start, Task> measure)
    {
        if (!options.Parts.Contains(part))
        {
            return;
        }
        foreach (var (name, start) in Servers(writes))
        {
            await measure(name, start);
        }
    }

    /// <summary>What is synced matters only where something is written.</summary>
    private IEnumerable<(string Name, Start Start)> Servers(bool writes)
    {
        if (options.Servers.Contains("mailcloud"))
        {
            yield return ("MailCloud", async (folder, mailboxes, ct) => await MailCloudServer.StartAsync(folder, mailboxes, ct, options.PortOffset));
        }
        if (!options.Servers.Contains("dovecot"))
        {
            yield break;
        }
        yield return ("Dovecot", Peer("optimized"));
        if (writes)
        {
            yield return ("Dovecot, mail_fsync=always", Peer("always"));
        }
    }

    private Start Peer(string fsync) => async (folder, _, ct) =>
        await Dovecot.StartAsync(folder, options.PortOffset + PeerPorts, new(options.PeerFormat, fsync, HibernateAfter: 0, Pop3: true), ct);

    private async Task OnFreshAsync(Start start, int mailboxes, Func<IMeasuredPop3Server, Task> measure, CancellationToken cancellationToken)
    {
        await using var server = await start(FreshFolder(), mailboxes, cancellationToken);
        await measure(server);
    }

    private async Task IdleAsync(string name, Start start, CancellationToken cancellationToken)
    {
        // Started again once the accounts are made: what making them left in memory would hide what connections add.
        var folder = FreshFolder();
        await using (await start(folder, options.IdleConnections, cancellationToken))
        {
        }
        foreach (var tls in new[] { false, true })
        {
            await using var server = await start(folder, 0, cancellationToken);
            await IdlePart.RunAsync(server, name, options, tls, idle);
        }
    }

    private string FreshFolder()
    {
        if (Directory.Exists(options.Data))
        {
            Directory.Delete(options.Data, recursive: true);
        }
        return Directory.CreateDirectory(Path.Combine(options.Data, "server")).FullName;
    }
}
