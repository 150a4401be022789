using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.Imap;

/// <summary>What a connection costs in memory while its client does nothing: after SELECT, and in IDLE. Each has an account of its own.</summary>
internal static class IdlePart
{
    // Opened and closed before: what the first connections make for all is not counted.
    private const int Before = 100;
    private const int Openers = 10;

    /// <summary>Measures one kind of connection on a server just started.</summary>
    public static async Task RunAsync(IMeasuredImapServer server, string name, ImapOptions options, bool tls, bool idle, Figures figures)
    {
        foreach (var connection in await OpenAsync(server, Before, tls, idle))
        {
            connection.Dispose();
        }
        await Task.Delay(options.Settle);
        var before = server.Processes.Memory();

        var connections = await OpenAsync(server, options.IdleConnections, tls, idle);
        await Task.Delay(options.Settle);
        var growth = server.Processes.Memory() - before;
        Console.Error.WriteLine($"  {name}: {before / 1e6:F0} MB before, {growth / 1e6:F0} MB more with {connections.Length} connections");
        figures.Add(name, $"{(tls ? "TLS" : "plain")}, {(idle ? "in IDLE" : "after SELECT")}: kB each", growth / 1000.0 / connections.Length, "F1");
        foreach (var connection in connections)
        {
            connection.Dispose();
        }
    }

    private static async Task<ImapConnection[]> OpenAsync(IMeasuredImapServer server, int count, bool tls, bool idle)
    {
        var connections = new ImapConnection[count];
        await LoadThreads.RunAsync(Openers, opener =>
        {
            for (var user = opener; user < count; user += Openers)
            {
                var connection = connections[user] = ImapConnection.Open(tls ? server.ImapTls : server.Imap, tls);
                connection.LogIn(user);
                connection.Select("INBOX");
                if (idle)
                {
                    connection.Idle();
                }
            }
        });
        return connections;
    }
}
