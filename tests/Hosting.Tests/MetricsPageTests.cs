using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OpenTelemetry.Trace;

namespace MailCloud.Hosting.Tests;

/// <remarks>One host at a time: who reads meters reads those of the whole process.</remarks>
[Collection(nameof(HostingHost))]
public sealed class MetricsPageTests
{
    [Fact]
    public async Task Prometheus_reads_counters_by_tenant_beside_the_health_pages()
    {
        await using var app = await StartAsync();
        Accept(app, "acme", "demo", "acme");

        using var page = await GetAsync(app);
        Assert.Equal("text/plain", page.Content.Headers.ContentType!.MediaType);
        Assert.Equal(["acme 2", "demo 1"], Samples(await page.Content.ReadAsStringAsync(), "mailcloud_test_accepted_total"));
    }

    [Fact]
    public async Task Histograms_have_bounds_in_seconds_and_no_tenants()
    {
        await using var app = await StartAsync();
        var durations = Meter(app).CreateHistogram<double>("mailcloud.test.duration", "s");
        durations.Record(0.004, new KeyValuePair<string, object?>("mailcloud.tenant", "acme"));
        durations.Record(7000, new KeyValuePair<string, object?>("mailcloud.tenant", "demo"));

        using var page = await GetAsync(app);
        var lines = Lines(await page.Content.ReadAsStringAsync(), "mailcloud_test_duration_seconds");
        Assert.DoesNotContain(lines, line => line.Contains("tenant", StringComparison.Ordinal));
        Assert.Equal([("0.0025", 0), ("0.005", 1), ("3600", 1), ("14400", 2)], Buckets(lines).Where(bucket => bucket.Bound is "0.0025" or "0.005" or "3600" or "14400"));
    }

    [Fact]
    public async Task What_is_beyond_the_limit_of_series_is_counted_together()
    {
        await using var app = await StartAsync(("Hosting:SeriesPerCounter", "3"));
        Accept(app, [.. Enumerable.Range(0, 100).Select(number => $"tenant-{number}")]);

        using var page = await GetAsync(app);
        var lines = Lines(await page.Content.ReadAsStringAsync(), "mailcloud_test_accepted_total");
        Assert.Contains(lines, line => line.Contains("otel_metric_overflow=\"true\"", StringComparison.Ordinal));
        Assert.InRange(lines.Count, 2, 5);
        Assert.Equal(100, lines.Sum(Value));
    }

    [Fact]
    public async Task Tenants_are_counted_together_where_they_shall_not_be_named()
    {
        await using var app = await StartAsync(("Hosting:TenantsInMetrics", "false"));
        Accept(app, "acme", "demo");

        using var page = await GetAsync(app);
        Assert.Equal([" 2"], Samples(await page.Content.ReadAsStringAsync(), "mailcloud_test_accepted_total"));
    }

    [Fact]
    public async Task The_process_tells_of_its_checks_its_memory_and_its_files()
    {
        await using var app = await StartAsync();
        await app.Services.GetRequiredService<IHealthCheckPublisher>().PublishAsync(await app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(), CancellationToken.None);

        using var page = await GetAsync(app);
        var text = await page.Content.ReadAsStringAsync();
        Assert.Equal("mailcloud_health{check=\"draining\",service_name=\"test\"} 1", Lines(text, "mailcloud_health").Single());
        var (files, limit) = (Value(Lines(text, "mailcloud_process_files{").Single()), Value(Lines(text, "mailcloud_process_files_limit{").Single()));
        Assert.InRange(files, 10, limit);
        Assert.InRange(Value(Lines(text, "mailcloud_process_memory_limit_bytes").Single()), 1L << 20, long.MaxValue);
    }

    [Fact]
    public async Task There_is_no_page_where_it_is_not_wanted_and_no_trace_without_a_collector()
    {
        await using var without = await StartAsync(("Hosting:Prometheus", "false"));
        using var page = await GetAsync(without);
        Assert.Equal(HttpStatusCode.NotFound, page.StatusCode);

        await using var with = await StartAsync();
        Assert.Null(with.Services.GetService<TracerProvider>());
    }

    private static Meter Meter(WebApplication app) => app.Services.GetRequiredService<IMeterFactory>().Create("MailCloud.Test");

    private static void Accept(WebApplication app, params string[] tenants)
    {
        var accepted = Meter(app).CreateCounter<long>("mailcloud.test.accepted", "{message}");
        foreach (var tenant in tenants)
        {
            accepted.Add(1, new KeyValuePair<string, object?>("tenant", tenant));
        }
    }

    private static async Task<WebApplication> StartAsync(params (string Name, string Value)[] settings)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Configuration.AddInMemoryCollection([new("Hosting:Health", "127.0.0.1:0"), .. settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value))]);
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRouting();
        builder.AddMailCloudHosting("test");
        builder.AddHealthListener();
        var app = builder.Build();
        app.UseRouting();
        app.MapHealth();
        await app.StartAsync();
        return app;
    }

    private static async Task<HttpResponseMessage> GetAsync(WebApplication app)
    {
        using var client = new HttpClient();
        return await client.GetAsync(new Uri($"{app.Urls.Single()}/metrics"));
    }

    private static List<string> Lines(string page, string metric) => [.. page.Split('\n').Where(line => line.StartsWith(metric, StringComparison.Ordinal))];

    /// <summary>Of each series its tenant and its value.</summary>
    private static IEnumerable<string> Samples(string page, string metric) =>
        Lines(page, metric).Select(line => $"{Label(line, "tenant")} {Value(line)}").Order(StringComparer.Ordinal);

    private static IEnumerable<(string Bound, int Count)> Buckets(List<string> lines) =>
        lines.Where(line => line.Contains("_bucket{", StringComparison.Ordinal)).Select(line => (Label(line, "le"), (int)Value(line)));

    private static string Label(string line, string name)
    {
        var (text, from) = ($"{name}=\"", line.IndexOf($"{name}=\"", StringComparison.Ordinal));
        return from < 0 ? "" : line[(from + text.Length)..].Split('"')[0];
    }

    // METRIC{labels} value timestamp
    private static long Value(string line) => long.Parse(line[(line.IndexOf('}', StringComparison.Ordinal) + 2)..].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
}
