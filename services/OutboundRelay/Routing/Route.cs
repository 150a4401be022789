using System.Net;
using MailCloud.MailboxContracts;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>Where mail to one destination goes now, or why it goes nowhere.</summary>
internal abstract record RouteResult
{
    private RouteResult()
    {
    }

    public sealed record Found(Route Route) : RouteResult;

    /// <summary>Nowhere: null MX, no such domain, DNS does not answer, only addresses that are not dialled. A <see cref="RelayOutcome.Deferred"/> or a <see cref="RelayOutcome.Failed"/>.</summary>
    public sealed record None(RelayOutcome Outcome) : RouteResult;

    /// <summary>The domain is hosted here by now: its mail goes back to the head of the queue.</summary>
    public sealed record Local : RouteResult
    {
        public static readonly Local Instance = new();
    }
}

/// <summary>The hosts to try, and under which limits.</summary>
/// <param name="Provider">What destinations that share limits have in common: for MX hosts the registrable part of the name of the first, for a smarthost its name. With the egress pool before it, the limiter's key.</param>
/// <param name="Hosts">In the order in which they are tried; never empty.</param>
/// <param name="Limits">Configuration's for this provider or for all.</param>
/// <param name="Login">How to log in, for a smarthost; null: not at all.</param>
internal sealed record Route(string Provider, IReadOnlyList<MailHost> Hosts, ProviderLimits Limits, RouteLogin? Login = null);

/// <summary>One host that takes mail.</summary>
/// <param name="Name">As it was looked up: an A-label name, or an address literal.</param>
/// <param name="Port">25, but for smarthosts and tests.</param>
/// <param name="Addresses">In the order in which they are dialled; never empty.</param>
/// <param name="Tls">What TLS must give here.</param>
/// <param name="ImplicitTls">True: TLS from the first octet, as a smarthost on port 465 wants.</param>
/// <param name="IsSmarthost">True: it passes mail on, so that what it says of a recipient is not the word of the recipient's own host.</param>
internal sealed record MailHost(string Name, int Port, IReadOnlyList<IPAddress> Addresses, HostTls Tls, bool ImplicitTls = false, bool IsSmarthost = false);

/// <summary>What TLS must give at a host.</summary>
/// <param name="Level">How much.</param>
/// <param name="Names">For <see cref="TlsLevel.Verified"/> and DANE-TA: the names of which the certificate must show one (RFC 7672 §3.2.2).</param>
/// <param name="Tlsa">For <see cref="TlsLevel.Dane"/>: the records of which one must match (RFC 7672 §3.1).</param>
/// <param name="Source">Who wants it, for logs and replies: <c>opportunistic</c>, <c>dane</c>, <c>mta-sts</c>, <c>route</c>.</param>
internal sealed record HostTls(TlsLevel Level, IReadOnlyList<string> Names, IReadOnlyList<TlsaRecord> Tlsa, string Source)
{
    public static readonly HostTls Opportunistic = new(TlsLevel.Opportunistic, [], [], "opportunistic");
}

internal enum TlsLevel
{
    /// <summary>STARTTLS when it is offered, whatever the certificate; in clear when it is not, or when the handshake fails.</summary>
    Opportunistic = 0,

    /// <summary>TLS, whatever the certificate (RFC 7672 §2.2: TLSA records of which none is usable).</summary>
    Encrypted = 1,

    /// <summary>TLS with a certificate of a trusted authority for one of the names.</summary>
    Verified = 2,

    /// <summary>TLS with a certificate that one of the TLSA records names.</summary>
    Dane = 3,
}

/// <summary>A usable TLSA record (RFC 6698 §2.1): usage 2 or 3.</summary>
internal sealed record TlsaRecord(byte Usage, byte Selector, byte MatchingType, ReadOnlyMemory<byte> Data);

/// <summary>How to log in at a smarthost.</summary>
internal sealed record RouteLogin(string User, string Password)
{
    /// <summary>Never the password.</summary>
    public override string ToString() => $"RouteLogin {{ User = {User} }}";
}
