using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace MailCloud.Hosting.Tests;

/// <remarks>One host at a time: who reads meters reads those of the whole process.</remarks>
[Collection(nameof(HostingHost))]
public sealed class HostingHostTests
{
    private const string Collector = "http://127.0.0.1:4317";

    [Fact]
    public async Task Nothing_is_exported_or_recorded_without_a_collector()
    {
        await using var app = Build(("Hosting:Prometheus", "false"));
        await app.StartAsync();
        using var source = new ActivitySource("MailCloud.Nobody");

        Assert.Null(app.Services.GetService<TracerProvider>());
        Assert.Null(app.Services.GetService<MeterProvider>());
        Assert.False(source.HasListeners());
    }

    [Theory]
    [InlineData("Hosting:Otlp")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT")]
    public async Task The_platforms_sources_are_recorded_when_a_collector_is_named(string setting)
    {
        await using var app = Build((setting, Collector));
        using var ours = new ActivitySource("MailCloud." + setting);
        using var other = new ActivitySource("Elsewhere." + setting);

        Assert.NotNull(app.Services.GetService<TracerProvider>());
        Assert.NotNull(app.Services.GetService<MeterProvider>());
        Assert.True(ours.HasListeners());
        Assert.False(other.HasListeners());
    }

    [Theory]
    [InlineData("0", "smtp.accept", false)]
    [InlineData("1", "smtp.accept", true)]
    [InlineData("1", "IMailboxGrain/GetChangesAsync", false)]
    public async Task A_share_of_messages_begins_a_trace_and_no_call_of_a_grain_does(string share, string name, bool isRecorded)
    {
        await using var app = Build(("Hosting:Otlp", Collector), ("Hosting:TraceShare", share));
        using var ours = new ActivitySource("MailCloud.Roots");
        Assert.NotNull(app.Services.GetService<TracerProvider>());

        using var root = ours.StartActivity(name, ActivityKind.Server);
        Assert.Equal(isRecorded, root!.Recorded);
        using var call = ours.StartActivity("IMailboxGrain/FileAsync", ActivityKind.Client, root.Context);
        Assert.Equal(isRecorded, call is { Recorded: true });
    }

    [Fact]
    public async Task Running_work_has_25_seconds_to_finish_unless_set_otherwise()
    {
        await using var standard = Build();
        await using var set = Build(("Hosting:DrainTimeout", "00:00:07"));

        Assert.Equal(TimeSpan.FromSeconds(25), DrainTimeout(standard));
        Assert.Equal(TimeSpan.FromSeconds(7), DrainTimeout(set));
    }

    [Fact]
    public async Task Health_is_served_with_no_check_registered()
    {
        await using var app = Build();

        var report = await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();

        Assert.Equal(HealthStatus.Healthy, report.Status);
    }

    [Fact]
    public async Task A_process_is_alive_before_it_is_ready_and_started_once_it_was()
    {
        var builder = Builder(("Hosting:Health", "127.0.0.1:0"));
        builder.AddHealthListener();
        builder.Services.AddRouting();
        var needed = HealthCheckResult.Unhealthy();
        builder.Services.AddHealthChecks().AddCheck("needed", () => needed);
        await using var app = builder.Build();
        app.UseRouting();
        app.MapHealth();
        await app.StartAsync();
        using var client = new HttpClient { BaseAddress = new(app.Urls.Single()) };

        Assert.Equal([HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable], await PagesAsync(client));
        needed = HealthCheckResult.Healthy();
        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK], await PagesAsync(client));
        needed = HealthCheckResult.Unhealthy();
        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable], await PagesAsync(client));
        using var notReady = await client.GetAsync(new Uri("health/ready", UriKind.Relative));
        Assert.Equal("Unhealthy: needed", await notReady.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_process_that_ends_is_not_ready()
    {
        await using var app = Build();
        await app.StartAsync();
        app.Lifetime.StopApplication();

        var report = await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();

        Assert.Equal(HealthStatus.Unhealthy, report.Status);
    }

    private static async Task<HttpStatusCode[]> PagesAsync(HttpClient client)
    {
        var pages = new List<HttpStatusCode>();
        foreach (var page in new[] { "startup", "live", "ready" })
        {
            using var response = await client.GetAsync(new Uri($"health/{page}", UriKind.Relative));
            pages.Add(response.StatusCode);
        }

        return [.. pages];
    }

    /// <summary>An empty builder: the environment of whoever runs the tests has no say.</summary>
    private static WebApplication Build(params (string Name, string Value)[] settings)
    {
        var builder = Builder(settings);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        return builder.Build();
    }

    private static WebApplicationBuilder Builder(params (string Name, string Value)[] settings)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Configuration.AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Name, (string?)s.Value)));
        builder.WebHost.UseKestrelCore();
        builder.AddMailCloudHosting("test");
        return builder;
    }

    private static TimeSpan DrainTimeout(WebApplication app) => app.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout;
}
