using System.Diagnostics;
using System.Diagnostics.Metrics;
using Azure.Core;
using Azure.Core.Pipeline;

namespace MailCloud.AzureStorage;

/// <summary>The instruments of meter <c>MailCloud.AzureStorage</c>; README.md lists them. It stands in the pipeline below the retries, so each attempt counts, as it does on the bill.</summary>
public sealed class StorageTelemetry : HttpPipelinePolicy
{
    public const string MeterName = "MailCloud.AzureStorage";

    private readonly Histogram<double> duration;

    public StorageTelemetry(IMeterFactory meters) =>
        duration = meters.Create(MeterName).CreateHistogram<double>(
            "mailcloud.azurestorage.operation.duration", "s", "From an attempt's first octet to the head of its answer.");

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        var started = Stopwatch.GetTimestamp();
        var outcome = "unanswered";
        try
        {
            await ProcessNextAsync(message, pipeline).ConfigureAwait(false);
            outcome = message.HasResponse ? StatusText(message.Response.Status) : outcome;
        }
        finally
        {
            duration.Record(
                Stopwatch.GetElapsedTime(started).TotalSeconds,
                new KeyValuePair<string, object?>("operation", StorageOperation.NameOf(message.Request.Method.Method, message.Request.Uri.Query)), new KeyValuePair<string, object?>("outcome", outcome));
        }
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => ProcessNext(message, pipeline);

    /// <summary>Few texts, as each makes a series: the codes that are answered in the course of work, and classes of the others.</summary>
    private static string StatusText(int status) => status switch
    {
        < 300 => "ok",
        404 => "missing",
        304 or 409 or 412 => "condition",
        503 or 429 => "busy",
        < 500 => "refused",
        _ => "error",
    };
}
