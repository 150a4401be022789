using MailCloud.Messages;
using MailCloud.Standing;

namespace MailCloud.SmtpIngress;

/// <summary>Log events 1000–1999. Never a password, a line of AUTH or a message's content.</summary>
internal static partial class SmtpLog
{
    [LoggerMessage(1001, LogLevel.Information, "{Id} accepted for {Tenant}: {Octets} octets, {Recipients} recipients, from {Sender} with priority {Priority} by {Session}")]
    public static partial void Accepted(this ILogger log, DeliveryId id, TenantId tenant, long octets, int recipients, string sender, int priority, string session);

    [LoggerMessage(1002, LogLevel.Debug, "{Session} refused {Verb}: {Code} {Enhanced}")]
    public static partial void Refused(this ILogger log, string session, string verb, int code, string enhanced);

    [LoggerMessage(1003, LogLevel.Error, "{Id} is in doubt: storage or queue failed, answered 451")]
    public static partial void InDoubt(this ILogger log, DeliveryId id, Exception error);

    [LoggerMessage(1004, LogLevel.Warning, "{Id} refused for want of room, answered 452")]
    public static partial void NoRoom(this ILogger log, DeliveryId id, Exception error);

    [LoggerMessage(1005, LogLevel.Warning, "the directory or a mailbox does not answer")]
    public static partial void DirectoryAway(this ILogger log, Exception error);

    [LoggerMessage(1006, LogLevel.Information, "{Session} authenticated as {Account}")]
    public static partial void Authenticated(this ILogger log, string session, string account);

    // Only an account's name is logged: what is none may be a password in the wrong field.
    [LoggerMessage(1007, LogLevel.Information, "{Session} from {Address} failed to authenticate as {Account}")]
    public static partial void AuthenticationFailed(this ILogger log, string session, string address, string account);

    [LoggerMessage(1012, LogLevel.Information, "{Session} not authenticated: {Account}, {Refusal}")]
    public static partial void NotAdmitted(this ILogger log, string session, string account, AdmissionRefusal refusal);

    [LoggerMessage(1008, LogLevel.Debug, "{Session} broke off: {Reason}")]
    public static partial void BrokenOff(this ILogger log, string session, string reason);

    [LoggerMessage(1009, LogLevel.Error, "{Session} ended by an unforeseen error")]
    public static partial void Unforeseen(this ILogger log, string session, Exception error);

    [LoggerMessage(1010, LogLevel.Information, "{Address} turned away: {Reason}")]
    public static partial void TurnedAway(this ILogger log, string address, string reason);

    [LoggerMessage(1011, LogLevel.Warning, "nobody is postmaster: make postmaster@{Domain}")]
    public static partial void NoPostmaster(this ILogger log, string domain);
}
