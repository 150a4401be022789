using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.Imap;

/// <summary>Runs the servers in turn (A B C A B C …), each time on fresh data, and prints a table per part.</summary>
internal sealed class ImapBenchmark(ImapOptions options)
{
    private const int PeerPorts = 1_000;
    private readonly Figures mix = new("mixed load");
    private readonly Figures append = new("APPEND, 4 kB");
    private readonly Figures idle = new("idle connection");
    private readonly Figures sync = new("initial sync");

    private delegate Task<IMeasuredImapServer> Start(string folder, int mailboxes, CancellationToken cancellationToken);

    /// <returns>The exit code: 0, as an answer that is not right ends the run by an exception.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var load = Machine.LoadAverage;
        for (var round = 1; round <= options.Rounds; round++)
        {
            await RoundAsync("mix", mix, (name, start) => MixAsync(name, start, cancellationToken));
            await RoundAsync("append", append, (name, start) => AppendAsync(name, start, cancellationToken));
            await RoundAsync("sync", sync, (name, start) => SyncAsync(name, start, cancellationToken));
        }
        await RoundAsync("idle", idle, (name, start) => IdleAsync(name, start, cancellationToken));

        Console.WriteLine();
        Console.WriteLine($"{Machine.Describe()}, {Machine.FileSystem(options.Data)}. {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC; load average before {load:F1}, after {Machine.LoadAverage:F1}.");
        Console.WriteLine($"{options.Clients} clients, {options.MessagesPerMailbox} messages in each INBOX ({options.PeerFormat}), {options.Load.TotalSeconds:F0} s after "
            + $"{options.WarmUp.TotalSeconds:F0} s of warm-up; {options.IdleConnections} idle connections; folder of {options.SyncMessages} messages; "
            + $"{options.Rounds} interleaved rounds (idle: one): median (lowest–highest).");
        foreach (var table in new[] { mix, append, sync, idle })
        {
            table.Print(Console.Out);
        }
        return 0;
    }

    private async Task RoundAsync(string part, Figures figures, Func<string, Start, Task> measure)
    {
        if (!options.Parts.Contains(part))
        {
            return;
        }
        foreach (var (name, start) in Servers(idleConnections: figures == idle))
        {
            await measure(name, start);
        }
    }

    /// <summary>Idle connections are about hibernation, the rest about what is synced.</summary>
    private IEnumerable<(string Name, Start Start)> Servers(bool idleConnections)
    {
        if (options.Servers.Contains("mailcloud"))
        {
            yield return ("MailCloud", async (folder, mailboxes, ct) => await MailCloudServer.StartAsync(folder, mailboxes, ct, options.PortOffset));
        }
        if (!options.Servers.Contains("dovecot"))
        {
            yield break;
        }
        yield return ("Dovecot", Peer(new(options.PeerFormat, "optimized", 0)));
        yield return idleConnections
            ? ("Dovecot, hibernating", Peer(new(options.PeerFormat, "optimized", 1)))
            : ("Dovecot, mail_fsync=always", Peer(new(options.PeerFormat, "always", 0)));
    }

    private Start Peer(DovecotSettings settings) => async (folder, _, ct) => await Dovecot.StartAsync(folder, options.PortOffset + PeerPorts, settings, ct);

    private async Task MixAsync(string name, Start start, CancellationToken cancellationToken)
    {
        await using var server = await start(FreshFolder(), options.Clients, cancellationToken);
        await MixPart.RunAsync(server, name, options, mix);
    }

    private async Task AppendAsync(string name, Start start, CancellationToken cancellationToken)
    {
        await using var server = await start(FreshFolder(), options.Clients, cancellationToken);
        await AppendPart.RunAsync(server, name, options, append);
    }

    private async Task SyncAsync(string name, Start start, CancellationToken cancellationToken)
    {
        var folder = FreshFolder();
        await using (var filled = await start(folder, 1, cancellationToken))
        {
            await SyncPart.FillAsync(filled, options.SyncMessages);
        }
        await using var server = await start(folder, 0, cancellationToken);
        SyncPart.Run(server, name, options.SyncMessages, "first after a start", sync);
        SyncPart.Run(server, name, options.SyncMessages, "again", sync);
    }

    private async Task IdleAsync(string name, Start start, CancellationToken cancellationToken)
    {
        // Started again once the accounts are made: what making them left in memory would hide what connections add.
        var folder = FreshFolder();
        await using (await start(folder, options.IdleConnections, cancellationToken))
        {
        }
        foreach (var (tls, inIdle) in new[] { (false, false), (false, true), (true, false), (true, true) })
        {
            await using var server = await start(folder, 0, cancellationToken);
            await IdlePart.RunAsync(server, name, options, tls, inIdle, idle);
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
