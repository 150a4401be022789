using System.Net;
using MailCloud.Wire;

namespace MailCloud.SmtpIngress;

/// <summary>Section <c>Smtp</c>. Every limit says where its number comes from.</summary>
public sealed record SmtpOptions
{
    /// <summary>Of the 14 days for which a mailbox remembers deliveries, less the 5 for which mail waits after its release, and one for what stands still.</summary>
    private static readonly TimeSpan LongestHold = TimeSpan.FromDays(8);

    /// <summary>Where other hosts deliver, <c>address:port</c>; empty: not opened.</summary>
    public string Mx { get; init; } = "127.0.0.1:2525";

    /// <summary>Where accounts submit, with STARTTLS (RFC 6409); empty: not opened.</summary>
    public string Submission { get; init; } = "127.0.0.1:2587";

    /// <summary>Where accounts submit with TLS from the first octet (RFC 8314 §3.3); empty: not opened.</summary>
    public string Submissions { get; init; } = "127.0.0.1:2465";

    /// <summary>This host's name, in greeting, EHLO and trace.</summary>
    public string HostName { get; init; } = "localhost";

    /// <summary>The domain of <c>postmaster</c> without one (RFC 5321 §4.5.1); empty: <see cref="HostName"/>.</summary>
    public string PostmasterDomain { get; init; } = "";

    /// <summary>Octets of a message. 50 MiB: what large providers take (Gmail 50 MB, Exchange Online 25–150 MB).</summary>
    public long MaxMessageSize { get; init; } = 50 * 1024 * 1024;

    /// <summary>Recipients of one transaction. RFC 5321 §4.5.3.1.8 wants at least 100; Postfix's smtpd_recipient_limit is 1,000.</summary>
    public int MaxRecipients { get; init; } = 1000;

    /// <summary>Octets of a command line with CRLF. RFC 5321 §4.5.3.1.4 wants 512 and extensions add to it; Postfix's line_length_limit is 2,048.</summary>
    public int MaxCommandLine { get; init; } = 2048;

    /// <summary>Refused commands before 421. Postfix's smtpd_hard_error_limit is 20.</summary>
    public int MaxErrors { get; init; } = 20;

    /// <summary>Received fields of a message that goes round in circles: RFC 5321 §6.3 wants at least 100.</summary>
    public int MaxReceived { get; init; } = 100;

    /// <summary>RFC 5321 §4.5.3.2.7: a server waits at least 5 minutes for a command.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>RFC 5321 §4.5.3.2.5: 3 minutes for a block of data.</summary>
    public TimeSpan DataTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>The lowest rate of a message, octets per second. Postfix's smtpd_min_data_rate is 500.</summary>
    public int MinDataRate { get; init; } = 500;

    /// <summary>TLS handshake and PROXY header. Postfix's smtpd_starttls_timeout is 300 s when idle and 10 s under stress; clients need one second.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long body and queue entry may take to be durable; a client waits 10 minutes (RFC 5321 §4.5.3.2.6).</summary>
    public TimeSpan CommitTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Sessions of this process. A process may have 20,000 descriptors; half are left to storage and the silo.</summary>
    public int MaxSessions { get; init; } = 10_000;

    /// <summary>Sessions at a time from one network (/32, /64). Postfix's smtpd_client_connection_count_limit is 50.</summary>
    public int MaxSessionsPerNetwork { get; init; } = 50;

    /// <summary>New sessions a minute from one network; Postfix's anvil counts the same, without a default. Ten a second is beyond any single sender's need.</summary>
    public int SessionsPerMinute { get; init; } = 600;

    /// <summary>Messages a minute from one network. Twenty a second: a large sender has many networks.</summary>
    public int MessagesPerMinute { get; init; } = 1200;

    /// <summary>Messages a minute from one account. Exchange Online allows 30; lists and scripts need a little more.</summary>
    public int AccountMessagesPerMinute { get; init; } = 120;

    /// <summary>Networks without limits of rate and number, comma-separated; loopback carries tests and local programs.</summary>
    public string UnlimitedNetworks { get; init; } = "127.0.0.0/8,::1/128";

    /// <summary>Networks of proxies that send a PROXY header, comma-separated.</summary>
    public string ProxyNetworks { get; init; } = "";

    /// <summary>How long an edge trusts what the directory said. A change is seen everywhere after this time; what does not exist is asked for each time.</summary>
    public TimeSpan DirectoryCache { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The longest time for which mail is held (RFC 4865). A mailbox remembers its deliveries for 14 days from their acceptance, and what is held may wait for 5 days more after its release; Stalwart's default is 7 days.
    /// </summary>
    public TimeSpan MaxHold { get; init; } = TimeSpan.FromDays(7);

    /// <summary>The shortest time within which mail may be demanded to be delivered or returned (RFC 2852 §3): two rounds of retries, which are every 30 s.</summary>
    public TimeSpan MinDeliverBy { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The highest priority that accounts may give their mail (RFC 6710); what is higher becomes this. 4 is "urgent" in the policy that we announce, MIXER (App. B).</summary>
    public int MaxPriority { get; init; } = 4;

    internal SessionLimits SessionLimits => new(MaxSessions, MaxSessionsPerNetwork, SessionsPerMinute, Networks.Parse(UnlimitedNetworks));

    /// <summary>Everything that is wrong, one sentence each.</summary>
    internal IEnumerable<string> Errors()
    {
        foreach (var (key, value) in new[] { (nameof(Mx), Mx), (nameof(Submission), Submission), (nameof(Submissions), Submissions) })
        {
            if (value.Length > 0 && !IPEndPoint.TryParse(value, out _))
            {
                yield return $"Smtp:{key} must be address:port";
            }
        }

        foreach (var (key, value) in new[] { (nameof(UnlimitedNetworks), UnlimitedNetworks), (nameof(ProxyNetworks), ProxyNetworks) })
        {
            if (!Networks.AreValid(value))
            {
                yield return $"Smtp:{key} must be networks as address/bits, separated by commas";
            }
        }

        if (HostName.Length == 0)
        {
            yield return "Smtp:HostName is missing";
        }

        if (MaxRecipients < 100)
        {
            yield return "Smtp:MaxRecipients must be at least 100 (RFC 5321 §4.5.3.1.8)";
        }

        if (MaxHold < TimeSpan.FromSeconds(1) || MaxHold > LongestHold)
        {
            yield return $"Smtp:MaxHold must be between a second and {LongestHold.TotalDays:0} days";
        }

        if (MinDeliverBy < TimeSpan.Zero || MinDeliverBy > TimeSpan.FromDays(5))
        {
            yield return "Smtp:MinDeliverBy must be at most 5 days, after which mail is given up anyway";
        }

        if (MaxPriority is < 0 or > 9)
        {
            yield return "Smtp:MaxPriority must be 0 to 9 (RFC 6710 §3)";
        }

        if (MaxReceived < 100)
        {
            yield return "Smtp:MaxReceived must be at least 100 (RFC 5321 §6.3)";
        }
    }
}
