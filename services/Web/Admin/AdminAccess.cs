using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MailCloud.Web.Admin;

/// <summary>Keeps the admin API to its own port, and to those who show the token (RFC 6750 §2.1); runs before anything of the request's body is read.</summary>
internal static class AdminAccess
{
    public const string Path = "/admin/v1";

    private const string Scheme = "Bearer ";

    public static async Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        var options = context.RequestServices.GetRequiredService<IOptions<WebOptions>>().Value;
        var isAdminPort = options.AdminEndPoint?.Port == context.Connection.LocalPort;
        var isAdminPath = context.Request.Path.StartsWithSegments(Path, StringComparison.OrdinalIgnoreCase);
        var isHealth = context.Request.Path.StartsWithSegments("/health", StringComparison.OrdinalIgnoreCase);

        // By the connection's port, not the Host field, which the client writes.
        if (!isHealth && isAdminPath != isAdminPort)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (isAdminPath && await WhyRefusedAsync(context, options) is { } refusal)
        {
            await refusal.ExecuteAsync(context);
            return;
        }

        await next(context);
    }

    private static async Task<IResult?> WhyRefusedAsync(HttpContext context, WebOptions options)
    {
        var log = context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("MailCloud.Web.Admin");
        var token = await ReadTokenAsync(options.AdminTokenFile, log, context.RequestAborted);
        if (token is null)
        {
            return Problem.Unavailable("the server has no admin token: write one to the file that Web:AdminTokenFile names");
        }

        var shown = context.Request.Headers.Authorization.ToString();
        if (shown.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(shown[Scheme.Length..].Trim())), SHA256.HashData(Encoding.UTF8.GetBytes(token))))
        {
            return null;
        }

        log.WrongToken(context.Connection.RemoteIpAddress?.ToString() ?? "");
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Problem.Unauthorized("send the admin token as 'Authorization: Bearer TOKEN'; it stands in the file that Web:AdminTokenFile names");
    }

    private static async Task<string?> ReadTokenAsync(string file, ILogger log, CancellationToken cancellationToken)
    {
        try
        {
            var token = (await File.ReadAllTextAsync(file, cancellationToken)).Trim();
            if (token.Length > 0)
            {
                return token;
            }

            log.TokenUnreadable(file, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.TokenUnreadable(file, e);
        }

        return null;
    }
}
