using System.Globalization;
using System.Net;
using System.Text.Json.Serialization;
using MailCloud.Cluster;
using MailCloud.Web.Admin;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace MailCloud.Web.SignIns;

/// <summary>
/// <c>POST /sign-in {address, password, code, cookie}</c> and <c>POST /sign-out</c>: a token of one account for its password, and for a code where it has a second factor; and that token's end.
/// </summary>
internal static class SignIn
{
    /// <summary>Octets of a request: an address has 320 and a password no more than SASL's 4,096.</summary>
    private const long MaxRequest = 16 * 1024;

    /// <summary>Seconds: the longest line that is stood in is 45.</summary>
    private const int RetryAfter = 60;

    public static void Map(IEndpointRouteBuilder http)
    {
        http.MapPost("/sign-in", SignInAsync).WithMetadata(new RequestSizeLimitAttribute(MaxRequest));
        http.MapPost("/sign-out", SignOutAsync);
    }

    private static async Task<IResult> SignInAsync(Credentials body, HttpContext context, SignInAttempts attempts, SignInTokens tokens, ILoggerFactory loggers)
    {
        var client = context.Connection.RemoteIpAddress ?? IPAddress.None;

        // RFC 8314 §3.3, as on every edge: no password in clear but on loopback. By then it has been sent; its owner learns to change the address.
        if (!context.Request.IsHttps && !IPAddress.IsLoopback(client))
        {
            return Refusal(StatusCodes.Status403Forbidden, "https-required", "passwords are taken over HTTPS only");
        }

        if (body.Address is not { Length: > 0 } || body.Password is not { Length: > 0 })
        {
            return Problem.BadRequest("send address and password, and code where the account has a second factor");
        }

        context.Response.Headers.CacheControl = "no-store";
        try
        {
            var outcome = await attempts.RunAsync(new(body.Address, body.Password, string.IsNullOrWhiteSpace(body.Code) ? null : body.Code), client, context.RequestAborted);
            if (outcome.Verdict == SignInVerdict.SignedIn)
            {
                return await tokens.CreateAsync(outcome.Account!, outcome.AppPassword, context.RequestAborted) is var (secret, token)
                    ? Give(context, body.Cookie, secret, outcome.Account!.Address.Key, token.ExpiresAt)
                    : Later(context, "others sign in to the account at this moment");
            }

            loggers.CreateLogger("MailCloud.Web.SignIns").SignInRefused(outcome.Account?.Address.Key ?? "(no account)", client.ToString(), outcome.Verdict);
            return Answer(context, outcome.Verdict);
        }
        catch (GrainUnavailableException)
        {
            return Unavailable();
        }
    }

    private static async Task<IResult> SignOutAsync(HttpContext context, SignInTokens tokens)
    {
        try
        {
            if (!TokenText.TryParse(AdminAccess.TokenOf(context), out var text) && SignInCookie.TryRead(context, out text))
            {
                if (SignInCookie.WhyRefused(context) is { } why)
                {
                    return Refusal(StatusCodes.Status403Forbidden, "cross-site", why);
                }

                SignInCookie.Clear(context);
            }

            return text != default && await tokens.RevokeAsync(text) ? Results.NoContent()
                : Unauthorized(context, "not-signed-in", "send the token of the sign-in as 'Authorization: Bearer TOKEN'");
        }
        catch (GrainUnavailableException)
        {
            return Unavailable();
        }
    }

    private static IResult Give(HttpContext context, bool asCookie, string secret, string address, DateTimeOffset expiresAt)
    {
        if (asCookie)
        {
            SignInCookie.Set(context, secret, expiresAt);
        }

        return Results.Ok(new SignedIn(asCookie ? null : secret, address, expiresAt));
    }

    private static IResult Answer(HttpContext context, SignInVerdict verdict) => verdict switch
    {
        SignInVerdict.CodeNeeded => Unauthorized(context, "code-required", "the account has a second factor: send code, of its authenticator or a recovery code"),
        SignInVerdict.CodeWrong => Unauthorized(context, "code-wrong", "the code is wrong, was used before, or its time is over"),
        SignInVerdict.Suspended => Refusal(StatusCodes.Status403Forbidden, "suspended", "this account is suspended, ask your administrator"),
        SignInVerdict.TryLater => Later(context, "too many attempts, or sessions of your organisation"),
        _ => Unauthorized(context, "wrong-credentials", "wrong address or password"),
    };

    private static IResult Unauthorized(HttpContext context, string error, string detail)
    {
        // RFC 9110 §15.5.2: a challenge comes with it. What is asked for is shown as a bearer token.
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Refusal(StatusCodes.Status401Unauthorized, error, detail);
    }

    private static IResult Later(HttpContext context, string detail)
    {
        context.Response.Headers.RetryAfter = RetryAfter.ToString(CultureInfo.InvariantCulture);
        return Refusal(StatusCodes.Status429TooManyRequests, "try-later", detail);
    }

    private static IResult Unavailable() => Refusal(StatusCodes.Status503ServiceUnavailable, "unavailable", "the directory does not answer, try again");

    private static IResult Refusal(int status, string error, string detail) => Results.Problem(detail, statusCode: status, extensions: new Dictionary<string, object?> { ["error"] = error });

    private sealed record Credentials(string? Address, string? Password, string? Code, bool Cookie = false);

    /// <param name="Token">Left out when it is a cookie.</param>
    private sealed record SignedIn([property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Token, string Address, DateTimeOffset ExpiresAt);
}
