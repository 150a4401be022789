using System.Security.Cryptography;
using System.Text;
using MailCloud.MessageView;
using Microsoft.AspNetCore.Http;

namespace MailCloud.Web.MessageViews;

/// <summary>
/// A message as a page of its own, for a frame. MessageView has taken out what acts; should it have missed something, the browser is told here to run, load, submit and navigate nothing.
/// </summary>
internal static class ViewPage
{
    private const string Json = "application/json";

    private const string Style = """
        :root{color-scheme:light}
        body{margin:0;background:#fff;color:#1b2330;font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
        body>div{overflow:auto;padding:1rem}
        img{max-width:100%}
        pre{white-space:pre-wrap}
        blockquote{margin:.5em 0;padding-left:.8em;border-left:2px solid #c3cad6}
        """;

    private static readonly string StyleHash = $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'";

    /// <summary>JSON is named, and HTML is not.</summary>
    public static bool WantsJson(HttpRequest request)
    {
        var accepted = request.GetTypedHeaders().Accept;
        return accepted.Any(type => type.MediaType.Equals(Json, StringComparison.OrdinalIgnoreCase)) && !accepted.Any(type => type.MediaType.Equals("text/html", StringComparison.OrdinalIgnoreCase));
    }

    public static IResult Write(HttpContext context, FoundMessage message, RenderedMessage rendered, bool allowRemote)
    {
        ViewHeaders.Set(context.Response, PolicyOf(context.Request.Host, message.Path, allowRemote));

        // Whoever opens it by itself has a window of its own with it.
        context.Response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
        return Results.Content(
            $"""
            <!DOCTYPE html>
            <html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Message</title><style>{Style}</style></head>
            <body><div>{rendered.Html}</div></body></html>
            """,
            "text/html; charset=utf-8");
    }

    /// <summary>
    /// Images come from the message's own parts, by a path that no other address of the server begins with. <c>allow-same-origin</c> lets these come with the reader's cookie, and the webmail ask how tall the
    /// page is; it gives the message nothing, as no script runs. Links open elsewhere: popups are allowed, and are no longer sandboxed.
    /// </summary>
    internal static string PolicyOf(HostString host, string path, bool allowRemote) =>
        $"default-src 'none'; img-src {PartsOf(host, path)} data:{(allowRemote ? " https: http:" : "")}; "
        + $"style-src 'unsafe-inline'; style-src-elem {StyleHash}; style-src-attr 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
        + "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox";

    // https://www.w3.org/TR/CSP3/#grammardef-host-part: a policy has no words for an IPv6 address.
    private static string PartsOf(HostString host, string path) => host.HasValue && !host.Host.StartsWith('[') ? $"{host.ToUriComponent()}{path}/part/" : "'self'";
}
