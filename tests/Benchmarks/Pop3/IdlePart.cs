using MailCloud.Benchmarks.Imap;
using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.Pop3;

/// <summary>What a connection costs in memory that has logged in, asked for STAT, and then does nothing. Each has an account of its own.</summary>
internal static class IdlePart
{
    // Opened and closed before: what the first connections make for all is not counted.
    private const int Before = 20;
    private const int Openers = 10;

    /// <summary>Measures one kind of connection on a server just started.</summary>
    public static async Task RunAsync(IMeasuredPop3Server server, string name, Pop3Options options, bool tls, Figures figures)
    {
        foreach (var connection in await OpenAsync(server, Math.Min(Before, options.IdleConnections), tls))
        {
            // With QUIT: a session that is broken off keeps its maildrop until the server sees it.
            connection.Command($"QUIT");
            connection.Dispose();
        }
        await Task.Delay(options.Settle);
        var before = server.Processes.Memory();

        var connections = await OpenAsync(server, options.IdleConnections, tls);
        await Task.Delay(options.Settle);
        var growth = server.Processes.Memory() - before;
        Console.Error.WriteLine($"  {name}: {before / 1e6:F0} MB before, {growth / 1e6:F0} MB more with {connections.Length} connections");
        figures.Add(name, $"{(tls ? "TLS" : "plain")}: kB each", growth / 1000.0 / connections.Length, "F1");
        foreach (var connection in connections)
        {
            connection.Dispose();
        }
    }

    private static async Task<Pop3Connection[]> OpenAsync(IMeasuredPop3Server server, int count, bool tls)
    {
        var connections = new Pop3Connection[count];
        await LoadThreads.RunAsync(Openers, opener =>
        {
            for (var user = opener; user < count; user += Openers)
            {
                var connection = connections[user] = Pop3Connection.Open(tls ? server.Pop3Tls : server.Pop3, tls);
                connection.LogIn(user);
                connection.Stat();
            }
        });
        return connections;
    }
}
