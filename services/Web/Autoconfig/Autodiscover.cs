using System.Globalization;
using System.Xml.Linq;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace MailCloud.Web.Autoconfig;

/// <summary>
/// Autodiscover in plain XML ([MS-OXDSCLI]), as Outlook asks for it: <c>POST /autodiscover/autodiscover.xml</c>, in any case of letters. Its errors are answers with status 200, as Exchange's are:
/// 600 for what is no request, a GET too, 601 for an answer of another kind (ActiveSync), 500 for addresses that are none of a hosted domain.
/// </summary>
internal static class Autodiscover
{
    public const string Path = "/autodiscover/autodiscover.xml";

    /// <summary>Octets: Outlook's have 400 or so and an address 320 at most.</summary>
    private const long MaxRequest = 64 * 1024;

    private static readonly XNamespace envelope = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006";
    private static readonly XNamespace outlook = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

    public static void Map(IEndpointRouteBuilder pages)
    {
        pages.MapPost(Path, PostAsync).WithMetadata(new RequestSizeLimitAttribute(MaxRequest));
        pages.MapMethods(Path, MailClientPages.Reads, InvalidRequest);
    }

    private static async Task<IResult> PostAsync(HttpContext context, HostedDomains domains, IOptions<WebOptions> options, TimeProvider time)
    {
        AutodiscoverRequest? request;
        try
        {
            request = await AutodiscoverRequest.TryReadAsync(context.Request.Body);
        }
        catch (BadHttpRequestException e)
        {
            return Results.StatusCode(e.StatusCode);
        }

        if (request?.Address is null)
        {
            return InvalidRequest(time);
        }

        if (request.ResponseSchema is { } schema && schema != outlook.NamespaceName)
        {
            return Error(time, 601, "Provider is not available");
        }

        return await domains.FindAsync(request.Address, context.RequestAborted) is { } address
            ? MailClientPages.Xml(Of(address.ToString(), options.Value.Mail))
            : Error(time, 500, "The email address can't be found.");
    }

    // Of each protocol the first: Outlook takes one.
    private static XDocument Of(string address, MailServicesOptions mail) => new(
        new XElement(
            envelope + "Autodiscover",
            new XElement(
                outlook + "Response",
                new XElement(
                    outlook + "Account",
                    Text("AccountType", "email"),
                    Text("Action", "settings"),
                    mail.Incoming.Concat(mail.Outgoing).DistinctBy(service => service.Protocol).Select(service => Protocol(service, mail.Host, address))))));

    private static XElement Protocol(MailService service, string host, string address) => new(
        outlook + "Protocol",
        Text("Type", service.Protocol.ToUpperInvariant()),
        Text("Server", host),
        Text("Port", service.Port.ToString(CultureInfo.InvariantCulture)),
        Text("DomainRequired", "off"),
        Text("LoginName", address),
        Text("SPA", "off"),
        Text("SSL", "on"),
        Text("Encryption", service.IsTls ? "SSL" : "TLS"),
        Text("AuthRequired", "on"),
        service.Protocol == "smtp" ? [Text("UsePOPAuth", "on"), Text("SMTPLast", "off")] : Array.Empty<XElement>());

    private static XElement Text(string name, string text) => new(outlook + name, text);

    private static IResult InvalidRequest(TimeProvider time) => Error(time, 600, "Invalid Request");

    // Id is to name the server, which nobody outside needs to know.
    private static IResult Error(TimeProvider time, int code, string message) => MailClientPages.Xml(new(
        new XElement(
            envelope + "Autodiscover",
            new XElement(
                envelope + "Response",
                new XElement(
                    envelope + "Error",
                    new XAttribute("Time", time.GetUtcNow().ToString("HH:mm:ss.fffffff", CultureInfo.InvariantCulture)),
                    new XAttribute("Id", 0),
                    new XElement(envelope + "ErrorCode", code),
                    new XElement(envelope + "Message", message),
                    new XElement(envelope + "DebugData"))))));
}
