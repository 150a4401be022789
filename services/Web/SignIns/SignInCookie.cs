using MailCloud.Web.Admin;
using Microsoft.AspNetCore.Http;

namespace MailCloud.Web.SignIns;

/// <summary>
/// A sign-in's token as a cookie, for pages of this server: scripts cannot read it. Browsers send it by themselves, so whatever comes with it and may change something must show that a page of this
/// server sent it.
/// </summary>
internal static class SignInCookie
{
    /// <summary>Over HTTPS. RFC 6265bis §4.1.3.2: nobody but this very host sets a cookie of such a name, no sibling of it and no page that came in clear.</summary>
    public const string SecureName = "__Host-mailcloud";

    /// <summary>Over HTTP on loopback, where browsers keep no <c>__Host-</c> cookie.</summary>
    public const string PlainName = "mailcloud";

    /// <summary>Pages of other origins cannot send it: a browser asks this server before, which says no to all (or, of the origins of Web:Jmap:Origins, gives no cookie).</summary>
    public const string Header = "X-Requested-With";

    public const string HeaderValue = "MailCloud";

    public static void Set(HttpContext context, string token, DateTimeOffset expiresAt) =>
        context.Response.Cookies.Append(NameIn(context), token, Options(context, expiresAt));

    public static void Clear(HttpContext context) => context.Response.Cookies.Delete(NameIn(context), Options(context, null));

    public static bool TryRead(HttpContext context, out TokenText token)
    {
        token = default;
        return context.Request.Cookies[NameIn(context)] is { } text && TokenText.TryParse(text, out token);
    }

    /// <summary>Null when the request may use the cookie; else why not.</summary>
    public static string? WhyRefused(HttpContext context)
    {
        var request = context.Request;

        // What the browser says of where the request comes from, where it says it; pages cannot set these fields. "none" is the person: an address typed, a bookmark.
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        var mayChange = !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method);
        if (site.Length > 0 && site != "same-origin" && (site != "none" || mayChange))
        {
            return "the cookie is for pages of this server alone: Sec-Fetch-Site is not same-origin";
        }

        var origin = request.Headers.Origin.ToString();
        if (origin.Length > 0 && !origin.Equals($"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase))
        {
            return "the cookie is for pages of this server alone: Origin is another";
        }

        // RFC 6455 §10.2: a page of any origin may open a WebSocket, with cookies; its Origin is all that tells. It is a GET that can change things.
        if (IsWebSocket(context) && origin.Length == 0)
        {
            return "a WebSocket that is opened with the cookie shows its Origin";
        }

        return mayChange && request.Headers[Header] != HeaderValue ? $"send '{Header}: {HeaderValue}' with the cookie" : null;
    }

    // RFC 8441 §5: over HTTP/2 it is a CONNECT.
    private static bool IsWebSocket(HttpContext context) => context.WebSockets.IsWebSocketRequest || HttpMethods.IsConnect(context.Request.Method)
        || context.Request.Headers.Upgrade.ToString().Contains("websocket", StringComparison.OrdinalIgnoreCase);

    private static string NameIn(HttpContext context) => context.Request.IsHttps ? SecureName : PlainName;

    private static CookieOptions Options(HttpContext context, DateTimeOffset? expiresAt) => new()
    {
        HttpOnly = true,
        Secure = context.Request.IsHttps,
        SameSite = SameSiteMode.Strict,
        Path = "/",
        Expires = expiresAt,
        IsEssential = true,
    };
}
