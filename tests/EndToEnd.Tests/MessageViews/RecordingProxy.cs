using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MailCloud.EndToEnd.Tests.MessageViews;

internal enum RequestKind
{
    /// <summary>A script, or whatever else may be of any type.</summary>
    Other = 0,
    Image = 1,
    Style = 2,
    Page = 3,

    /// <summary>Of HTTPS nothing but the host is seen.</summary>
    Tunnel = 4,
}

/// <summary>What a browser asked for, and what it told of where it was.</summary>
internal sealed record SeenRequest(RequestKind Kind, string Method, string Url, string Referer)
{
    public override string ToString() => $"{Method} {Url} ({Kind}{(Referer.Length > 0 ? $", from {Referer}" : "")})";
}

/// <summary>
/// The browser's only way to anybody. The server's addresses lead to the server; below <see cref="OwnPath"/> there are the test's own pages, on the server's origin. Every other host is this proxy: it
/// answers with a picture, or with a script, a style sheet or a page that asks for more, which would show that it was taken.
/// </summary>
internal sealed class RecordingProxy : IAsyncDisposable
{
    public const string OwnPath = "/test-pages/";

    private static readonly byte[] Picture = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");

    /// <summary>Whom Chromium asks on its own account, whatever it is told.</summary>
    private static readonly HashSet<string> ofChromium = ["accounts.google.com:443", "update.googleapis.com:443", "update.googleapis.com", "clients2.google.com:443", "clients2.google.com"];

    private readonly WebApplication app;
    private readonly HttpClient forward = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false });
    private readonly ConcurrentQueue<SeenRequest> seen = new();
    private readonly ConcurrentDictionary<string, Func<HttpContext, Task>> pages = new(StringComparer.Ordinal);
    private readonly string server;

    private RecordingProxy(WebApplication app, string server) => (this.app, this.server) = (app, server);

    public string Url { get; private set; } = "";

    /// <param name="server">Host and port of the server.</param>
    public static async Task<RecordingProxy> StartAsync(string server)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var proxy = new RecordingProxy(builder.Build(), server);
        proxy.app.Run(proxy.AnswerAsync);
        await proxy.app.StartAsync();
        proxy.Url = proxy.app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single();
        return proxy;
    }

    /// <summary>A page of the test, which is not recorded.</summary>
    public void Serve(string name, Func<HttpContext, Task> page) => pages[OwnPath + name] = page;

    public void Serve(string name, string type, string content) => Serve(name, context =>
    {
        context.Response.ContentType = type;
        return context.Response.WriteAsync(content);
    });

    /// <summary>What came since the last time.</summary>
    public List<SeenRequest> Take()
    {
        var taken = new List<SeenRequest>();
        while (seen.TryDequeue(out var request))
        {
            taken.Add(request);
        }

        return taken;
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        forward.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        if (HttpMethods.IsConnect(request.Method))
        {
            Record(context, RequestKind.Tunnel, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
            context.Response.StatusCode = StatusCodes.Status502BadGateway;
            return;
        }

        var isServer = request.Host.Value == server;
        if (isServer && pages.TryGetValue(request.Path, out var page))
        {
            await page(context);
            return;
        }

        var kind = KindOf(request);
        Record(context, kind, $"http://{request.Host}{request.Path}{request.QueryString}");
        await (isServer ? ForwardAsync(context) : ProveAsync(context, kind));
    }

    private void Record(HttpContext context, RequestKind kind, string url)
    {
        if (!ofChromium.Contains(context.Request.Host.Value ?? "") && !ofChromium.Contains(url))
        {
            seen.Enqueue(new(kind, context.Request.Method, url, context.Request.Headers.Referer.ToString()));
        }
    }

    // Sec-Fetch-Dest says more, but browsers send it to hosts with HTTPS and on loopback only.
    private static RequestKind KindOf(HttpRequest request) => request.Headers.Accept.ToString() switch
    {
        var accept when accept.StartsWith("image/", StringComparison.Ordinal) => RequestKind.Image,
        var accept when accept.StartsWith("text/css", StringComparison.Ordinal) => RequestKind.Style,
        var accept when accept.StartsWith("text/html", StringComparison.Ordinal) => RequestKind.Page,
        _ => RequestKind.Other,
    };

    private async Task ForwardAsync(HttpContext context)
    {
        using var request = new HttpRequestMessage(new(context.Request.Method), $"http://{server}{context.Request.Path}{context.Request.QueryString}");
        request.Content = context.Request.ContentLength > 0 ? new StreamContent(context.Request.Body) : null;
        foreach (var field in context.Request.Headers.Where(field => !field.Key.StartsWith("Proxy-", StringComparison.OrdinalIgnoreCase)))
        {
            if (!request.Headers.TryAddWithoutValidation(field.Key, (IEnumerable<string?>)field.Value))
            {
                request.Content?.Headers.TryAddWithoutValidation(field.Key, (IEnumerable<string?>)field.Value);
            }
        }

        using var response = await forward.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var field in response.Headers.Concat(response.Content.Headers).Where(field => field.Key != "Transfer-Encoding"))
        {
            context.Response.Headers[field.Key] = field.Value.ToArray();
        }

        await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private static async Task ProveAsync(HttpContext context, RequestKind kind)
    {
        context.Response.Headers.AccessControlAllowOrigin = "*";
        context.Response.Headers.CacheControl = "no-store";
        if (kind == RequestKind.Image)
        {
            context.Response.ContentType = "image/png";
            await context.Response.Body.WriteAsync(Picture);
            return;
        }

        (context.Response.ContentType, var proof) = kind switch
        {
            RequestKind.Style => ("text/css", "*{background:url(http://proof.test/style)!important;color:red!important;position:fixed}"),
            RequestKind.Page => ("text/html", "<!DOCTYPE html><title>elsewhere</title><link rel=icon href=data:,><p>A page of elsewhere"),
            _ => ("text/javascript", "alert('a script of elsewhere')"),
        };
        await context.Response.WriteAsync(proof);
    }
}
