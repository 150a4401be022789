namespace MailCloud.MailboxAccess.Imap;

/// <summary>Log events 2000-2999. Commands are named by their verb only: arguments may be passwords or mail.</summary>
internal static partial class ImapLog
{
    [LoggerMessage(2001, LogLevel.Information, "{Connection} logged in as {Account}")]
    public static partial void LoggedIn(this ILogger log, string connection, string account);

    // Only an account's name is logged: what is none may be a password in the wrong field.
    [LoggerMessage(2002, LogLevel.Information, "{Connection} from {Remote} failed to log in as {Account}")]
    public static partial void LoginFailed(this ILogger log, string connection, string remote, string account);

    [LoggerMessage(2003, LogLevel.Warning, "{Connection} {Verb}: the mailbox did not answer")]
    public static partial void Unavailable(this ILogger log, string connection, string verb, Exception error);

    [LoggerMessage(2004, LogLevel.Error, "{Connection} {Verb} failed")]
    public static partial void CommandFailed(this ILogger log, string connection, string verb, Exception error);

    [LoggerMessage(2005, LogLevel.Debug, "{Connection} ended: {Why}")]
    public static partial void Ended(this ILogger log, string connection, string why);

    [LoggerMessage(2006, LogLevel.Error, "{Connection} ended within a response")]
    public static partial void MessageBroken(this ILogger log, string connection, Exception error);

    [LoggerMessage(2008, LogLevel.Warning, "who is logged in here cannot be made known, for SEND; it is tried again")]
    public static partial void TerminalsUnknown(this ILogger log, Exception error);

    [LoggerMessage(2011, LogLevel.Information, "{Address} turned away: too many connections")]
    public static partial void TurnedAway(this ILogger log, string address);

    [LoggerMessage(2012, LogLevel.Information, "{Connection} not logged in: {Account} has too many sessions from there, or its tenant here")]
    public static partial void TooManySessions(this ILogger log, string connection, string account);

    [LoggerMessage(2013, LogLevel.Information, "{Connection} not logged in: {Account} is suspended")]
    public static partial void Suspended(this ILogger log, string connection, string account);

    [LoggerMessage(2010, LogLevel.Error, "body {Body} cannot be read")]
    public static partial void BodyUnreadable(this ILogger log, string body, Exception error);

    [LoggerMessage(2020, LogLevel.Warning, "APPEND: the body {Body} was not stored")]
    public static partial void BodyNotStored(this ILogger log, string body, Exception error);

    [LoggerMessage(2021, LogLevel.Warning, "APPEND: the body {Body}, which the mailbox did not take, was not released; the sweep will find it")]
    public static partial void BodyNotReleased(this ILogger log, string body, Exception error);

    [LoggerMessage(2022, LogLevel.Warning, "APPEND: the body {Body} could not be parsed, it is one part to clients")]
    public static partial void NotParsed(this ILogger log, string body, Exception error);
}
