using System.Diagnostics.Metrics;
using OpenTelemetry.Metrics;

namespace MailCloud.Hosting;

/// <summary>
/// How instruments become series. Counters tell tenants apart. Histograms do not, each of whose series has as many numbers as <see cref="Seconds"/>; their own tags are few: verbs, operations, outcomes.
/// </summary>
internal sealed class MetricViews(HostingOptions options)
{
    /// <summary>The bounds that OpenTelemetry advises for HTTP (0.005 to 10 s), down to a grain's call and up to mail that waits for its host for days.</summary>
    private static readonly double[] Seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600, 14_400, 86_400];

    /// <summary>Of everything but MailCloud's counters, as the room for all of them is taken at once: the widest has each IMAP command with each of three results.</summary>
    private const int Series = 500;

    /// <summary>How instruments name the tenant.</summary>
    private static readonly string[] Tenant = ["tenant", "mailcloud.tenant"];

    public MetricStreamConfiguration For(Instrument instrument)
    {
        var isCounter = instrument is Counter<long> && instrument.Meter.Name.StartsWith("MailCloud.", StringComparison.Ordinal);
        var stream = instrument is Histogram<double> { Unit: "s" } ? new ExplicitBucketHistogramConfiguration { Boundaries = Seconds } : new MetricStreamConfiguration();
        stream.CardinalityLimit = isCounter ? options.SeriesPerCounter : Series;
        stream.ExcludedTagKeys = isCounter && options.TenantsInMetrics ? null : Tenant;
        return stream;
    }
}
