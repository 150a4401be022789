using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Emails;

/// <summary>The flags of an Email from those of its messages: \Seen when all have it, every other flag when one has it. \Deleted is no flag of an Email: it is IMAP's way to remove one place of it.</summary>
internal struct MergedFlags
{
    private MessageFlags some;
    private bool someUnseen;

    public readonly MessageFlags Flags => some & ~MessageFlags.Deleted & (someUnseen ? ~MessageFlags.Seen : (MessageFlags)ulong.MaxValue);

    public void Add(MessageFlags flags)
    {
        some |= flags;
        someUnseen |= (flags & MessageFlags.Seen) == 0;
    }
}
