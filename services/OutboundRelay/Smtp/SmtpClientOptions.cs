using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace MailCloud.OutboundRelay.Smtp;

/// <summary>Section <c>Relay</c>: how a connection to a next host is made and how long it is waited for. Every limit says where its number comes from.</summary>
public sealed record SmtpClientOptions
{
    /// <summary>This host's name in EHLO (RFC 5321 §4.1.1.1). Many hosts refuse a name that does not resolve to the address they are dialled from.</summary>
    public string HostName { get; init; } = "localhost";

    /// <summary>The address that is dialled from, where the next host's is of the same family; empty: the system chooses.</summary>
    public string SourceAddress { get; init; } = "";

    /// <summary>A PEM file with the authorities that are trusted where a certificate must be verified; empty: the system's.</summary>
    public string AuthoritiesFile { get; init; } = "";

    /// <summary>Addresses that are dialled before a route is given up. Postfix's smtp_mx_address_limit is 5, of each family as it balances them.</summary>
    public int MaxAddresses { get; init; } = 10;

    /// <summary>
    /// All addresses of a route together, until one gives a session: twice what RFC 5321 §4.5.3.2.1 gives a greeting. As many hosts as Postfix talks to in one attempt (smtp_mx_session_limit is 2) may use up their
    /// time; ten that greet slowly on purpose would otherwise have a worker for hours.
    /// </summary>
    public TimeSpan OpenTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Postfix's smtp_connect_timeout.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>RFC 5321 §4.5.3.2.1.</summary>
    public TimeSpan GreetingTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>EHLO, HELO, STARTTLS and AUTH, for which RFC 5321 names none. Postfix's smtp_helo_timeout.</summary>
    public TimeSpan HelloTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The TLS handshake. Postfix gives 300 s (smtp_starttls_timeout); a host that needs more than one minute for two round trips will need as long for the rest.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>RFC 5321 §4.5.3.2.2.</summary>
    public TimeSpan MailTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>RFC 5321 §4.5.3.2.3.</summary>
    public TimeSpan RcptTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>RFC 5321 §4.5.3.2.4.</summary>
    public TimeSpan DataTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>MAIL, all RCPT and DATA together. A thousand recipients may take five minutes each by the RFC; who uses a tenth of one in a hundred is no use to anybody's queue.</summary>
    public TimeSpan EnvelopeTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>RFC 5321 §4.5.3.2.5: how long a block of the message may take to be taken.</summary>
    public TimeSpan BlockTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>RFC 5321 §4.5.3.2.6: from the final dot to its reply.</summary>
    public TimeSpan FinalTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The lowest rate at which a message is taken, octets per second. Postfix's smtp_min_data_rate.</summary>
    public int MinDataRate { get; init; } = 500;

    /// <summary>Postfix's smtp_rset_timeout.</summary>
    public TimeSpan RsetTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>For the goodbye: the reply to QUIT and the end of the connection. All is done by then; a worker and a place at the next host are held meanwhile.</summary>
    public TimeSpan QuitTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Everything that is wrong, one sentence each.</summary>
    internal IEnumerable<string> Errors()
    {
        if (HostName.Length == 0 || !Ascii.IsValid(HostName) || HostName.Any(c => c <= ' '))
        {
            yield return "Relay:HostName must be a host name";
        }

        if (SourceAddress.Length > 0 && !IPAddress.TryParse(SourceAddress, out _))
        {
            yield return "Relay:SourceAddress must be an IP address";
        }

        if (AuthoritiesFile.Length > 0 && !HasCertificates(AuthoritiesFile))
        {
            yield return "Relay:AuthoritiesFile must be a PEM file with certificates";
        }

        if (MaxAddresses < 1)
        {
            yield return "Relay:MaxAddresses must be at least 1";
        }

        if (OpenTimeout <= TimeSpan.Zero)
        {
            yield return "Relay:OpenTimeout must be above zero";
        }
    }

    private static bool HasCertificates(string file)
    {
        try
        {
            return LoadAuthorities(file).Count > 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return false;
        }
    }

    internal static X509Certificate2Collection LoadAuthorities(string file)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(file);
        return authorities;
    }
}
