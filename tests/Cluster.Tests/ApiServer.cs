using System.Collections.Concurrent;
using MailCloud.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace MailCloud.Cluster.Tests;

/// <summary>As much of the Kubernetes API as tells of pods in one namespace, without credentials: for what it refuses, and for when it is away.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    public const string Namespace = "mail";

    private readonly ConcurrentDictionary<string, string> pods = new();
    private readonly ConcurrentQueue<string> changes = new();
    private WebApplication? running;

    public string Address { get; } = $"http://127.0.0.1:{FreePort.Find()}";

    public bool IsForbidden { get; set; }

    /// <summary>Requests that would change something.</summary>
    public IEnumerable<string> Changes => changes;

    public void Add(string pod, string cluster) => pods[pod] =
        $$"""{ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "{{pod}}", "labels": { "orleans/serviceId": "{{cluster}}", "orleans/clusterId": "{{cluster}}" } } }""";

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(Address);
        running = builder.Build();
        running.Use(async (context, next) =>
        {
            if (!HttpMethods.IsGet(context.Request.Method))
            {
                changes.Enqueue($"{context.Request.Method} {context.Request.Path}");
            }

            if (IsForbidden)
            {
                context.Response.StatusCode = StatusCodes.Status403Forbidden;
                return;
            }

            await next(context);
        });
        running.MapGet($"/api/v1/namespaces/{Namespace}/pods/{{pod}}", (string pod) => pods.TryGetValue(pod, out var found) ? Results.Text(found, "application/json") : Results.NotFound());
        running.MapGet($"/api/v1/namespaces/{Namespace}/pods", ListAsync);
        await running.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (running is not null)
        {
            await running.DisposeAsync();
        }
    }

    // A watch begins, and nothing changes until who watches goes.
    private async Task ListAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        if (context.Request.Query["watch"] == "true")
        {
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        await context.Response.WriteAsync($$"""{ "apiVersion": "v1", "kind": "PodList", "metadata": { "resourceVersion": "1" }, "items": [{{string.Join(',', pods.Values)}}] }""");
    }
}
