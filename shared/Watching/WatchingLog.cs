using Microsoft.Extensions.Logging;

namespace MailCloud.Watching;

/// <summary>Events 6800 to 6899; README.md lists them.</summary>
internal static partial class WatchingLog
{
    [LoggerMessage(6800, LogLevel.Warning, "mailbox {Account} cannot be watched; it is tried again")]
    public static partial void WatchFailed(this ILogger log, string account, Exception error);
}
