using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes;

/// <summary>Section <c>Mailboxes</c>.</summary>
public sealed record MailboxesOptions
{
    /// <summary>Octets of chunk rows and flags kept in memory by one process: about 700 chunks, that is 3 million messages in use.</summary>
    public long ChunkCacheBytes { get; init; } = 192 * 1024 * 1024;

    /// <summary>How long replaced events are kept, so that a mailbox can be restored to a moment (Fastmail keeps backups for a week).</summary>
    public TimeSpan ArchiveRetention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How far above its quota a mailbox takes mail that RCPT had promised room for, percent (Dovecot's quota_grace).</summary>
    public int QuotaGracePercent { get; init; } = 10;

    /// <summary>Age from which the sweep deletes a body that no owner holds: longer than the 14 days in which it may still be filed.</summary>
    public TimeSpan SweepAbandonedAfter { get; init; } = TimeSpan.FromDays(15);

    /// <summary>Age from which the sweep deletes a body that every owner has released, and replaced parts of a grain's state.</summary>
    public TimeSpan SweepReleasedAfter { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a deleted address can be restored, with all that it has. Google Workspace has 20 days, Exchange Online 30; who closes an account wants its mail gone.</summary>
    public TimeSpan DeletedFor { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How often the sweep runs by itself: its walk over all bodies is worth one a day, and no grace is shorter than an hour.</summary>
    public TimeSpan SweepEvery { get; init; } = TimeSpan.FromDays(1);

    /// <summary>
    /// True where the relays run in this process, as in AllInOne: they die with it, so that after a start nothing that was granted or leased to them is in use. Else limits and outbound
    /// leases wait 15 s, the time for which a grant holds.
    /// </summary>
    public bool RelaysInProcess { get; init; }

    /// <summary>After how long a new DKIM key signs by itself: a record's absence is remembered by resolvers for up to a day (RFC 2308 §5 advises at most three hours, and SOAs say a day).</summary>
    public TimeSpan DkimSignsAfter { get; init; } = TimeSpan.FromDays(2);

    /// <summary>Folders that a new account has beside INBOX, with their special use (RFC 6154): what mail clients look for first.</summary>
    public IReadOnlyList<NewFolder> NewFolders { get; init; } =
    [
        new("Archive", "\\Archive"),
        new("Drafts", "\\Drafts"),
        new("Junk", "\\Junk"),
        new("Sent", "\\Sent"),
        new("Trash", "\\Trash"),
    ];
}
