namespace MailCloud.Hosting;

/// <summary>Section <c>Hosting</c>.</summary>
public sealed record HostingOptions
{
    /// <summary>Where traces and metrics go by OTLP, for example <c>http://collector:4317</c>; nothing is exported when it is not set.</summary>
    public Uri? Otlp { get; init; }

    /// <summary>Where the health pages of a service without HTTP are, <c>address:port</c>; nowhere when it is empty. Not for the outside.</summary>
    public string Health { get; init; } = "";

    /// <summary>How long running work may take to finish at SIGTERM: below Kubernetes' terminationGracePeriodSeconds of 30 s.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(25);
}
