namespace MailCloud.OutboundRelay.Routing;

/// <summary>Log events 7200–7299. Never a password, a local part or what a policy host answered.</summary>
internal static partial class RoutingLog
{
    [LoggerMessage(7200, LogLevel.Debug, "mail to {Destination} goes nowhere: {Outcome}")]
    public static partial void Nowhere(this ILogger log, string destination, RelayOutcome outcome);

    [LoggerMessage(7201, LogLevel.Warning, "the directory does not say whether {Domain} is hosted here")]
    public static partial void DirectoryAway(this ILogger log, string domain, Exception error);

    [LoggerMessage(7202, LogLevel.Error, "the password for {Host} cannot be read from {File}")]
    public static partial void NoPassword(this ILogger log, string host, string file, Exception error);

    [LoggerMessage(7210, LogLevel.Information, "MTA-STS: the policy of {Domain} is {Mode}, id {Id}")]
    public static partial void PolicyFetched(this ILogger log, string domain, MtaStsMode mode, string id);

    [LoggerMessage(7211, LogLevel.Warning, "MTA-STS: the policy of {Domain} cannot be fetched (one is remembered: {IsRemembered}): {Reason}")]
    public static partial void PolicyNotFetched(this ILogger log, string domain, bool isRemembered, string reason);

    [LoggerMessage(7212, LogLevel.Information, "MTA-STS: the policy of {Domain} does not name its mail exchanger {Host}; its mode is {Mode}")]
    public static partial void NotInPolicy(this ILogger log, string domain, string host, MtaStsMode mode);

    [LoggerMessage(7220, LogLevel.Warning, "DANE: {Host} is not used, its TLSA records cannot be validated: {Reason}")]
    public static partial void TlsaNotValidated(this ILogger log, string host, string reason);
}
