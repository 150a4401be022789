using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.Pop3;

/// <summary>What a connection costs in memory that has logged in, asked for STAT, and then does nothing.</summary>
internal static class IdlePart
{
    private const int Before = 20;

    /// <summary>Measures one kind of connection on a server just started.</summary>
    public static Task RunAsync(IMeasuredPop3Server server, string name, Pop3Options options, bool tls, Figures figures)
    {
        var memory = new IdleMemory<Pop3Connection>(server.Processes, options.Settle)
        {
            Open = user =>
            {
                var connection = Pop3Connection.Open(tls ? server.Pop3Tls : server.Pop3, tls);
                connection.LogIn(user);
                connection.Stat();
                return connection;
            },
            End = connection =>
            {
                // With QUIT: a session that is broken off keeps its maildrop until the server sees it.
                connection.Command($"QUIT");
                connection.Dispose();
            },
        };
        return memory.MeasureAsync(Math.Min(Before, options.IdleConnections), options.IdleConnections, name, $"{(tls ? "TLS" : "plain")}: kB each", figures);
    }
}
