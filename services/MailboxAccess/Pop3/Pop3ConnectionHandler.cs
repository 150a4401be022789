using System.Net;
using System.Security.Authentication;
using MailCloud.Blobs;
using MailCloud.Credentials;
using MailCloud.Credentials.Sasl;
using MailCloud.MailboxAccess.Bodies;
using MailCloud.Wire;
using MailCloud.Wire.Tls;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace MailCloud.MailboxAccess.Pop3;

/// <summary>What every session shares.</summary>
internal sealed record Pop3Services(
    Pop3Options Options,
    IGrainFactory Grains,
    GrainCalls Calls,
    IMessageBlobs Blobs,
    PasswordCheck Passwords,
    SaslMechanisms Mechanisms,
    CertificateStore Certificates,
    Pop3Telemetry Telemetry,
    TimeProvider Time,
    ILogger Log)
{
    public Entrance Entrance { get; } = new(Options.SessionLimits, Options.ProxyNetworks, Options.LoginTimeout, Time);
}

/// <summary>Serves one connection that Kestrel has accepted, from greeting to goodbye.</summary>
internal sealed class Pop3ConnectionHandler(
    IOptions<Pop3Options> options,
    IGrainFactory grains,
    IMessageBlobs blobs,
    PasswordCheck passwords,
    SaslMechanisms mechanisms,
    CertificateStore certificates,
    Pop3Telemetry telemetry,
    TimeProvider time,
    ILogger<Pop3ConnectionHandler> log) : ConnectionHandler
{
    // Octets of output at which a flush is due, as IMAP's.
    private const int FlushAt = 32 * 1024;

    private readonly Pop3Services services = new(
        options.Value, grains, new(options.Value.GrainTimeout, time), blobs, passwords, mechanisms, certificates, telemetry, time, log);

    public override Task OnConnectedAsync(ConnectionContext connection) => ServeAsync(connection, implicitTls: false);

    public async Task ServeAsync(ConnectionContext connection, bool implicitTls)
    {
        telemetry.Opened();
        using var input = new TimedReader(connection.Transport.Input, time);
        var output = new ReplyWriter(connection.Transport.Output, time, services.Options.WriteTimeout, FlushAt);
        var session = default(Pop3Session);
        try
        {
            var remote = await services.Entrance.FindClientAsync(connection, input).ConfigureAwait(false);
            using var place = services.Entrance.TryEnter(remote);
            if (place is null)
            {
                await TurnAwayAsync(connection, remote, implicitTls, output).ConfigureAwait(false);
                return;
            }

            session = new(connection, remote, input, output, services);
            if (implicitTls)
            {
                await session.StartTlsAsync(connection.ConnectionClosed).ConfigureAwait(false);
            }

            await session.RunAsync(connection.ConnectionClosed).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or OperationCanceledException or AuthenticationException)
        {
            // RFC 1939 §3: nothing is removed, and a client that was silent for too long is told nothing.
            log.Ended(connection.ConnectionId, e.Message);
        }
        catch (MessageBrokenException e)
        {
            // The client must not take what it has for the whole message.
            log.MessageBroken(connection.ConnectionId, e);
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

    // Before a handshake that costs us more than the peer: where TLS comes first nothing can be said.
    private async ValueTask TurnAwayAsync(ConnectionContext connection, IPEndPoint remote, bool implicitTls, ReplyWriter output)
    {
        telemetry.TurnedAway();
        log.TurnedAway(remote.Address.ToString());
        if (!implicitTls)
        {
            output.Write($"-ERR [SYS/TEMP] {Pop3Text.TooManyConnections.English}\r\n");
            await output.FlushAsync(connection.ConnectionClosed).ConfigureAwait(false);
        }
    }
}
