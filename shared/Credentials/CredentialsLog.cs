using Microsoft.Extensions.Logging;

namespace MailCloud.Credentials;

/// <summary>Log events 8100–8199. Never a password, and a name only when it is an account's: passwords are typed as names.</summary>
internal static partial class CredentialsLog
{
    [LoggerMessage(8101, LogLevel.Warning, "many failed logins of {Account}: it is slowed for networks from which it has not logged in lately")]
    public static partial void AccountSlowed(this ILogger log, string account);

    [LoggerMessage(8102, LogLevel.Warning, "many failed logins from {Network}: it is slowed")]
    public static partial void NetworkSlowed(this ILogger log, string network);
}
