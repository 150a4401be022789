using System.Text;
using System.Xml;
using System.Xml.Linq;
using MailCloud.Cluster;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Autoconfig;

/// <summary>What mail programs ask for before they log in, to find their servers, and what hosts ask for that send mail here. Nobody needs to show who he is.</summary>
internal static class MailClientPages
{
    /// <summary>Methods of what is only read.</summary>
    public static readonly string[] Reads = [HttpMethods.Get, HttpMethods.Head];

    private const string RetryAfter = "60";

    private static readonly XmlWriterSettings format = new() { Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), Indent = true, NewLineChars = "\n" };

    public static void Map(IEndpointRouteBuilder http)
    {
        var pages = http.MapGroup("").AddEndpointFilter(AnswerAsync);
        ClientConfig.Map(pages);
        Autodiscover.Map(pages);
        AutodiscoverJson.Map(pages);
        AppleProfile.Map(pages);
        MtaStsPolicy.Map(pages);
    }

    /// <summary>Nothing, whatever was asked for, so that of two answers nothing can be compared.</summary>
    public static IResult NotHosted() => Results.Text("", statusCode: StatusCodes.Status404NotFound);

    public static IResult Xml(XDocument document) => Results.Bytes(OctetsOf(document), "text/xml; charset=utf-8");

    public static byte[] OctetsOf(XDocument document)
    {
        using var octets = new MemoryStream();
        using (var writer = XmlWriter.Create(octets, format))
        {
            document.Save(writer);
        }

        return octets.ToArray();
    }

    private static async ValueTask<object?> AnswerAsync(EndpointFilterInvocationContext asked, EndpointFilterDelegate next)
    {
        // A domain may be hosted the next moment, or no more; addresses stand in some answers; and of policies RFC 8461 §3.3 wants no caches.
        var headers = asked.HttpContext.Response.Headers;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        try
        {
            return await next(asked);
        }
        catch (GrainUnavailableException)
        {
            headers.RetryAfter = RetryAfter;
            return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }
    }
}
