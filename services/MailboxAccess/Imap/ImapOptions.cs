using System.ComponentModel.DataAnnotations;
using MailCloud.Wire;

namespace MailCloud.MailboxAccess.Imap;

/// <summary>Section <c>Imap</c>.</summary>
internal sealed record ImapOptions
{
    /// <summary>Where IMAP with STARTTLS listens, <c>address:port</c>; empty: not at all.</summary>
    public string Plain { get; init; } = "127.0.0.1:2143";

    /// <summary>Where IMAP inside TLS listens (RFC 8314 §3.2); empty: not at all.</summary>
    public string Tls { get; init; } = "127.0.0.1:2993";

    /// <summary>The JMAP session resource of the same accounts, as clients reach it (RFC 9698); empty: clients are told of none.</summary>
    [RegularExpression(@"https?://[!#-\[\]-~]+")]
    public string JmapUrl { get; init; } = "";

    /// <summary>Octets of a command, its literals included. Dovecot's imap_max_line_length is the same.</summary>
    [Range(1024, 1024 * 1024)]
    public int MaxCommandLength { get; init; } = 64 * 1024;

    /// <summary>Octets of a literal that is too large but still read, so that the session goes on (RFC 7888 §4); above it the connection is closed.</summary>
    public int MaxDiscardedLiteral { get; init; } = 1024 * 1024;

    /// <summary>Octets of a message that APPEND takes (RFC 7889). 50 MiB: as much as comes by SMTP (Smtp:MaxMessageSize).</summary>
    [Range(1, uint.MaxValue)]
    public long MaxAppendLength { get; init; } = 50 * 1024 * 1024;

    /// <summary>
    /// Octets of messages that a refused APPEND sends unasked and that are still read, so that the session goes on (RFC 7888 §4); above it the connection is
    /// closed. More than <see cref="MaxAppendLength"/>, so that a message that is a little too large is only refused.
    /// </summary>
    public long MaxDiscardedAppend { get; init; } = 64 * 1024 * 1024;

    /// <summary>How long a body may take to be durable; Smtp:CommitTimeout is the same.</summary>
    public TimeSpan CommitTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a client may be silent. RFC 3501 §5.4: at least 30 minutes.</summary>
    public TimeSpan InactivityTimeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>The same before login. Dovecot gives three minutes; one keeps slow attackers from holding connections.</summary>
    public TimeSpan LoginTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long a client may take to log in, whatever it says meanwhile: Dovecot's three minutes. Without it a stranger would keep a connection by a NOOP now and then.
    /// </summary>
    public TimeSpan LoginDeadline { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>The lowest rate of a literal, octets per second, over the whole and once the time for silence is used up; Smtp:MinDataRate is the same.</summary>
    public int MinDataRate { get; init; } = 500;

    /// <summary>How long a client may take to accept output that fills its buffers; Dovecot disconnects after a minute of none, we give slow links more.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Sessions of this process, as Smtp:MaxSessions: half of the descriptors that a process may have.</summary>
    public int MaxSessions { get; init; } = 10_000;

    /// <summary>Sessions at a time from one network (/32, /64). A tenth of all: a company behind one address has many clients, and nobody has everything.</summary>
    public int MaxSessionsPerNetwork { get; init; } = 1000;

    /// <summary>New sessions a minute from one network: after a restart all of <see cref="MaxSessionsPerNetwork"/> come again within the minute.</summary>
    public int SessionsPerMinute { get; init; } = 1200;

    /// <summary>
    /// Sessions at a time of one account from one network. Twice Dovecot's mail_max_userip_connections of 10: one desktop client opens five, and the devices of a home share an address.
    /// </summary>
    public int MaxSessionsPerAccount { get; init; } = 20;

    /// <summary>Networks for which only <see cref="MaxSessions"/> counts, comma-separated; loopback carries tests and local programs.</summary>
    public string UnlimitedNetworks { get; init; } = "127.0.0.0/8,::1/128";

    /// <summary>Networks of proxies that send a PROXY header, comma-separated.</summary>
    public string ProxyNetworks { get; init; } = "";

    /// <summary>Failed logins after which the connection is closed; Postfix's smtpd_hard_error_limit has 20 for all errors, but each of these costs a key derivation.</summary>
    public int MaxLoginFailures { get; init; } = 5;

    /// <summary>Malformed commands in a row after which the connection is closed. Dovecot's CLIENT_MAX_BAD_COMMANDS is the same.</summary>
    public int MaxBadCommands { get; init; } = 20;

    internal SessionLimits SessionLimits => new(MaxSessions, MaxSessionsPerNetwork, SessionsPerMinute, Networks.Parse(UnlimitedNetworks));
}
