using System.Net;
using System.Security.Authentication;
using MailCloud.MailboxAccess.Bodies;
using MailCloud.Wire;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace MailCloud.MailboxAccess;

/// <summary>A protocol's session, from greeting to goodbye.</summary>
internal interface IClientSession : IAsyncDisposable
{
    Task StartTlsAsync(CancellationToken cancellationToken);

    /// <param name="leaving">Ends when the session is to say goodbye as soon as it waits for a command.</param>
    /// <param name="cancellationToken">Ends when the connection is closed.</param>
    Task RunAsync(CancellationToken leaving, CancellationToken cancellationToken);
}

/// <summary>Serves one connection that Kestrel has accepted: whose it is, a place for it, TLS from the first octet, then the protocol's session. The same for all protocols of this edge.</summary>
internal abstract class SessionHandler(Entrance entrance, SessionTelemetry telemetry, TimeSpan writeTimeout, TimeProvider time)
{
    // Octets of output at which a flush is due: a few socket writes per page of FETCH.
    private const int FlushAt = 32 * 1024;

    public async Task ServeAsync(ConnectionContext connection, bool implicitTls)
    {
        telemetry.Opened(entrance.Places);
        using var input = new TimedReader(connection.Transport.Input, time);
        var output = new ReplyWriter(connection.Transport.Output, time, writeTimeout, FlushAt);
        var session = default(IClientSession);
        try
        {
            var remote = await entrance.FindClientAsync(connection, input).ConfigureAwait(false);
            using var place = entrance.TryEnter(remote);
            if (place is null)
            {
                await TurnAwayAsync(connection, remote, implicitTls, output).ConfigureAwait(false);
                return;
            }

            session = Begin(connection, remote, input, output);
            if (implicitTls)
            {
                await session.StartTlsAsync(connection.ConnectionClosed).ConfigureAwait(false);
            }

            var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
            using var farewell = FarewellOf(stopping);
            await session.RunAsync(farewell.Token, connection.ConnectionClosed).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or OperationCanceledException or AuthenticationException)
        {
            LogEnded(connection.ConnectionId, e.Message);
        }
        catch (MessageBrokenException e)
        {
            // The client must not take what it has for the whole message.
            LogMessageBroken(connection.ConnectionId, e);
            connection.Abort();
        }
        finally
        {
            if (session is not null)
            {
                await session.DisposeAsync().ConfigureAwait(false);
            }

            telemetry.Closed();
        }
    }

    /// <summary>What a client is told in place of the greeting when there is no place for it, with CRLF.</summary>
    protected abstract string NoPlace { get; }

    /// <summary>When a session ends that idles while the process is to end.</summary>
    protected abstract Farewell FarewellOf(CancellationToken stopping);

    protected abstract IClientSession Begin(ConnectionContext connection, IPEndPoint remote, TimedReader input, ReplyWriter output);

    protected abstract void LogEnded(string connection, string why);

    protected abstract void LogMessageBroken(string connection, Exception error);

    protected abstract void LogTurnedAway(string address);

    // Before a handshake that costs us more than the peer: where TLS comes first nothing can be said.
    private async ValueTask TurnAwayAsync(ConnectionContext connection, IPEndPoint remote, bool implicitTls, ReplyWriter output)
    {
        telemetry.TurnedAway();
        LogTurnedAway(remote.Address.ToString());
        if (!implicitTls)
        {
            output.Write(NoPlace);
            await output.FlushAsync(connection.ConnectionClosed).ConfigureAwait(false);
        }
    }
}
