namespace MailCloud.OutboundRelay.Routing;

/// <summary>Why mail goes nowhere, in the terms of RFC 3463. Only what a DNS that answered has said is permanent.</summary>
internal static class RouteOutcomes
{
    /// <summary>RFC 7505 §4.</summary>
    public static RelayOutcome NullMx(string domain) => new RelayOutcome.Failed("5.1.10", $"556 5.1.10 {domain} does not accept mail (null MX)", OfAddress: true);

    public static RelayOutcome NoSuchDomain(string domain) => new RelayOutcome.Failed("5.1.2", $"550 5.1.2 domain {domain} does not exist", OfAddress: true);

    /// <summary>The name is not repeated: it may be no ASCII, as the line of a reply is.</summary>
    public static RelayOutcome NoDomainName() => new RelayOutcome.Failed("5.1.2", "550 5.1.2 the recipient's domain is no name that the DNS can have");

    public static RelayOutcome BadLiteral(string literal) => new RelayOutcome.Failed("5.1.3", $"553 5.1.3 {literal} is no address literal");

    public static RelayOutcome NoAddress(string domain, string host, string reason) => new RelayOutcome.Failed("5.4.4", $"550 5.4.4 no host of {domain} has an address ({host}: {reason})");

    /// <summary>Deferred: it is the operator's mistake, and not the recipient's.</summary>
    public static RelayOutcome NoSmarthost(string host, string reason) => new RelayOutcome.Deferred("4.4.4", $"450 4.4.4 the next host {host} has no address: {reason}");

    public static RelayOutcome NoAnswer(string name, string reason) => new RelayOutcome.Deferred("4.4.3", $"451 4.4.3 DNS does not answer for {name}: {OneLine(reason)}");

    /// <summary>RFC 5321 §5.1: the best mail exchanger is this installation, which does not host the domain.</summary>
    public static RelayOutcome Loop(string domain) => new RelayOutcome.Failed("5.4.6", $"554 5.4.6 mail for {domain} would come back here: it is no domain of this host, which its MX record names");

    /// <summary>We stand behind another host that has no address now: Postfix defers, too.</summary>
    public static RelayOutcome NoPrimary(string domain) => new RelayOutcome.Deferred("4.4.4", $"450 4.4.4 no better mail exchanger of {domain} than this host has an address");

    /// <summary>Exim's default configuration (ignore_target_hosts) and Postfix (a host of its own) fail such mail at once.</summary>
    public static RelayOutcome OnlyLoopback(string domain) => new RelayOutcome.Failed("5.4.4", $"550 5.4.4 the hosts of {domain} have only loopback addresses");

    /// <summary>Deferred: the record may be a mistake that is mended, or ours, where the network should be in Relay:DialPrivate. Other hosts would try to connect until the mail expires.</summary>
    public static RelayOutcome OnlyPrivate(string domain) => new RelayOutcome.Deferred("4.4.4", $"450 4.4.4 the hosts of {domain} have only private or reserved addresses");

    /// <summary>RFC 7672 §2.1.2.</summary>
    public static RelayOutcome NoTlsa(string host, string reason) => new RelayOutcome.Deferred("4.7.5", $"451 4.7.5 the TLSA records of {host} cannot be validated: {OneLine(reason)}");

    /// <summary>RFC 8461 §5.</summary>
    public static RelayOutcome NotInPolicy(string domain) => new RelayOutcome.Deferred("4.7.0", $"451 4.7.0 the MTA-STS policy of {domain} names none of its mail exchangers");

    public static RelayOutcome PolicyAwaited(string domain) => new RelayOutcome.Deferred("4.7.0", $"451 4.7.0 the MTA-STS policy of {domain} is being fetched");

    public static RelayOutcome DirectoryAway() => new RelayOutcome.Deferred("4.3.0", "451 4.3.0 the directory does not answer");

    public static RelayOutcome NoPassword(string host) => new RelayOutcome.Deferred("4.3.5", $"451 4.3.5 the password for {host} cannot be read");

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
