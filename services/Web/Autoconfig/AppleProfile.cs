using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using MailCloud.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace MailCloud.Web.Autoconfig;

/// <summary>
/// <c>GET /mail.mobileconfig?emailaddress=</c>: a configuration profile for iOS and macOS (<c>com.apple.mail.managed</c>), unsigned, which asks for the password when it is installed. Of one address
/// it has the same identifiers each time, so that a later one replaces it and is no second account.
/// </summary>
internal static class AppleProfile
{
    public static void Map(IEndpointRouteBuilder pages) => pages.MapMethods("/mail.mobileconfig", MailClientPages.Reads, GetAsync);

    private static async Task<IResult> GetAsync(string? emailaddress, HttpContext context, HostedDomains domains, IOptions<WebOptions> options) =>
        await domains.FindAsync(emailaddress, context.RequestAborted) is { } address
            ? Results.File(MailClientPages.OctetsOf(Of(address, options.Value.Mail)), "application/x-apple-aspen-config", "mail.mobileconfig")
            : MailClientPages.NotHosted();

    private static XDocument Of(EmailAddress address, MailServicesOptions mail)
    {
        var name = address.ToString();
        var (incoming, outgoing) = (mail.Incoming[0], mail.Outgoing[0]);
        var account = Dictionary(
            ("EmailAccountDescription", name),
            ("EmailAccountType", incoming.Protocol == "imap" ? "EmailTypeIMAP" : "EmailTypePOP"),
            ("EmailAddress", name),
            ("IncomingMailServerAuthentication", "EmailAuthPassword"),
            ("IncomingMailServerHostName", mail.Host),
            ("IncomingMailServerPortNumber", incoming.Port),
            ("IncomingMailServerUseSSL", true),
            ("IncomingMailServerUsername", name),
            ("OutgoingMailServerAuthentication", "EmailAuthPassword"),
            ("OutgoingMailServerHostName", mail.Host),
            ("OutgoingMailServerPortNumber", outgoing.Port),
            ("OutgoingMailServerUseSSL", true),
            ("OutgoingMailServerUsername", name),
            ("OutgoingPasswordSameAsIncomingPassword", true),
            ("PayloadDisplayName", name),
            ("PayloadIdentifier", $"mailcloud.account.{UuidOf("account", address)}"),
            ("PayloadType", "com.apple.mail.managed"),
            ("PayloadUUID", UuidOf("account", address)),
            ("PayloadVersion", 1));
        var profile = Dictionary(
            ("PayloadContent", new XElement("array", account)),
            ("PayloadDisplayName", name),
            ("PayloadIdentifier", $"mailcloud.profile.{UuidOf("profile", address)}"),
            ("PayloadRemovalDisallowed", false),
            ("PayloadType", "Configuration"),
            ("PayloadUUID", UuidOf("profile", address)),
            ("PayloadVersion", 1));
        return new(
            new XDocumentType("plist", "-//Apple//DTD PLIST 1.0//EN", "http://www.apple.com/DTDs/PropertyList-1.0.dtd", null),
            new XElement("plist", new XAttribute("version", "1.0"), profile));
    }

    private static XElement Dictionary(params (string Key, object Value)[] entries) => new("dict", entries.SelectMany(entry => new[] { new XElement("key", entry.Key), ValueOf(entry.Value) }));

    private static XElement ValueOf(object value) => value switch
    {
        bool flag => new XElement(flag ? "true" : "false"),
        int number => new XElement("integer", number),
        XElement element => element,
        _ => new XElement("string", value),
    };

    // RFC 9562 §5.8: version 8, of one's own making.
    private static string UuidOf(string what, EmailAddress address)
    {
        var octets = SHA256.HashData(Encoding.UTF8.GetBytes($"{what} {address.Key}")).AsSpan(0, 16);
        octets[6] = (byte)((octets[6] & 0x0F) | 0x80);
        octets[8] = (byte)((octets[8] & 0x3F) | 0x80);
        return new Guid(octets, bigEndian: true).ToString().ToUpperInvariant();
    }
}
