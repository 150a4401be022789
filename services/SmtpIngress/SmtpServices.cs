using MailCloud.Blobs;
using MailCloud.Cluster;
using MailCloud.Credentials.Sasl;
using MailCloud.Oidc;
using MailCloud.Queue;
using MailCloud.SmtpIngress.Policy;
using MailCloud.Standing;
using MailCloud.Submission;
using MailCloud.Tracing;
using MailCloud.Wire;
using MailCloud.Wire.Tls;
using Microsoft.Extensions.Options;

namespace MailCloud.SmtpIngress;

/// <summary>What all sessions share.</summary>
internal sealed class SmtpServices(
    IOptions<SmtpOptions> options, IOptions<SendingOptions> sending, IMessageBlobs blobs, IMailQueue queue, IGrainFactory grains, GrainCalls calls,
    Standings standings, SaslMechanisms mechanisms, AccountTokens tokens, LoginHistory logins, CertificateStore certificates, MessageTracer tracer, TimeProvider time, ILogger<SmtpSession> log)
{
    public SmtpOptions Options { get; } = options.Value;

    public IMessageBlobs Blobs { get; } = blobs;

    public IMailQueue Queue { get; } = queue;

    public SaslMechanisms Mechanisms { get; } = mechanisms;

    public AccountTokens Tokens { get; } = tokens;

    public LoginHistory Logins { get; } = logins;

    public CertificateStore Certificates { get; } = certificates;

    public MessageTracer Tracer { get; } = tracer;

    public TimeProvider Time { get; } = time;

    public ILogger Log { get; } = log;

    public GrainCalls Calls { get; } = calls;

    public Standings Standings { get; } = standings;

    public AddressDirectory Directory { get; } = new(grains, calls, standings, options.Value.DirectoryCache, time);

    public Entrance Entrance { get; } = new(options.Value.SessionLimits, options.Value.ProxyNetworks, options.Value.HandshakeTimeout, time);

    public SendingCaps Caps { get; } = new(grains, calls, standings, sending.Value);

    public RateLimits Rates { get; } = new(options.Value, time);
}
