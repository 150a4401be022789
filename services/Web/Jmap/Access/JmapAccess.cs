using System.Globalization;
using System.Net;
using System.Text;
using MailCloud.Cluster;
using MailCloud.Credentials.Sasl;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Standing;
using MailCloud.Web.Admin;
using MailCloud.Web.Jmap.Push.Subscriptions;
using MailCloud.Web.SignIns;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Jmap.Access;

/// <summary>
/// Finds who makes a request (RFC 8620 §8.2), before anything of its body is read: by a password (Basic, RFC 7617), by a token of this server or of the tenant's issuer (Bearer, RFC 6750), or by the cookie of a sign-in. What the request shows
/// in its Authorization field counts before the cookie.
/// </summary>
internal static class JmapAccess
{
    private const string Basic = "Basic ";

    private const string InvalidToken = "invalid_token";

    private const string InsufficientScope = "insufficient_scope";

    private const int RetryAfter = 60;

    /// <summary>Seconds in which grains of a lost silo are elsewhere.</summary>
    private const int RetryAfterOutage = 10;

    private static readonly UTF8Encoding strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static async Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<NeedsJmapUser>() is null)
        {
            await next(context);
            return;
        }

        // Of one person, in no cache that others share; and nothing here is a page.
        context.Response.Headers.CacheControl = "no-cache, no-store, must-revalidate";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        var (user, refusal) = await IdentifyAsync(context);
        if (user is null)
        {
            await refusal!.ExecuteAsync(context);
            return;
        }

        context.Features.Set(user);
        await next(context);
    }

    /// <summary>Who makes the request, or why nobody does.</summary>
    public static async Task<(JmapUser? User, IResult? Refusal)> IdentifyAsync(HttpContext context)
    {
        try
        {
            var header = context.Request.Headers.Authorization.ToString();
            if (header.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
            {
                return await ByPasswordAsync(context, header[Basic.Length..].Trim());
            }

            if (AdminAccess.TokenOf(context) is { Length: > 0 } shown)
            {
                return TokenText.TryParse(shown, out var token) ? await ByTokenAsync(context, token)
                    : IssuedTokens.IsOne(shown) ? await ByIssuedTokenAsync(context, shown)
                    : (null, Unauthorized(context, "the token is none of this server", InvalidToken));
            }

            if (header.Length > 0 || !SignInCookie.TryRead(context, out var cookie))
            {
                return (null, Unauthorized(context, "show an account: by its password, by a token, or by the cookie of a sign-in"));
            }

            return SignInCookie.WhyRefused(context) is { } why ? (null, Refusal(StatusCodes.Status403Forbidden, "cross-site", why)) : await ByTokenAsync(context, cookie);
        }
        catch (GrainUnavailableException)
        {
            return (null, Unavailable(context, "the directory does not answer, try again"));
        }
    }

    private static async Task<(JmapUser? User, IResult? Refusal)> ByPasswordAsync(HttpContext context, string encoded)
    {
        var client = context.Connection.RemoteIpAddress ?? IPAddress.None;

        // RFC 8314 §3.3, as on every edge: no password in clear but on loopback. By then it has been sent; its owner learns to change the address.
        if (!context.Request.IsHttps && !IPAddress.IsLoopback(client))
        {
            return (null, Refusal(StatusCodes.Status403Forbidden, "https-required", "passwords are taken over HTTPS only"));
        }

        if (!TryDecode(encoded, out var name, out var password))
        {
            return (null, Unauthorized(context, "what follows 'Basic' is the base64 of ADDRESS:PASSWORD in UTF-8"));
        }

        var signIns = context.RequestServices.GetRequiredService<BasicSignIns>();
        var (verdict, user) = await signIns.CheckAsync(new(name, password, null), client, context.RequestAborted);
        return verdict switch
        {
            SignInVerdict.SignedIn => (user, null),
            SignInVerdict.CodeNeeded => (null, Unauthorized(context, "the account has a second factor: use an app password of the scope http")),
            SignInVerdict.Suspended => (null, Refusal(StatusCodes.Status403Forbidden, "suspended", "this account is suspended, ask your administrator")),
            SignInVerdict.TryLater => (null, Later(context)),
            _ => (null, Unauthorized(context, "wrong address or password")),
        };
    }

    private static async Task<(JmapUser? User, IResult? Refusal)> ByTokenAsync(HttpContext context, TokenText token)
    {
        var (known, calls, ct) = (context.RequestServices.GetRequiredService<KnownTokens>(), context.RequestServices.GetRequiredService<GrainCalls>(), context.RequestAborted);
        if (await calls.CallAsync(() => known.FindAsync(token), ct) is not { } caller)
        {
            return (null, Unauthorized(context, "the token has ended, or is none", InvalidToken));
        }

        if (caller is not { Role: AdminRole.User, Account: { } account, Tenant: { } tenant } || !EmailAddress.TryParse(caller.Address ?? "", out var address) || !caller.May(AdminPermission.ReadContent))
        {
            return (null, Refusal(StatusCodes.Status403Forbidden, "no-mail", "the token is none of one account that may read its mail"));
        }

        // The tenant's pace, by which its calls are served, is that of what is known of it: a sign-in by a password has read it.
        await context.RequestServices.GetRequiredService<Standings>().FindTermsAsync(tenant, calls.NewPatience(), ct);

        // Of the permissions of a user's token none says that it may change mail: one that was made narrower may not.
        return (new(account, address, tenant, caller.IsReadOnly || (caller.IsNarrowed && !caller.IsSignIn)) { Credential = PushCredential.OfToken(token.Id) }, null);
    }

    private static async Task<(JmapUser? User, IResult? Refusal)> ByIssuedTokenAsync(HttpContext context, string token)
    {
        // RFC 6750 §5.3: what opens an account by itself is sent over TLS, as a password is.
        var client = context.Connection.RemoteIpAddress ?? IPAddress.None;
        if (!context.Request.IsHttps && !IPAddress.IsLoopback(client))
        {
            return (null, Refusal(StatusCodes.Status403Forbidden, "https-required", "tokens of an issuer are taken over HTTPS only"));
        }

        var finding = await context.RequestServices.GetRequiredService<IssuedTokens>().CheckAsync(token, client, context.RequestAborted);
        return finding switch
        {
            { User: { } user } => (user, null),
            { IsUnchecked: true } => (null, Unavailable(context, "the token could not be checked: the keys of its issuer are out of reach")),
            { IsSuspended: true } => (null, Refusal(StatusCodes.Status403Forbidden, "suspended", "this account is suspended, ask your administrator")),
            { Refusal: { Status: InsufficientScope } refusal } => (null, Insufficient(context, refusal)),
            { Refusal: not null } => (null, Unauthorized(context, "the token is none of your organisation's issuer for this account, or has ended", InvalidToken)),
            _ => (null, Later(context)),
        };
    }

    // RFC 7617 §2: the name has no colon, the password may.
    private static bool TryDecode(string encoded, out string name, out string password)
    {
        (name, password) = ("", "");
        try
        {
            var both = strictUtf8.GetString(Convert.FromBase64String(encoded));
            var colon = both.IndexOf(':', StringComparison.Ordinal);
            (name, password) = colon > 0 ? (both[..colon], both[(colon + 1)..]) : ("", "");
            return password.Length > 0;
        }
        catch (Exception e) when (e is FormatException or DecoderFallbackException)
        {
            return false;
        }
    }

    /// <param name="context">Of the request.</param>
    /// <param name="detail">For people.</param>
    /// <param name="error">RFC 6750 §3.1: what is wrong with the token; who has shown none is told nothing of the kind.</param>
    private static IResult Unauthorized(HttpContext context, string detail, string? error = null)
    {
        // Browsers ask for a password themselves when they are told of Basic, behind the back of a page that has a form for it.
        var isOfPage = context.Request.Headers.ContainsKey(SignInCookie.Header);
        var bearer = error is null ? "Bearer realm=\"MailCloud\"" : $"Bearer realm=\"MailCloud\", error=\"{error}\"";
        string[] challenges = isOfPage ? ["Bearer"] : ["Basic realm=\"MailCloud\", charset=\"UTF-8\"", bearer];
        context.Response.Headers.WWWAuthenticate = challenges;
        return Refusal(StatusCodes.Status401Unauthorized, "not-signed-in", detail);
    }

    // RFC 6750 §3.1: it is a good token, and another would do more.
    private static IResult Insufficient(HttpContext context, TokenVerdict.Refused refusal)
    {
        context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"MailCloud\", error=\"{InsufficientScope}\", scope=\"{refusal.Scopes}\"";
        return Refusal(StatusCodes.Status403Forbidden, "scope", $"the token lacks a scope of these: {refusal.Scopes}");
    }

    // Who cannot be asked has neither said yes nor no.
    private static IResult Unavailable(HttpContext context, string detail)
    {
        context.Response.Headers.RetryAfter = RetryAfterOutage.ToString(CultureInfo.InvariantCulture);
        return Refusal(StatusCodes.Status503ServiceUnavailable, "unavailable", detail);
    }

    private static IResult Later(HttpContext context)
    {
        context.Response.Headers.RetryAfter = RetryAfter.ToString(CultureInfo.InvariantCulture);
        return Refusal(StatusCodes.Status429TooManyRequests, "try-later", "too many attempts, or sessions of your organisation");
    }

    private static IResult Refusal(int status, string error, string detail) => Results.Problem(detail, statusCode: status, extensions: new Dictionary<string, object?> { ["error"] = error });
}
