namespace MailCloud.Hosting;

/// <summary>Section <c>Hosting</c>.</summary>
public sealed record HostingOptions
{
    /// <summary>Where traces and metrics go by OTLP, for example <c>http://collector:4317</c>; nothing is exported when it is not set.</summary>
    public Uri? Otlp { get; init; }

    /// <summary>
    /// Which part of the messages and requests is traced, 0 to 1: all of a message or nothing of it, as the service decides that sees it first. A tenth costs about a hundredth of a message's work; small
    /// installations take 1.
    /// </summary>
    public double TraceShare { get; init; } = 0.1;

    /// <summary>Whether metrics stand on <c>/metrics</c> beside the health pages, for Prometheus to read.</summary>
    public bool Prometheus { get; init; } = true;

    /// <summary>Whether counters tell tenants apart. Where tenants reach the admin port, which has the page too, it names them to each other.</summary>
    public bool TenantsInMetrics { get; init; } = true;

    /// <summary>
    /// How many series a counter has in a process: what comes beyond is counted together, under <c>otel_metric_overflow</c>. The widest has one per tenant and listener: 2,000, which is OpenTelemetry's
    /// own limit, are 600 tenants. Room for 1,000 more takes up to 0.35 MB for each counter.
    /// </summary>
    public int SeriesPerCounter { get; init; } = 2_000;

    /// <summary>Where the health pages of a service without HTTP are, <c>address:port</c>: beside the admin API's 8081. Not for the outside.</summary>
    public string Health { get; init; } = "127.0.0.1:8082";

    /// <summary>How long running work may take to finish at SIGTERM: below Kubernetes' terminationGracePeriodSeconds of 30 s.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(25);
}
