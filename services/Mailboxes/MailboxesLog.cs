namespace MailCloud.Mailboxes;

/// <summary>Log events 3000–3999.</summary>
internal static partial class MailboxesLog
{
    [LoggerMessage(3000, LogLevel.Warning, "journal {Journal} is in doubt; the activation ends and the next one reloads")]
    public static partial void JournalInDoubt(ILogger logger, string journal, Exception reason);
}
