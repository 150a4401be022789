using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;

namespace MailCloud.Mailboxes.Emails;

/// <summary>A row of an Email, and what conditions and orders ask of the whole Email.</summary>
/// <param name="Flags">Of the Email: those of its rows merged, without \Deleted.</param>
/// <param name="Copies">All its rows; null: this is the only one.</param>
internal readonly record struct EmailFacts(int Folder, MessageRow Row, MessageFlags Flags, ulong Thread, EmailCopies? Copies)
{
    public bool IsIn(int folder) => Copies is null ? Folder == folder : Copies.IsIn(folder);

    public bool IsOnlyIn(int[] folders) => Copies is null ? folders.Contains(Folder) : Copies.IsOnlyIn(folders);

    /// <summary>True for one row of the Email among those in some folders: the first by folder and UID. Null: all folders.</summary>
    public bool StandsForIt(HashSet<int>? folders) => Copies is null || Copies.First(folders) == (Folder, Row.Uid);
}

/// <summary>The rows of an Email that has several.</summary>
internal sealed class EmailCopies
{
    private readonly List<(int Folder, uint Uid)> rows = [];
    private MergedFlags merged;

    public IReadOnlyList<(int Folder, uint Uid)> Rows => rows;

    public MessageFlags Flags => merged.Flags;

    public void Add(int folder, uint uid, MessageFlags flags)
    {
        rows.Add((folder, uid));
        merged.Add(flags);
    }

    public bool IsIn(int folder) => rows.Exists(r => r.Folder == folder);

    public bool IsOnlyIn(int[] folders) => rows.TrueForAll(r => folders.Contains(r.Folder));

    public (int Folder, uint Uid) First(HashSet<int>? folders) => rows.Where(r => folders?.Contains(r.Folder) ?? true).Min();
}
