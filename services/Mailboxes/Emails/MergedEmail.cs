using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;

namespace MailCloud.Mailboxes.Emails;

/// <summary>What an Email is of the messages that it consists of: several when IMAP copied it.</summary>
internal static class MergedEmail
{
    public static MessageFlags Flags(IReadOnlyList<EmailPlace> places)
    {
        var merged = default(MergedFlags);
        foreach (var place in places)
        {
            merged.Add(place.Flags.Flags);
        }

        return merged.Flags;
    }

    /// <summary>Those that it is in, ascending.</summary>
    public static int[] Folders(IReadOnlyList<EmailPlace> places) => [.. places.Select(p => p.Folder.Id).Distinct().Order()];
}
