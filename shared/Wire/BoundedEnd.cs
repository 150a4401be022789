using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Wire;

/// <summary>The bounds that Kestrel leaves to those whose protocol is not HTTP.</summary>
public static class BoundedEnd
{
    /// <summary>
    /// Octets that have come and that a session has not taken. Kestrel's default of a mebibyte is for HTTP; a thousand clients that send faster than they are served would
    /// make a gigabyte of it. 64 kB is as much as Kestrel holds of what a client does not take.
    /// </summary>
    private const int MaxUnread = 64 * 1024;

    /// <summary>How long a peer may take the last that was written: at most 64 kB, so that 4 kB/s are enough.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    /// <summary>Bounds what a connection holds of input that nobody has read yet.</summary>
    public static IServiceCollection AddBoundedInput(this IServiceCollection services) =>
        services.Configure<SocketTransportOptions>(sockets => sockets.MaxReadBufferSize = MaxUnread);

    /// <summary>
    /// Bounds the end of each connection. Once a session is over Kestrel sends what was written last, and waits for that without limit: a peer that takes nothing
    /// would keep its descriptor for ever, and none of the session's limits would count it any more.
    /// </summary>
    public static IConnectionBuilder UseBoundedEnd(this IConnectionBuilder connections) =>
        connections.Use(next => connection => RunAsync(next, connection, Limit));

    internal static async Task RunAsync(ConnectionDelegate next, ConnectionContext connection, TimeSpan limit)
    {
        try
        {
            await next(connection).ConfigureAwait(false);
        }
        finally
        {
            await connection.Transport.Output.CompleteAsync().ConfigureAwait(false);
            var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var registration = connection.ConnectionClosed.Register(closed.SetResult).ConfigureAwait(false);
            try
            {
                await closed.Task.WaitAsync(limit).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                connection.Abort(new ConnectionAbortedException("the peer did not take what was written last"));
            }
        }
    }
}
