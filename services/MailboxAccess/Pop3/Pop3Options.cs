using System.ComponentModel.DataAnnotations;
using MailCloud.Wire;

namespace MailCloud.MailboxAccess.Pop3;

/// <summary>Section <c>Pop3</c>.</summary>
internal sealed record Pop3Options
{
    /// <summary>Where POP3 with STLS listens, <c>address:port</c>; empty: not at all.</summary>
    public string Plain { get; init; } = "127.0.0.1:2110";

    /// <summary>Where POP3 inside TLS listens (RFC 8314 §3.3); empty: not at all.</summary>
    public string Tls { get; init; } = "127.0.0.1:2995";

    /// <summary>Octets of a command with its CRLF. RFC 2449 §4 has 255; AUTH alone may be longer (RFC 5034 §4).</summary>
    [Range(255, 4096)]
    public int MaxCommandLength { get; init; } = 255;

    /// <summary>How long a client may be silent. RFC 1939 §3: at least 10 minutes.</summary>
    public TimeSpan InactivityTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The same before login, as Imap:LoginTimeout, and for a TLS handshake: nobody is logged out by it.</summary>
    public TimeSpan LoginTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a client may take to log in, whatever it says meanwhile; Imap:LoginDeadline is the same.</summary>
    public TimeSpan LoginDeadline { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How long a client may take to accept output that fills its buffers; Imap:WriteTimeout is the same.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Sessions of this process, as Imap:MaxSessions.</summary>
    public int MaxSessions { get; init; } = 10_000;

    /// <summary>Sessions at a time from one network (/32, /64). A session lasts for seconds: a tenth of Imap:MaxSessionsPerNetwork.</summary>
    public int MaxSessionsPerNetwork { get; init; } = 100;

    /// <summary>New sessions a minute from one network, as Imap:SessionsPerMinute.</summary>
    public int SessionsPerMinute { get; init; } = 1200;

    /// <summary>Networks for which only <see cref="MaxSessions"/> counts, comma-separated; loopback carries tests and local programs.</summary>
    public string UnlimitedNetworks { get; init; } = "127.0.0.0/8,::1/128";

    /// <summary>Networks of proxies that send a PROXY header, comma-separated.</summary>
    public string ProxyNetworks { get; init; } = "";

    /// <summary>Failed logins after which the connection is closed; Imap:MaxLoginFailures is the same.</summary>
    public int MaxLoginFailures { get; init; } = 5;

    /// <summary>Malformed commands in a row after which the connection is closed; Imap:MaxBadCommands is the same (Dovecot, CLIENT_MAX_BAD_COMMANDS).</summary>
    public int MaxBadCommands { get; init; } = 20;

    /// <summary>How often a session says that it still has its maildrop: four times within the minute for which a mailbox gives it.</summary>
    public TimeSpan HoldEvery { get; init; } = TimeSpan.FromSeconds(15);

    internal SessionLimits SessionLimits => new(MaxSessions, MaxSessionsPerNetwork, SessionsPerMinute, Networks.Parse(UnlimitedNetworks));
}
