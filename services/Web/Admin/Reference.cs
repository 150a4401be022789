using System.Security.Cryptography;
using MailCloud.MailboxContracts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Scalar.AspNetCore;

namespace MailCloud.Web.Admin;

/// <summary>
/// <c>GET /admin/v1/reference</c>: the <see cref="Operations">document</see> for people, and requests by hand with a token that is typed into the page and kept there only. Everything it loads comes
/// from this listener, as installations without the internet need it, and its policy holds the browser to that, whatever the script would like.
/// </summary>
internal static class Reference
{
    private const int NonceOctets = 16;

    public static void Map(IEndpointRouteBuilder admin)
    {
        var reference = admin.MapGroup("/reference").Requires(AdminPermission.None, Reach.Nothing).ExcludeFromDescription();
        reference.MapScalarApiReference("", Configure);
    }

    private static void Configure(ScalarOptions options, HttpContext context)
    {
        var nonce = RandomNumberGenerator.GetHexString(2 * NonceOctets, lowercase: true);
        context.Response.Headers.ContentSecurityPolicy =
            $"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'unsafe-inline'; img-src 'self' data:; font-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        options.WithNonce(nonce).WithTitle("MailCloud admin API").WithOpenApiRoutePattern($"{AdminAccess.Path}/openapi.json").AddPreferredSecuritySchemes(Operations.Scheme)
            .DisableTelemetry().DisableDefaultFonts().DisableAgent().DisableMcp().HideClientButton().HideDeveloperTools();
    }
}
