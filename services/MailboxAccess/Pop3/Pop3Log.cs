namespace MailCloud.MailboxAccess.Pop3;

/// <summary>Log events 3000-3999. Commands are named by their verb only: arguments may be passwords.</summary>
internal static partial class Pop3Log
{
    [LoggerMessage(3001, LogLevel.Information, "{Connection} logged in as {Account}")]
    public static partial void LoggedIn(this ILogger log, string connection, string account);

    // Only an account's name is logged: what is none may be a password in the wrong field.
    [LoggerMessage(3002, LogLevel.Information, "{Connection} from {Remote} failed to log in as {Account}")]
    public static partial void LoginFailed(this ILogger log, string connection, string remote, string account);

    [LoggerMessage(3003, LogLevel.Warning, "{Connection} {Verb}: the mailbox did not answer")]
    public static partial void Unavailable(this ILogger log, string connection, string verb, Exception error);

    [LoggerMessage(3004, LogLevel.Error, "{Connection} {Verb} failed")]
    public static partial void CommandFailed(this ILogger log, string connection, string verb, Exception error);

    [LoggerMessage(3005, LogLevel.Debug, "{Connection} ended: {Why}")]
    public static partial void Ended(this ILogger log, string connection, string why);

    [LoggerMessage(3006, LogLevel.Error, "{Connection} ended within a message")]
    public static partial void MessageBroken(this ILogger log, string connection, Exception error);

    [LoggerMessage(3007, LogLevel.Warning, "{Connection}: another session has the maildrop of {Account} by now; nothing will be removed for this one")]
    public static partial void MaildropLost(this ILogger log, string connection, string account);

    [LoggerMessage(3008, LogLevel.Warning, "{Connection}: the maildrop of {Account} could not be held or given back; it is tried again, or free within a minute")]
    public static partial void MaildropUnavailable(this ILogger log, string connection, string account, Exception error);

    [LoggerMessage(3010, LogLevel.Information, "{Connection} not logged in: {Account} is suspended")]
    public static partial void Suspended(this ILogger log, string connection, string account);

    [LoggerMessage(3011, LogLevel.Information, "{Connection} not logged in: the tenant of {Account} has too many sessions here")]
    public static partial void TooManySessions(this ILogger log, string connection, string account);

    [LoggerMessage(3009, LogLevel.Information, "{Address} turned away: too many connections")]
    public static partial void TurnedAway(this ILogger log, string address);
}
