using System.Net;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>An entry of <c>Routes</c> of the section that <see cref="RelayRoutingOptions"/> stands for: what it is for, and where that goes or which TLS it needs.</summary>
public sealed record RelayRouteOptions
{
    /// <summary>The tenant whose mail it is for; empty: any.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>The domain of the sender: <c>example.org</c>, <c>.example.org</c> for what is below it, or <c>*</c>, which the null sender has too.</summary>
    public string Sender { get; init; } = "*";

    /// <summary>The domain of the recipient, in the same forms.</summary>
    public string Destination { get; init; } = "*";

    /// <summary>The smarthost: <c>[host]</c> or <c>[address]</c> as it is, <c>domain</c> by its mail exchangers, as Postfix' relayhost. Empty: the recipient's own hosts.</summary>
    public string Host { get; init; } = "";

    /// <summary>The smarthost's port; 0: that of mail exchangers, or 465 with <see cref="ImplicitTls"/> (RFC 8314 §3.3).</summary>
    public int Port { get; init; }

    /// <summary>TLS from the first octet.</summary>
    public bool ImplicitTls { get; init; }

    /// <summary>
    /// <c>encrypted</c> or <c>verified</c>: at least that. <c>opportunistic</c>: neither DANE nor MTA-STS is asked. Empty: what those say; with a <see cref="User"/> at least <c>verified</c>.
    /// </summary>
    public string Tls { get; init; } = "";

    /// <summary>Who logs in at the smarthost; empty: nobody.</summary>
    public string User { get; init; } = "";

    /// <summary>The file with the password, a secret that is mounted; a line end at its end is no part of it. It is read for each route, so that a new one holds at once.</summary>
    public string PasswordFile { get; init; } = "";

    internal bool HasSmarthost => Host.Length > 0;

    /// <summary>The name or address in brackets, or the domain.</summary>
    internal string HostName => (IsLiteralHost ? Host[1..^1] : Host).ToLowerInvariant();

    /// <summary>True when no MX is looked up for it.</summary>
    internal bool IsLiteralHost => Host.StartsWith('[') && Host.EndsWith(']');

    /// <summary>What is required, null: nothing is said. A password needs TLS that shows who gets it, unless the operator says less.</summary>
    internal TlsLevel? Required => Tls switch
    {
        "opportunistic" => TlsLevel.Opportunistic,
        "encrypted" => TlsLevel.Encrypted,
        "verified" => TlsLevel.Verified,
        _ => User.Length > 0 ? TlsLevel.Verified : ImplicitTls ? TlsLevel.Encrypted : null,
    };

    internal IEnumerable<string> Errors(string key)
    {
        if (Tls is not ("" or "opportunistic" or "encrypted" or "verified"))
        {
            yield return $"{key}:Tls must be opportunistic, encrypted or verified";
        }

        if (HasSmarthost && (HostName.Length == 0 || (!IsLiteralHost && IPAddress.TryParse(Host, out _))))
        {
            yield return $"{key}:Host must be a domain, or a host or address in brackets";
        }

        if (!HasSmarthost && (Port != 0 || ImplicitTls || User.Length > 0))
        {
            yield return $"{key} has a Port, ImplicitTls or User without a Host";
        }

        if (!HasSmarthost && Tls.Length == 0)
        {
            yield return $"{key} needs a Host or a Tls";
        }

        if (Port is < 0 or > 65535)
        {
            yield return $"{key}:Port must be a port";
        }

        if (User.Length > 0 != PasswordFile.Length > 0)
        {
            yield return $"{key} needs both User and PasswordFile, or neither";
        }

        if (Tls == "opportunistic" && (User.Length > 0 || ImplicitTls))
        {
            yield return $"{key}:Tls must not be opportunistic with a User or ImplicitTls";
        }
    }
}
