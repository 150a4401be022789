using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MailCloud.Testing;

/// <summary>A policy host of MTA-STS: HTTPS on a free port of loopback, for a name, with the certificate of an authority of the test. What it answers is the test's.</summary>
public sealed class PolicyHost : IAsyncDisposable
{
    private readonly WebApplication app;
    private int requests;

    private PolicyHost(WebApplication app, X509Certificate2 authority)
    {
        this.app = app;
        Trust = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        Trust.CustomTrustStore.Add(authority);
    }

    public int Port => new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;

    /// <summary>How a client trusts this host.</summary>
    public X509ChainPolicy Trust { get; }

    /// <summary>How often it was asked.</summary>
    public int Requests => Volatile.Read(ref requests);

    /// <summary>Answers a request for the policy.</summary>
    public Func<HttpResponse, Task> Answer { get; set; } = _ => Task.CompletedTask;

    public static Task<PolicyHost> StartAsync(string name) => StartAsync(TestAuthority.Root("Authority of a test"), name);

    /// <param name="authority">Who certifies it.</param>
    /// <param name="names">All names that it answers to.</param>
    public static async Task<PolicyHost> StartAsync(TestAuthority authority, params string[] names)
    {
        var certificate = authority.IssueFor(names);
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        var host = new PolicyHost(builder.Build(), authority.Certificate);
        host.app.Map("/.well-known/mta-sts.txt", (HttpContext context) =>
        {
            Interlocked.Increment(ref host.requests);
            return host.Answer(context.Response);
        });
        host.app.Map("/elsewhere", (HttpContext context) => Write(context.Response, "version: STSv1\nmode: enforce\nmx: nobody.test\nmax_age: 86400\n"));
        await host.app.StartAsync();
        return host;
    }

    /// <summary>It has this policy, until it is told another.</summary>
    public void Have(params string[] lines) => Answer = response => Write(response, string.Join("\r\n", lines) + "\r\n");

    /// <summary>Under each name that it is asked by it has a policy of its own, and none under others.</summary>
    public void Have(IReadOnlyDictionary<string, string[]> policies) => Answer = response =>
    {
        if (policies.TryGetValue(response.HttpContext.Request.Host.Host, out var lines))
        {
            return Write(response, string.Join("\r\n", lines) + "\r\n");
        }

        response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    };

    /// <summary>It has none.</summary>
    public void HaveNone() => Answer = response =>
    {
        response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    };

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private static Task Write(HttpResponse response, string text)
    {
        response.ContentType = "text/plain; charset=utf-8";
        return response.WriteAsync(text);
    }
}
