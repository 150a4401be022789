using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace MailCloud.Web;

/// <summary>What a browser shows at the HTTP address until the webmail is there.</summary>
internal static class IndexPage
{
    private const string Style = """
        :root{color-scheme:light dark;--line:#d5dae3;--soft:#5b6575;--back:#f6f7fa;--card:#fff;--ink:#1b2330;--accent:#2456c9}
        @media(prefers-color-scheme:dark){:root{--line:#343c4a;--soft:#9aa5b8;--back:#12161d;--card:#1b212b;--ink:#e8ecf3;--accent:#8cb0ff}}
        body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
        main{max-width:42rem;margin:4rem auto;padding:0 1.25rem}
        h1{margin:0;font-size:1.9rem;letter-spacing:-.02em}
        p{color:var(--soft);margin:.4rem 0 1.6rem}
        section{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1rem 1.25rem;margin-bottom:1rem}
        h2{font-size:1rem;margin:0 0 .5rem}
        dl{display:grid;grid-template-columns:9rem 1fr;gap:.35rem 1rem;margin:0}
        dt{color:var(--soft)} dd{margin:0} a{color:var(--accent)} code{font:.9em ui-monospace,monospace}
        """;

    private static readonly string Page = $"""
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>MailCloud</title><style>{Style}</style></head>
        <body><main>
        <h1>MailCloud</h1>
        <p>This mail server is running. Use a mail program to send and read; there is no webmail yet.</p>
        <section><h2>In your mail program</h2><dl>
        <dt>Reading</dt><dd>IMAP, with TLS or STARTTLS</dd>
        <dt>Sending</dt><dd>SMTP submission, with TLS or STARTTLS</dd>
        <dt>User name</dt><dd>your whole address, for example <code>alice@example.test</code></dd>
        </dl></section>
        <section><h2>For operators</h2><dl>
        <dt>Health</dt><dd><a href="/health/live">live</a>, <a href="/health/ready">ready</a></dd>
        <dt>Administration</dt><dd>the <code>mailcloud</code> command, at the admin address</dd>
        </dl></section>
        </main></body></html>
        """;

    private static readonly string Policy =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static IResult Write(HttpContext context)
    {
        context.Response.Headers.ContentSecurityPolicy = Policy;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return Results.Content(Page, "text/html; charset=utf-8");
    }
}
