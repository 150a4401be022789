using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace MailCloud.SmtpIngress;

/// <summary>Spans and metrics; the README lists them.</summary>
internal static class SmtpTelemetry
{
    public const string Name = "MailCloud.SmtpIngress";

    public static readonly ActivitySource Source = new(Name);

    private static readonly Meter Meter = new(Name);

    public static readonly UpDownCounter<long> Sessions = Meter.CreateUpDownCounter<long>("mailcloud.smtp.sessions", "{session}", "Open sessions");
    public static readonly Gauge<int> Places = Meter.CreateGauge<int>("mailcloud.smtp.sessions.limit", "{session}", "Sessions that there is room for");
    public static readonly Counter<long> Accepted = Meter.CreateCounter<long>("mailcloud.smtp.accepted", "{message}", "Messages that got 250");
    public static readonly Counter<long> Refused = Meter.CreateCounter<long>("mailcloud.smtp.refused", "{reply}", "Replies of 4xx and 5xx");
    public static readonly Counter<long> Capped = Meter.CreateCounter<long>("mailcloud.smtp.capped", "{recipient}", "Recipients refused because of a sending cap");
    public static readonly Counter<long> Suppressed = Meter.CreateCounter<long>("mailcloud.smtp.suppressed", "{recipient}", "Recipients refused because they are on their tenant's suppression list");
    public static readonly Counter<long> Octets = Meter.CreateCounter<long>("mailcloud.smtp.octets", "By", "Octets of accepted messages");

    public static readonly Histogram<double> Duration =
        Meter.CreateHistogram<double>("mailcloud.smtp.accept.duration", "s", "From the start of the message's octets to its 250");
}
