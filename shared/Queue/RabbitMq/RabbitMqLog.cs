using Microsoft.Extensions.Logging;

namespace MailCloud.Queue.RabbitMq;

/// <summary>Log events 6200-6299.</summary>
internal static partial class RabbitMqLog
{
    [LoggerMessage(6200, LogLevel.Information, "Queue, {Purpose}: connected to {EndPoint}")]
    public static partial void Connected(ILogger logger, string purpose, string endPoint);

    [LoggerMessage(6201, LogLevel.Error, "Queue, {Purpose}: not connected: {Reason}; it is tried again")]
    public static partial void NotConnected(ILogger logger, string purpose, string reason);

    [LoggerMessage(6202, LogLevel.Warning, "Queue, {Purpose}: the connection was lost: {Reason}")]
    public static partial void Lost(ILogger logger, string purpose, string reason, Exception? error);

    [LoggerMessage(6203, LogLevel.Error, "Queue, {Purpose}: the broker takes no entries: {Reason}")]
    public static partial void Blocked(ILogger logger, string purpose, string reason);

    [LoggerMessage(6204, LogLevel.Information, "Queue, {Purpose}: the broker takes entries again")]
    public static partial void Unblocked(ILogger logger, string purpose);

    [LoggerMessage(6205, LogLevel.Error, "Queue, {Purpose}: the connection is given up and made again: {Reason}")]
    public static partial void Abandoned(ILogger logger, string purpose, string reason);

    [LoggerMessage(6206, LogLevel.Debug, "The channel for publishing ended: {Reason}; what is unconfirmed is in doubt")]
    public static partial void PublishingEnded(ILogger logger, string reason);

    [LoggerMessage(6207, LogLevel.Debug, "A consumer's channel was gone before its orderly end; what it held comes again")]
    public static partial void ConsumerNotEnded(ILogger logger, Exception error);

    [LoggerMessage(6208, LogLevel.Error, "Entry {MessageId} cannot be read by this build; it waits for one that can")]
    public static partial void Unreadable(ILogger logger, string messageId, Exception error);

    [LoggerMessage(6209, LogLevel.Warning, "Another process asked what this consumer holds and got no answer")]
    public static partial void NotAnswered(ILogger logger, Exception error);
}
