using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Spool;

/// <summary>When a waiting recipient is tried again.</summary>
internal static class SpoolSchedule
{
    // RFC 5321 §4.5.4.1: at least 30 minutes between tries in the long run, sooner at first; two tries in the first hour. Greylisting ends within minutes,
    // so the first steps are short; four hours at the end is Postfix' maximal_backoff_time of 4,000 s, rounded up.
    private static readonly TimeSpan[] Delays =
    [
        TimeSpan.FromMinutes(1),
        TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(15),
        TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(1),
        TimeSpan.FromHours(2),
        TimeSpan.FromHours(4),
    ];

    /// <summary>
    /// When an entry is due again after an attempt now: on the schedule, or when the time is up within which its sender wants it delivered or to be told (RFC 2852 §4.1.3), if that is sooner.
    /// </summary>
    public static DateTimeOffset NextOf(SpoolEntry entry, DateTimeOffset now)
    {
        var scheduled = now + DelayAfter(entry.Attempts + 1);
        return entry.Message.Envelope.DeliverBy is { } by && by.Deadline > now && by.Deadline < scheduled ? by.Deadline : scheduled;
    }

    /// <param name="attempts">Attempts made so far, at least 1.</param>
    private static TimeSpan DelayAfter(int attempts) => Delays[Math.Clamp(attempts, 1, Delays.Length) - 1];
}
