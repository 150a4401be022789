using System.Diagnostics.Metrics;
using MailCloud.Messages;

namespace MailCloud.Reports;

/// <summary>Metrics of reports; README.md has the table.</summary>
public sealed class ReportTelemetry
{
    public const string Name = "MailCloud.Reports";

    private readonly Counter<long> reports;

    public ReportTelemetry(IMeterFactory meters) =>
        reports = meters.Create(Name).CreateCounter<long>("mailcloud.reports", "{report}", "Delivery status notifications queued, by action.");

    public void Reported(QueuedMessage original, string action) =>
        reports.Add(1, new("mailcloud.tenant", original.Tenant.Value), new("action", action));
}
