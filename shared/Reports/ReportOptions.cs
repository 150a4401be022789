using System.ComponentModel.DataAnnotations;

namespace MailCloud.Reports;

/// <summary>Section <c>Reports</c>.</summary>
public sealed record ReportOptions
{
    /// <summary>The name of this host in reports (Reporting-MTA, RFC 3464 §2.2.2) and in the address they come from.</summary>
    [Required]
    public string HostName { get; init; } = Environment.MachineName.ToLowerInvariant();

    /// <summary>The largest message, in octets, that a failure report returns whole when RET=FULL asks for it; of a larger one it returns the header. 10 MiB is Postfix' message_size_limit.</summary>
    [Range(0, long.MaxValue)]
    public long ReturnFullLimit { get; init; } = 10 * 1024 * 1024;
}
