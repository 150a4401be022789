using System.Net;
using MailCloud.OutboundRelay.Routing;

namespace MailCloud.OutboundRelay.Smtp;

/// <summary>One address of one host, and what is demanded of it.</summary>
/// <param name="Host">Whose address it is.</param>
/// <param name="Address">The address.</param>
/// <param name="Tls">What TLS must give.</param>
/// <param name="RequireTls">REQUIRETLS must be offered.</param>
/// <param name="Login">How to log in; null: not at all.</param>
/// <param name="InClear">STARTTLS is not tried, as it failed here a moment ago.</param>
internal sealed record Attempt(MailHost Host, IPAddress Address, HostTls Tls, bool RequireTls, RouteLogin? Login, bool InClear = false)
{
    /// <summary>For replies and logs: <c>mx.example[192.0.2.1]:25</c>.</summary>
    public string Named => $"{Host.Name}[{Address}]:{Host.Port}";

    /// <summary>TLS does not give what it must: transient, as it may be repaired or be an attack that ends, but for a message that requires it (RFC 8689 §4.2.1).</summary>
    public NoSessionException TlsFailure(string status, string text) => RequireTls
        ? new(NoSession.Tls, true, "5.7.10", $"550 5.7.10 {text}")
        : new(NoSession.Tls, false, status, $"451 {status} {text}");
}

/// <summary>The peers agreed on no TLS, whatever the certificate: unlike a certificate that does not do, this leaves the way in clear where that is allowed.</summary>
internal sealed class HandshakeFailedException(NoSessionException failure) : Exception(failure.Message, failure)
{
    public NoSessionException Failure => failure;
}

/// <summary>What was agreed in a handshake, for the trace.</summary>
/// <param name="Protocol"><c>TLS1.3</c>.</param>
/// <param name="CipherSuite">Its registered name.</param>
/// <param name="Proof">What showed who the host is.</param>
internal sealed record NegotiatedTls(string Protocol, string CipherSuite, TlsProof Proof)
{
    public override string ToString() => $"{Protocol} {CipherSuite} {Proof switch { TlsProof.Dane => "dane", TlsProof.Pkix => "pkix", _ => "unproven" }}";
}
