using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace MailCloud.Web.Autoconfig;

/// <summary><c>GET /.well-known/mta-sts.txt</c> at <c>mta-sts.DOMAIN</c> (RFC 8461 §3.2, §3.3): which hosts take a hosted domain's mail, inside TLS with a certificate that fits.</summary>
internal static class MtaStsPolicy
{
    public static void Map(IEndpointRouteBuilder pages) => pages.MapMethods("/.well-known/mta-sts.txt", MailClientPages.Reads, GetAsync);

    private static async Task<IResult> GetAsync(HttpContext context, HostedDomains domains, IOptions<WebOptions> options) =>
        await domains.FindAsync(context.Request.Host, "mta-sts.", context.RequestAborted) is not null ? Results.Text(Of(options.Value.Mail), "text/plain") : MailClientPages.NotHosted();

    private static string Of(MailServicesOptions mail)
    {
        var age = ((long)mail.MtaStsMaxAge.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        string[] lines = ["version: STSv1", $"mode: {mail.MtaStsMode}", .. mail.MxNames.Select(name => $"mx: {name}"), $"max_age: {age}"];
        return string.Concat(lines.Select(line => $"{line}\r\n"));
    }
}
