using System.Net;

namespace MailCloud.OutboundRelay.Smtp;

/// <summary>Log events 7100–7199. Never a line of AUTH or a message's content.</summary>
internal static partial class SmtpClientLog
{
    [LoggerMessage(7101, LogLevel.Debug, "session with {Host}[{Address}], {Tls}")]
    public static partial void Opened(this ILogger log, string host, IPAddress address, string tls);

    [LoggerMessage(7102, LogLevel.Debug, "no session with {Host}[{Address}]: {Reason}")]
    public static partial void NoSession(this ILogger log, string host, IPAddress address, string reason);

    [LoggerMessage(7103, LogLevel.Information, "{Host}[{Address}] is tried again in clear: {Reason}")]
    public static partial void FallsBack(this ILogger log, string host, IPAddress address, string reason);

    [LoggerMessage(7104, LogLevel.Warning, "{Host} refuses the login of {User}: {Reply}")]
    public static partial void LoginRefused(this ILogger log, string host, string user, string reply);

    [LoggerMessage(7105, LogLevel.Debug, "{Host} broke off: {Reason}")]
    public static partial void BrokeOff(this ILogger log, string host, string reason);

    [LoggerMessage(7106, LogLevel.Error, "a message for {Host} cannot be read, the connection is ended within it")]
    public static partial void BodyUnreadable(this ILogger log, string host, Exception error);
}
