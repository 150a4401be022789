using Microsoft.Extensions.Logging;

namespace MailCloud.Standing;

/// <summary>Events 6700 to 6799; README.md lists them.</summary>
internal static partial class StandingLog
{
    [LoggerMessage(6700, LogLevel.Warning, "changes of accounts and tenants cannot be asked for; it is tried again")]
    public static partial void NotTold(this ILogger log, Exception error);

    [LoggerMessage(6701, LogLevel.Warning, "logins of {Account} cannot be told to it, and will not stand in its history")]
    public static partial void LoginsNotTold(this ILogger log, string account, Exception error);
}
