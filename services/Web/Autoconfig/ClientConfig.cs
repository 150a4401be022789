using System.Xml.Linq;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace MailCloud.Web.Autoconfig;

/// <summary>
/// Mail Autoconfig (draft-ietf-mailmaint-autoconfig), as Thunderbird, K-9 and others ask for it: <c>GET /mail/config-v1.1.xml</c> at <c>autoconfig.DOMAIN</c>, or at the provider's own name, and
/// <c>GET /.well-known/autoconfig/mail/config-v1.1.xml</c> at the domain. The answer says nothing of the address: the client puts its own in place of <c>%EMAILADDRESS%</c>.
/// </summary>
internal static class ClientConfig
{
    public static void Map(IEndpointRouteBuilder pages)
    {
        pages.MapMethods("/mail/config-v1.1.xml", MailClientPages.Reads, GetAsync);
        pages.MapMethods("/.well-known/autoconfig/mail/config-v1.1.xml", MailClientPages.Reads, GetAsync);
    }

    private static async Task<IResult> GetAsync(string? emailaddress, HttpContext context, HostedDomains domains, IOptions<WebOptions> options) =>
        await FindAsync(emailaddress, context, domains) is { } domain ? MailClientPages.Xml(Of(domain, options.Value.Mail)) : MailClientPages.NotHosted();

    // Who keeps the address to himself (a setting of Thunderbird's) has asked at a name of the domain.
    private static async ValueTask<string?> FindAsync(string? emailaddress, HttpContext context, HostedDomains domains) =>
        !string.IsNullOrEmpty(emailaddress) ? (await domains.FindAsync(emailaddress, context.RequestAborted))?.AsciiDomain
        : await domains.FindAsync(context.Request.Host, "autoconfig.", context.RequestAborted) ?? await domains.FindAsync(context.Request.Host, "", context.RequestAborted);

    private static XDocument Of(string domain, MailServicesOptions mail) => new(
        new XElement(
            "clientConfig",
            new XAttribute("version", "1.1"),
            new XElement(
                "emailProvider",
                new XAttribute("id", domain),
                new XElement("domain", domain),
                new XElement("displayName", domain),
                new XElement("displayShortName", domain),
                mail.Incoming.Select(service => Server("incomingServer", service, mail.Host)),
                mail.Outgoing.Select(service => Server("outgoingServer", service, mail.Host)))));

    private static XElement Server(string name, MailService service, string host) => new(
        name,
        new XAttribute("type", service.Protocol),
        new XElement("hostname", host),
        new XElement("port", service.Port),
        new XElement("socketType", service.IsTls ? "SSL" : "STARTTLS"),
        new XElement("authentication", "password-cleartext"),
        new XElement("username", "%EMAILADDRESS%"));
}
