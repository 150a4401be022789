using MailCloud.Messages;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>The operator's routes; the first that fits holds.</summary>
internal sealed class RouteTable(IReadOnlyList<RelayRouteOptions> routes)
{
    /// <param name="tenant">Whose mail it is.</param>
    /// <param name="sender">The domain of the sender; null for the null sender, which only <c>*</c> fits.</param>
    /// <param name="destination">The domain of the recipient, or an address literal.</param>
    public RelayRouteOptions? Find(TenantId tenant, string? sender, string destination) =>
        routes.FirstOrDefault(route => (route.Tenant.Length == 0 || route.Tenant == tenant.Value) && Fits(route.Sender, sender) && Fits(route.Destination, destination));

    private static bool Fits(string pattern, string? domain) =>
        pattern is "*" or "" || (domain is not null
            && (pattern[0] == '.' ? domain.Length > pattern.Length && domain.EndsWith(pattern, StringComparison.OrdinalIgnoreCase) : domain.Equals(pattern, StringComparison.OrdinalIgnoreCase)));
}
