using System.Net;
using MailCloud.Blobs;
using MailCloud.Cluster;
using MailCloud.Credentials;
using MailCloud.Credentials.Sasl;
using MailCloud.MailboxAccess.Imap.Terminals;
using MailCloud.Oidc;
using MailCloud.Standing;
using MailCloud.Watching;
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
    Standings Standings,
    MailboxWatches Watches,
    LiveSessions LiveSessions,
    IMessageBlobs Blobs,
    PasswordCheck Passwords,
    SaslMechanisms Mechanisms,
    AccountTokens Tokens,
    LoginHistory Logins,
    CertificateStore Certificates,
    ImapTelemetry Telemetry,
    TimeProvider Time,
    ILogger Log)
{
    public Entrance Entrance { get; } = new(Options.SessionLimits, Options.ProxyNetworks, Options.LoginTimeout, Time);

    /// <summary>Places for sessions by account and network.</summary>
    public Places AccountPlaces { get; } = new(Options.MaxSessionsPerAccount);
}

/// <summary>Connections that speak IMAP.</summary>
internal sealed class ImapConnectionHandler : SessionHandler
{
    private readonly ImapServices services;

    public ImapConnectionHandler(
        IOptions<ImapOptions> options,
        IGrainFactory grains,
        GrainCalls calls,
        Standings standings,
        MailboxWatches watches,
        LiveSessions liveSessions,
        IMessageBlobs blobs,
        PasswordCheck passwords,
        SaslMechanisms mechanisms,
        AccountTokens tokens,
        LoginHistory logins,
        CertificateStore certificates,
        ImapTelemetry telemetry,
        TimeProvider time,
        ILogger<ImapConnectionHandler> log)
        : this(new(
            options.Value,
            grains,
            calls,
            standings,
            watches,
            liveSessions,
            blobs,
            passwords,
            mechanisms,
            tokens,
            logins,
            certificates,
            telemetry,
            time,
            log))
    {
    }

    private ImapConnectionHandler(ImapServices services)
        : base(services.Entrance, services.Telemetry, services.Options.WriteTimeout, services.Time) => this.services = services;

    protected override string NoPlace => "* BYE [UNAVAILABLE] Too many connections, try again later\r\n";

    protected override Farewell FarewellOf(CancellationToken stopping) => Farewell.Spread(() => services.Entrance.Clients, services.Time, stopping);

    protected override IClientSession Begin(ConnectionContext connection, IPEndPoint remote, TimedReader input, ReplyWriter output) =>
        new ImapSession(connection, remote, input, output, services);

    protected override void LogEnded(string connection, string why) => services.Log.Ended(connection, why);

    protected override void LogMessageBroken(string connection, Exception error) => services.Log.MessageBroken(connection, error);

    protected override void LogTurnedAway(string address) => services.Log.TurnedAway(address);
}
