using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MailCloud.Web.Tests.Jmap.Push;

/// <summary>A push service: it takes what is posted to it, or answers as it is told to.</summary>
internal sealed class PushReceiver : IAsyncDisposable
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(60);

    private readonly WebApplication app;
    private readonly Task answering;
    private readonly ConcurrentQueue<HttpStatusCode> answers = [];
    private readonly Channel<Posted> posted = Channel.CreateUnbounded<Posted>();

    private PushReceiver(WebApplication app, Task answering) => (this.app, this.answering) = (app, answering);

    public string Url => $"{app.Urls.Single()}/push";

    /// <param name="answering">Nothing is answered before; null: at once.</param>
    public static async Task<PushReceiver> StartAsync(Task? answering = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var receiver = new PushReceiver(builder.Build(), answering ?? Task.CompletedTask);
        receiver.app.MapPost("/push", receiver.TakeAsync);
        await receiver.app.StartAsync();
        return receiver;
    }

    /// <summary>The next post that is not taken yet is answered so, and is seen here all the same.</summary>
    public void Answer(HttpStatusCode status) => answers.Enqueue(status);

    public async Task<Posted> NextAsync() => await posted.Reader.ReadAsync().AsTask().WaitAsync(patience);

    /// <summary>What was pushed in clear.</summary>
    public async Task<JsonObject> NextJsonAsync() => (await NextAsync()).Json;

    public bool HasMore => posted.Reader.TryPeek(out _);

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        context.Response.StatusCode = (int)(answers.TryDequeue(out var status) ? status : HttpStatusCode.Created);
        var headers = context.Request.Headers;
        await posted.Writer.WriteAsync(
            new(context.Request.ContentType!, headers.ContentEncoding.ToString(), headers["TTL"].ToString(), headers["Topic"].ToString(), headers.Authorization.ToString(), body.ToArray()));
        await answering;
    }

    internal sealed record Posted(string Type, string Encoding, string TimeToLive, string Topic, string Authorization, byte[] Body)
    {
        /// <summary>Where it was pushed in clear.</summary>
        public JsonObject Json => JsonNode.Parse(Body)!.AsObject();
    }
}
