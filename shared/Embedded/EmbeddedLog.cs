using Microsoft.Extensions.Logging;

namespace MailCloud.Embedded;

/// <summary>Log events 6000-6999.</summary>
internal static partial class EmbeddedLog
{
    [LoggerMessage(6000, LogLevel.Information, "Storage {Directory} opened: {Waiting} queue entries, {Parked} parked, synchronous={Synchronous}")]
    public static partial void Opened(this ILogger logger, string directory, long waiting, long parked, string synchronous);

    [LoggerMessage(6001, LogLevel.Warning, "A write failed within a group of {Requests}; they are committed one by one")]
    public static partial void GroupFailed(this ILogger logger, Exception error, int requests);

    [LoggerMessage(6002, LogLevel.Error, "A commit of {Requests} writes failed; all of them are in doubt")]
    public static partial void CommitFailed(this ILogger logger, Exception error, int requests);

    [LoggerMessage(6003, LogLevel.Information, "Removed {Count} unfinished uploads of an earlier run")]
    public static partial void RemovedUnfinished(this ILogger logger, int count);

    [LoggerMessage(6004, LogLevel.Warning, "File {File} of a deleted blob could not be removed; the sweep will find it")]
    public static partial void FileNotRemoved(this ILogger logger, Exception error, string file);
}
