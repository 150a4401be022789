using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes;

/// <summary>Log events 3000–3999.</summary>
internal static partial class MailboxesLog
{
    [LoggerMessage(3000, LogLevel.Warning, "journal {Journal} is in doubt; the activation ends and the next one reloads")]
    public static partial void JournalInDoubt(ILogger logger, string journal, Exception reason);

    [LoggerMessage(3001, LogLevel.Information, "swept: {Summary}")]
    public static partial void Swept(ILogger logger, string summary);

    [LoggerMessage(3002, LogLevel.Error, "the sweep broke off; it runs again at its next time")]
    public static partial void SweepFailed(ILogger logger, Exception reason);

    [LoggerMessage(3003, LogLevel.Warning, "mailbox {Account} could not release bodies that it needs no more; it tries again with its next change")]
    public static partial void BodiesNotReleased(ILogger logger, string account, Exception reason);

    [LoggerMessage(3009, LogLevel.Warning, "{Address} does not say what became of a change that it has claimed room for; it is asked again")]
    public static partial void ClaimUnresolved(ILogger logger, string address, Exception reason);

    [LoggerMessage(3010, LogLevel.Error, "{Deleted} was deleted and could not be removed for good; the next sweep tries again")]
    public static partial void NotPurged(ILogger logger, string deleted, Exception reason);

    [LoggerMessage(3004, LogLevel.Warning, "an edge with live sessions does not answer; it is not asked again until it renews")]
    public static partial void EdgeSilent(ILogger logger, Exception reason);

    [LoggerMessage(3006, LogLevel.Warning, "{Provider} is left alone until {Until:u}: {Reply}")]
    public static partial void ProviderPaused(ILogger logger, string provider, DateTimeOffset until, string? reply);

    [LoggerMessage(3007, LogLevel.Information, "{Provider} takes fewer connections: {Connections} at a time from now on ({Reply})")]
    public static partial void ProviderLimited(ILogger logger, string provider, int connections, string? reply);

    [LoggerMessage(3008, LogLevel.Information, "{Provider} takes connections again")]
    public static partial void ProviderResumed(ILogger logger, string provider);

    [LoggerMessage(3005, LogLevel.Error, "small parts of {Journal} could not be read to be merged; verify says what is missing")]
    public static partial void SpoolNotMerged(ILogger logger, string journal, Exception reason);

    [LoggerMessage(3030, LogLevel.Warning, "job {Job} broke off; it goes on in some seconds")]
    public static partial void JobBrokeOff(ILogger logger, string job, Exception reason);

    [LoggerMessage(3031, LogLevel.Error, "job {Job} does not answer its queue; it is asked again")]
    public static partial void JobSilent(ILogger logger, string job, Exception reason);

    [LoggerMessage(3032, LogLevel.Warning, "jobs of kind {Kind} cannot be called; they are called again in some seconds")]
    public static partial void JobsNotPoked(ILogger logger, JobKind kind, Exception reason);
}
