using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.Imap;

/// <summary>What a connection costs in memory while its client does nothing: after SELECT, and in IDLE.</summary>
internal static class IdlePart
{
    private const int Before = 100;

    /// <summary>Measures one kind of connection on a server just started.</summary>
    public static Task RunAsync(IMeasuredImapServer server, string name, ImapOptions options, bool tls, bool idle, Figures figures)
    {
        var memory = new IdleMemory<ImapConnection>(server.Processes, options.Settle)
        {
            Open = user =>
            {
                var connection = ImapConnection.Open(tls ? server.ImapTls : server.Imap, tls);
                connection.LogIn(user);
                connection.Select("INBOX");
                if (idle)
                {
                    connection.Idle();
                }
                return connection;
            },
            End = connection => connection.Dispose(),
        };
        return memory.MeasureAsync(Before, options.IdleConnections, name, $"{(tls ? "TLS" : "plain")}, {(idle ? "in IDLE" : "after SELECT")}: kB each", figures);
    }
}
