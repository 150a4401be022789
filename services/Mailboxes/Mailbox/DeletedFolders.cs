namespace MailCloud.Mailboxes.Mailbox;

/// <summary>Folders that were deleted, in the order of their modseqs. Of the oldest only the last modseq is kept.</summary>
internal sealed class DeletedFolders
{
    /// <summary>More than a client is away for; 20 kB of the manifest.</summary>
    private const int Max = 1000;

    private readonly Queue<DeletedFolder> all = new();

    public IReadOnlyCollection<DeletedFolder> All => all;

    /// <summary>All that were deleted after this modseq are here.</summary>
    public long Forgotten { get; private set; }

    public void Add(DeletedFolder folder)
    {
        all.Enqueue(folder);
        if (all.Count > Max)
        {
            ForgetBefore(all.Dequeue().ModSeq);
        }
    }

    /// <summary>What happened up to a modseq is not known whole.</summary>
    public void ForgetBefore(long modSeq) => Forgotten = Math.Max(Forgotten, modSeq);

    public static DeletedFolders From(MailboxManifest manifest)
    {
        var folders = new DeletedFolders { Forgotten = manifest.ForgottenFolders };
        foreach (var folder in manifest.DeletedFolders)
        {
            folders.all.Enqueue(folder);
        }

        return folders;
    }
}
