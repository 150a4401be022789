using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using MailCloud.Embedded;
using MailCloud.Hosting;
using MailCloud.Mailboxes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MailCloud.Web.Tests;

/// <summary>The service on real listeners, with the real grains on embedded storage.</summary>
public sealed class WebServer : IAsyncLifetime
{
    public const string Token = "a-token";

    private WebApplication app = null!;

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("mailcloud-web-").FullName;

    /// <summary>Whether there is a place for backups.</summary>
    public bool HasBackups { get; init; } = true;

    /// <summary>Beside those that every test has.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Settings { get; init; } = [];

    /// <summary>What does not answer.</summary>
    public FailingGrains Failing { get; } = new();

    public string TokenFile => Path.Combine(Directory, "admin-token");

    public HttpClient Admin { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public IServiceProvider Services => app.Services;

    public async Task InitializeAsync()
    {
        var ports = FreePorts(4);
        await File.WriteAllTextAsync(TokenFile, Token + "\n");
        var builder = WebApplication.CreateBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.Configuration.AddInMemoryCollection([
            new("Embedded:Directory", Directory),
            new("Web:Http", $"127.0.0.1:{ports[0]}"),
            new("Web:Admin", $"127.0.0.1:{ports[1]}"),
            new("Web:AdminTokenFile", TokenFile),
            new("Web:ProxyNetworks", "127.0.0.1/32"),
            new("Web:Mail:Host", "mail.example.test"),
            new("Web:Mail:Mx", "mx1.example.test, *.mx.example.test"),
            new("Backup:Directory", HasBackups ? Path.Combine(Directory, "backups") : ""),
            .. Settings,
        ]);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IOutgoingGrainCallFilter>(Failing);
        builder.AddMailCloudHosting("web");
        builder.Services.AddEmbeddedStorage(builder.Configuration);
        builder.AddMailboxes();
        builder.UseOrleans(silo => silo.UseLocalhostClustering(ports[2], ports[3]));
        builder.AddWeb();
        app = builder.Build();
        app.MapWeb();
        await app.StartAsync();

        // Tests send the cookies that they mean to send.
        Http = new(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = new($"http://127.0.0.1:{ports[0]}") };
        Admin = new() { BaseAddress = new($"http://127.0.0.1:{ports[1]}") };
        Admin.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        await SendAsync(HttpMethod.Post, "/admin/v1/tenants", """{"id":"demo"}""");
        await SendAsync(HttpMethod.Post, "/admin/v1/tenants/demo/domains", """{"domain":"Example.test"}""");
    }

    public async Task DisposeAsync()
    {
        Http.Dispose();
        Admin.Dispose();
        await app.DisposeAsync();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    public async Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(HttpMethod method, string path, string? json = null, string? token = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json") };
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using var response = await Admin.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }

    /// <summary>Posts and returns the lines of the answer.</summary>
    public async Task<List<JsonElement>> PostLinesAsync(string path, string? body = null)
    {
        using var content = new StringContent(body ?? "", Encoding.UTF8, "text/csv");
        using var response = await Admin.PostAsync(path, content);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }

    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(l => l.Start());
        var ports = listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port).ToArray();
        listeners.ForEach(l => l.Stop());
        return ports;
    }
}

[CollectionDefinition(nameof(WebServer))]
public sealed class WebServerGroup : ICollectionFixture<WebServer>;
