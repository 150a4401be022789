using System.Net;
using MailCloud.Blobs;
using MailCloud.Cluster;
using MailCloud.Credentials;
using MailCloud.Credentials.Sasl;
using MailCloud.Oidc;
using MailCloud.Standing;
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
    Standings Standings,
    IMessageBlobs Blobs,
    PasswordCheck Passwords,
    SaslMechanisms Mechanisms,
    AccountTokens Tokens,
    LoginHistory Logins,
    CertificateStore Certificates,
    Pop3Telemetry Telemetry,
    TimeProvider Time,
    ILogger Log)
{
    public Entrance Entrance { get; } = new(Options.SessionLimits, Options.ProxyNetworks, Options.LoginTimeout, Time);
}

/// <summary>Connections that speak POP3. RFC 1939 §3: a session that does not come to QUIT removes nothing, and a client that was silent for too long is told nothing.</summary>
internal sealed class Pop3ConnectionHandler : SessionHandler
{
    private readonly Pop3Services services;

    public Pop3ConnectionHandler(
        IOptions<Pop3Options> options,
        IGrainFactory grains,
        GrainCalls calls,
        Standings standings,
        IMessageBlobs blobs,
        PasswordCheck passwords,
        SaslMechanisms mechanisms,
        AccountTokens tokens,
        LoginHistory logins,
        CertificateStore certificates,
        Pop3Telemetry telemetry,
        TimeProvider time,
        ILogger<Pop3ConnectionHandler> log)
        : this(new(options.Value, grains, calls, standings, blobs, passwords, mechanisms, tokens, logins, certificates, telemetry, time, log))
    {
    }

    private Pop3ConnectionHandler(Pop3Services services)
        : base(services.Entrance, services.Telemetry, services.Options.WriteTimeout, services.Time) => this.services = services;

    protected override string NoPlace => $"-ERR [SYS/TEMP] {Pop3Text.TooManyConnections.English}\r\n";

    // What a session has marked as deleted counts only if it comes to QUIT, and it lasts for seconds.
    protected override Farewell FarewellOf(CancellationToken stopping) => Farewell.AtLast(services.Time, stopping);

    protected override IClientSession Begin(ConnectionContext connection, IPEndPoint remote, TimedReader input, ReplyWriter output) =>
        new Pop3Session(connection, remote, input, output, services);

    protected override void LogEnded(string connection, string why) => services.Log.Ended(connection, why);

    protected override void LogMessageBroken(string connection, Exception error) => services.Log.MessageBroken(connection, error);

    protected override void LogTurnedAway(string address) => services.Log.TurnedAway(address);
}
