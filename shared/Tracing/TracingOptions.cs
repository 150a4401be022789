using System.ComponentModel.DataAnnotations;

namespace MailCloud.Tracing;

/// <summary>Section <c>Tracing</c>; the same in all services of an installation.</summary>
public sealed record TracingOptions
{
    /// <summary>How long it is kept what became of a message: as long as mailboxes remember deliveries, which is longer than any mail waits. 0: nothing is recorded, and the next sweep deletes what there is.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00", ConvertValueInInvariantCulture = true, ParseLimitsInInvariantCulture = true)]
    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(14);
}
