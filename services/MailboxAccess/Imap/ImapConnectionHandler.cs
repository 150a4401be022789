using System.Net;
using System.Security.Authentication;
using MailCloud.Blobs;
using MailCloud.Credentials;
using MailCloud.Credentials.Sasl;
using MailCloud.MailboxAccess.Bodies;
using MailCloud.MailboxAccess.Imap.Terminals;
using MailCloud.MailboxAccess.Imap.Watch;
using MailCloud.Wire;
using MailCloud.Wire.Tls;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace MailCloud.MailboxAccess.Imap;

/// <summary>What every session shares.</summary>
internal sealed record ImapServices(
    ImapOptions Options,
    IGrainFactory Grains,
    GrainCalls Calls,
    MailboxWatches Watches,
    LiveSessions LiveSessions,
    IMessageBlobs Blobs,
    PasswordCheck Passwords,
    SaslMechanisms Mechanisms,
    CertificateStore Certificates,
    ImapTelemetry Telemetry,
    TimeProvider Time,
    ILogger Log)
{
    public Entrance Entrance { get; } = new(Options.SessionLimits, Options.ProxyNetworks, Options.LoginTimeout, Time);

    /// <summary>Places for sessions by account and network.</summary>
    public Places AccountPlaces { get; } = new(Options.MaxSessionsPerAccount);
}

/// <summary>Serves one connection that Kestrel has accepted, from greeting to goodbye.</summary>
internal sealed class ImapConnectionHandler(
    IOptions<ImapOptions> options,
    IGrainFactory grains,
    LiveSessions liveSessions,
    IMessageBlobs blobs,
    PasswordCheck passwords,
    SaslMechanisms mechanisms,
    CertificateStore certificates,
    ImapTelemetry telemetry,
    TimeProvider time,
    ILogger<ImapConnectionHandler> log) : ConnectionHandler
{
    // Octets of output at which a flush is due: a few socket writes per page of FETCH.
    private const int FlushAt = 32 * 1024;

    private readonly ImapServices services = new(
        options.Value, grains, new(options.Value.GrainTimeout, time), new(grains, options.Value, time, log), liveSessions, blobs, passwords, mechanisms, certificates, telemetry, time, log);

    public override Task OnConnectedAsync(ConnectionContext connection) => ServeAsync(connection, implicitTls: false);

    public async Task ServeAsync(ConnectionContext connection, bool implicitTls)
    {
        telemetry.Opened();
        using var input = new TimedReader(connection.Transport.Input, time);
        var output = new ReplyWriter(connection.Transport.Output, time, services.Options.WriteTimeout, FlushAt);
        var session = default(ImapSession);
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
            log.Ended(connection.ConnectionId, e.Message);
        }
        catch (MessageBrokenException e)
        {
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
            output.Write("* BYE [UNAVAILABLE] Too many connections, try again later\r\n");
            await output.FlushAsync(connection.ConnectionClosed).ConfigureAwait(false);
        }
    }
}
