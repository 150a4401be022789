namespace MailCloud.Mailboxes.Emails;

/// <summary>A mailbox by messages instead of by folders and UIDs: one class for each kind of question. It lives as long as the activation, and so does what they remember.</summary>
internal sealed class MailboxByEmail
{
    public MailboxByEmail(EmailMailbox mailbox)
    {
        Threads = new(mailbox);
        Reader = new(mailbox);
        Changes = new(mailbox);
        Folders = new(mailbox, Threads);
        Queries = new(mailbox, Threads, Reader);
        Writes = new(mailbox);
        FolderWrites = new(mailbox);
    }

    public EmailReader Reader { get; }

    public EmailChangeReader Changes { get; }

    public EmailFolderReader Folders { get; }

    public EmailThreads Threads { get; }

    public EmailQueries Queries { get; }

    public EmailWrites Writes { get; }

    public EmailFolderWrites FolderWrites { get; }

    /// <summary>What is kept for the next questions goes.</summary>
    public void Drop()
    {
        Threads.Drop();
        Queries.Drop();
    }
}
