using Microsoft.Extensions.Logging;

namespace MailCloud.Tracing;

/// <summary>Log events 6300 to 6399.</summary>
internal static partial class TracingLog
{
    [LoggerMessage(6300, LogLevel.Warning, "{Events} events of what became of messages were dropped: they came faster than they could be recorded")]
    public static partial void Dropped(ILogger logger, long events);

    [LoggerMessage(6301, LogLevel.Warning, "{Events} events of what became of messages were dropped: {Shard} does not answer")]
    public static partial void NotTaken(ILogger logger, string shard, int events, Exception reason);
}
