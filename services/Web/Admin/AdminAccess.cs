using System.Security.Cryptography;
using System.Text;
using MailCloud.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MailCloud.Web.Admin;

/// <summary>Keeps the admin API to its own port, and to those who show a token (RFC 6750 §2.1) that may do what they ask; runs before anything of the request's body is read.</summary>
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

        // Without a token: a scraper would need one that does more, and this port is kept from every network but the operator's.
        var isMetrics = context.Request.Path.StartsWithSegments(HealthPages.Metrics, StringComparison.OrdinalIgnoreCase);

        // By the connection's port, not the Host field, which the client writes.
        if (!isHealth && (isAdminPath || isMetrics) != isAdminPort)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var isPublic = context.GetEndpoint()?.Metadata.GetMetadata<Requirement>() is { Reach: Reach.Nothing };
        await (isAdminPath && !isPublic ? AdministerAsync(context, options, next) : next(context));
    }

    /// <summary>What a request shows as a bearer token; empty: nothing.</summary>
    public static string TokenOf(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : "";
    }

    private static async Task AdministerAsync(HttpContext context, WebOptions options, RequestDelegate next)
    {
        var services = context.RequestServices;
        var log = services.GetRequiredService<ILoggerFactory>().CreateLogger("MailCloud.Web.Admin");
        var trail = services.GetRequiredService<AuditTrail>();
        var (caller, unknown) = await IdentifyAsync(context, options, log);
        if (caller is null)
        {
            await unknown!.ExecuteAsync(context);
            return;
        }

        context.Features.Set(caller);
        if (await Requirement.WhyRefusedAsync(caller, context, services.GetRequiredService<IGrainFactory>()) is not { } refusal)
        {
            await trail.RunAsync(caller, context, next);
            return;
        }

        var status = (refusal as IStatusCodeHttpResult)?.StatusCode ?? 0;
        log.RequestRefused(context.Request.Method, context.Request.Path, caller.ToString(), ClientOf(context), status);
        await trail.RefuseAsync(caller, context, status);
        await refusal.ExecuteAsync(context);
    }

    private static async Task<(Caller? Caller, IResult? Refusal)> IdentifyAsync(HttpContext context, WebOptions options, ILogger log)
    {
        var shown = TokenOf(context);
        Caller? caller;
        if (TokenText.TryParse(shown, out var text))
        {
            caller = await context.RequestServices.GetRequiredService<KnownTokens>().FindAsync(text);
        }
        else if (await ReadTokenAsync(options.AdminTokenFile, log, context.RequestAborted) is { } token)
        {
            caller = CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(shown)), SHA256.HashData(Encoding.UTF8.GetBytes(token))) ? Caller.Root : null;
        }
        else
        {
            return (null, Problem.Unavailable("the server has no admin token: write one to the file that Web:AdminTokenFile names"));
        }

        if (caller is not null)
        {
            return (caller, null);
        }

        log.WrongToken(ClientOf(context));
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return (null, Problem.Unauthorized(
            "send a token as 'Authorization: Bearer TOKEN': that in the file which Web:AdminTokenFile names, or one of POST /admin/v1/tokens that has not ended"));
    }

    private static string ClientOf(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "";

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
