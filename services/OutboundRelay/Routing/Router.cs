using System.Net;
using System.Text;
using MailCloud.Cluster;
using MailCloud.Messages;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>
/// Says where mail to a recipient goes now:
/// 1. to the queue again, when the domain is hosted here by now;
/// 2. by the operator's route, or by the recipient's domain, to a next hop;
/// 3. which has hosts, in an order, with addresses (RFC 5321 §5.1);
/// 4. at each of which TLS must give something (RFC 7672, RFC 8461);
/// 5. under the limits of the provider to whom they belong.
/// Nothing is remembered here but by those that are asked.
/// </summary>
internal sealed class Router(LocalDomains local, RouteTable routes, MailExchangers exchangers, HostAddresses addresses, DialPolicy dial, OwnAddresses own, HostSecurity security, RelayRoutingOptions options, RelayTelemetry telemetry, ILogger<Router> log)
{
    /// <summary>Submission with TLS from the first octet (RFC 8314 §3.3).</summary>
    private const int Submissions = 465;

    /// <summary>Characters of a name without its last dot: 255 octets on the wire (RFC 1035 §2.3.4).</summary>
    private const int LongestName = 253;

    /// <param name="recipient">Whose mail exchanger is wanted.</param>
    /// <param name="sender">The reverse-path; null: the null sender.</param>
    /// <param name="tenant">Whose mail it is.</param>
    /// <param name="cancellationToken">Ends look-ups.</param>
    public async Task<RouteResult> FindAsync(EmailAddress recipient, EmailAddress? sender, TenantId tenant, CancellationToken cancellationToken)
    {
        // Step 1
        var destination = recipient.AsciiDomain;
        if (!Ascii.IsValid(destination) || (destination.Length > LongestName && !AddressLiteral.Is(destination)))
        {
            return Nowhere(destination, RouteOutcomes.NoDomainName());
        }

        try
        {
            if (!AddressLiteral.Is(destination) && await local.ContainAsync(destination, cancellationToken).ConfigureAwait(false))
            {
                return RouteResult.Local.Instance;
            }
        }
        catch (GrainUnavailableException e)
        {
            log.DirectoryAway(destination, e);
            return new RouteResult.None(RouteOutcomes.DirectoryAway());
        }

        // Step 2
        var route = routes.Find(tenant, sender?.AsciiDomain, destination);
        var smarthost = route is { HasSmarthost: true } ? route : null;
        var nextHop = smarthost?.HostName ?? destination;
        var port = smarthost switch { null => options.Port, { Port: > 0 } => smarthost.Port, { ImplicitTls: true } => Submissions, _ => options.Port };

        // Step 3
        var exchange = smarthost is { IsLiteralHost: true } ? await NamedHostAsync(nextHop, cancellationToken).ConfigureAwait(false)
            : AddressLiteral.Is(nextHop) ? LiteralHost(nextHop)
            : await exchangers.FindAsync(nextHop, cancellationToken).ConfigureAwait(false);
        if (exchange is not Exchange.Found found)
        {
            return Nowhere(destination, WhyNowhere(((Exchange.Nowhere)exchange).Outcome, smarthost));
        }

        // Step 4
        var (hosts, whyNone) = await security.SecureAsync(found, nextHop, port, route?.Required, cancellationToken).ConfigureAwait(false);
        if (whyNone is not null)
        {
            return Nowhere(destination, whyNone);
        }

        RouteLogin? login = null;
        if (smarthost is { User.Length: > 0 } && (login = await ReadLoginAsync(smarthost, cancellationToken).ConfigureAwait(false)) is null)
        {
            return new RouteResult.None(RouteOutcomes.NoPassword(nextHop));
        }

        // Step 5
        var provider = smarthost is null ? Providers.Of(found.First) : nextHop;
        var ofDestination = smarthost is null ? options.Limits.FindOverride(destination) : null;
        return new RouteResult.Found(new(
            ofDestination is null ? provider : destination,
            [.. hosts.Select(h => new MailHost(h.Host.Name, port, h.Host.Addresses, h.Tls, smarthost is { ImplicitTls: true }, IsSmarthost: smarthost is not null))],
            ofDestination ?? options.Limits.FindOverride(provider) ?? options.Limits.Default,
            login));
    }

    // What is wrong with a smarthost's name is no fault of the recipient's, and can be mended.
    private static RelayOutcome WhyNowhere(RelayOutcome outcome, RelayRouteOptions? smarthost) =>
        smarthost is not null && outcome is RelayOutcome.Failed failed ? RouteOutcomes.NoSmarthost(smarthost.HostName, failed.Reply) : outcome;

    private RouteResult.None Nowhere(string destination, RelayOutcome outcome)
    {
        log.Nowhere(destination, outcome);
        telemetry.Unroutable(outcome is RelayOutcome.Failed failed ? failed.Status : ((RelayOutcome.Deferred)outcome).Status);
        return new(outcome);
    }

    // The operator names it, wherever it stands: what is dialled is no question.
    private async Task<Exchange> NamedHostAsync(string name, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(name, out var address))
        {
            return new Exchange.Found(name, [ExchangeHost.AtAddress(name, address)], false);
        }

        var host = await addresses.FindAsync(name, 0, cancellationToken).ConfigureAwait(false);
        return host.Addresses.Count > 0 ? new Exchange.Found(name, [host with { Addresses = [.. host.Addresses.Take(options.MxAddressLimit)] }], true)
            : new Exchange.Nowhere(host.Status == DnsStatus.Failed ? RouteOutcomes.NoAnswer(name, host.Reason) : RouteOutcomes.NoSmarthost(name, host.Reason));
    }

    private Exchange LiteralHost(string literal) =>
        !AddressLiteral.TryParse(literal, out var address) ? new Exchange.Nowhere(RouteOutcomes.BadLiteral(literal))
        : own.Contain(address) ? new Exchange.Nowhere(RouteOutcomes.Loop(literal))
        : dial.Judge(address) switch
        {
            DialVerdict.Loopback => new Exchange.Nowhere(RouteOutcomes.OnlyLoopback(literal)),
            DialVerdict.Special => new Exchange.Nowhere(RouteOutcomes.OnlyPrivate(literal)),
            _ => new Exchange.Found(literal, [ExchangeHost.AtAddress(literal, address)], false),
        };

    private async Task<RouteLogin?> ReadLoginAsync(RelayRouteOptions route, CancellationToken cancellationToken)
    {
        try
        {
            return new(route.User, (await File.ReadAllTextAsync(route.PasswordFile, cancellationToken).ConfigureAwait(false)).TrimEnd('\r', '\n'));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.NoPassword(route.HostName, route.PasswordFile, e);
            return null;
        }
    }
}
