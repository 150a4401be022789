using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;

namespace MailCloud.Mailboxes.Emails;

/// <summary>What an Email is of the messages that it consists of: several when IMAP copied it.</summary>
internal static class MergedEmail
{
    /// <summary>\Seen when all have it, every other flag when one has it. \Deleted is no flag of an Email: it is IMAP's way to remove one place of it.</summary>
    public static MessageFlags Flags(IReadOnlyList<EmailPlace> places)
    {
        var (some, all) = (MessageFlags.None, (MessageFlags)ulong.MaxValue);
        foreach (var place in places)
        {
            some |= place.Flags.Flags;
            all &= place.Flags.Flags;
        }

        return ((some & ~MessageFlags.Seen) | (all & MessageFlags.Seen)) & ~MessageFlags.Deleted;
    }

    /// <summary>Those that it is in, ascending.</summary>
    public static int[] Folders(IReadOnlyList<EmailPlace> places) => [.. places.Select(p => p.Folder.Id).Distinct().Order()];
}
