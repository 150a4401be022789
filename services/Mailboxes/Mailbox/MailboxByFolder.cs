using MailCloud.Mailboxes.Emails;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>A mailbox by folders and UIDs, as IMAP and POP3 see it: one class for each kind of question. It lives as long as the activation.</summary>
internal sealed class MailboxByFolder
{
    public MailboxByFolder(EmailMailbox mailbox, MaildropLease lease)
    {
        Views = new(mailbox);
        Writes = new(mailbox);
        Messages = new(mailbox);
        Maildrop = new(mailbox, Messages, lease);
    }

    public FolderViews Views { get; }

    public FolderWrites Writes { get; }

    public MessageWrites Messages { get; }

    public Maildrop Maildrop { get; }
}
