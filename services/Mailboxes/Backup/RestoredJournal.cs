using MailCloud.Backup;
using MailCloud.Journal;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Mailboxes.Submissions;
using MailCloud.Mailboxes.Vacation;
using MailCloud.Messages;
using Orleans.Serialization;

namespace MailCloud.Mailboxes.Backup;

/// <summary>
/// Brings one journal of a backup back. A mailbox's goes on above all UIDs and modseqs that can have been given since it was taken: were they given again, a client would take new mail for what it has
/// (RFC 9051 §2.3.1.1), and a POP3 client would never load it. The states of identities, submissions and vacation responses (RFC 8620 §5.1) go on above theirs, or a client would not see what it undid.
/// </summary>
internal static class RestoredJournal
{
    /// <summary>More than any folder gets between two backups; a folder has room for four thousand restores.</summary>
    private const uint UidGap = 1 << 20;

    /// <summary>A mailbox has room for two billion.</summary>
    private const long ModSeqGap = 1L << 32;

    /// <summary>Octets of its events; null when the backup has none.</summary>
    public static async Task<long?> CopyAsync(IJournal from, IJournal to, Serializer serializer, string name, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (await JournalCopy.CopyAsync(from, to, name, cancellationToken) is not { } octets)
        {
            return null;
        }

        if (Restored(serializer, name, now) is { } restored)
        {
            _ = await to.AppendAsync(name, await to.OpenAsync(name, cancellationToken), [restored], cancellationToken)
                ?? throw new JournalMovedException(name, "somebody else writes where it is restored");
        }

        return octets;
    }

    /// <summary>The event that tells a grain of it; null where nobody goes by what it has counted.</summary>
    private static byte[]? Restored(Serializer serializer, string name, DateTimeOffset now) => name[..(name.IndexOf('/', StringComparison.Ordinal) + 1)] switch
    {
        BackupParts.Mailboxes => serializer.Encode<MailboxEvent>(new MailboxRestored { At = now, UidGap = UidGap, ModSeqGap = ModSeqGap }),
        "submissions/" => serializer.Encode<SubmissionsEvent>(new StatesRaised(now, OfIdentities: true, OfSubmissions: true)),
        "vacation/" => serializer.Encode<VacationEvent>(new VacationRestored(now)),
        _ => null,
    };
}
