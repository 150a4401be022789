using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Autoconfig;

/// <summary>
/// Autodiscover's second version, by which newer clients find the first: <c>GET /autodiscover/autodiscover.json?Email=&amp;Protocol=AutodiscoverV1</c>, or <c>/autodiscover.json/v1.0/EMAIL</c>. It
/// names the domain's own <c>autodiscover</c> host, never the Host field, which the client writes.
/// </summary>
internal static class AutodiscoverJson
{
    private const string Protocol = "AutodiscoverV1";

    public static void Map(IEndpointRouteBuilder pages)
    {
        pages.MapMethods("/autodiscover/autodiscover.json", MailClientPages.Reads, GetAsync);
        pages.MapMethods("/autodiscover/autodiscover.json/v1.0/{email}", MailClientPages.Reads, GetAsync);
    }

    private static async Task<IResult> GetAsync(string? email, string? protocol, HttpContext context, HostedDomains domains)
    {
        if (!Protocol.Equals(protocol, StringComparison.OrdinalIgnoreCase))
        {
            return Error(StatusCodes.Status400BadRequest, "InvalidProtocol", $"The given protocol value is invalid. Supported values are '{Protocol}'");
        }

        return await domains.FindAsync(email, context.RequestAborted) is { } address
            ? Results.Json(new { Protocol, Url = $"https://autodiscover.{address.AsciiDomain}{Autodiscover.Path}" }, JsonSerializerOptions.Default)
            : Error(StatusCodes.Status404NotFound, "UserNotFound", "The given user is not found");
    }

    private static IResult Error(int status, string code, string message) => Results.Json(new { ErrorCode = code, ErrorMessage = message }, JsonSerializerOptions.Default, statusCode: status);
}
