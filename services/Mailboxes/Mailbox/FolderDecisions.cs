using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>Decides CREATE, DELETE and RENAME (RFC 3501 §6.3.3–6.3.5) on the folders as they are now.</summary>
internal sealed class FolderDecisions(MailboxState state, Guid operation, DateTimeOffset now)
{
    /// <summary>More than any person keeps; it bounds the manifest.</summary>
    public const int MaxFolders = 5000;

    private readonly List<MailboxOperation> recorded = [];
    private int nextId = state.NextFolderId;
    private uint nextUidValidity = state.NextUidValidity;

    /// <summary>What to record; empty unless the decision was <see cref="FolderResult.Done"/>.</summary>
    public IReadOnlyList<MailboxOperation> Recorded => recorded;

    public FolderResult Create(NewFolder folder)
    {
        if (FolderName.ForNew(folder.Name) is not { } name)
        {
            return FolderResult.InvalidName;
        }

        if (state.FindFolder(name) is not null)
        {
            return FolderResult.Exists;
        }

        if (!AddAbove(name))
        {
            return FolderResult.TooMany;
        }

        Add(name, folder.SpecialUse);
        return FolderResult.Done;
    }

    public FolderResult Delete(string name)
    {
        var canonical = FolderName.Canonical(name);
        if (canonical == FolderName.Inbox)
        {
            return FolderResult.NotPermitted;
        }

        if (state.FindFolder(canonical) is { } folder)
        {
            recorded.Add(new FolderDeleted { FolderId = folder.Id, Operation = operation, At = now, ModSeq = NextModSeq });
            return FolderResult.Done;
        }

        // A level that is no folder of its own goes with the folders below it (RFC 3501 §6.3.4).
        return Below(canonical).Any() ? FolderResult.NotPermitted : FolderResult.NoSuchFolder;
    }

    public FolderResult Rename(string name, string newName)
    {
        var from = FolderName.Canonical(name);
        var folders = from == FolderName.Inbox ? [] : state.Folders.Values.Where(f => f.Name == from).Concat(Below(from)).ToArray();
        if (folders.Length == 0 && from != FolderName.Inbox)
        {
            return FolderResult.NoSuchFolder;
        }

        if (FolderName.ForNew(newName) is not { } to || (FolderName.IsBelow(to, from) && from != FolderName.Inbox))
        {
            return FolderResult.InvalidName;
        }

        var renamed = Array.ConvertAll(folders, f => (Folder: f, Name: FolderName.ForNew(to + f.Name[from.Length..])));
        if (Array.Exists(renamed, r => r.Name is null))
        {
            return FolderResult.InvalidName;
        }

        if (state.FindFolder(to) is not null || Array.Exists(renamed, r => state.FindFolder(r.Name!) is not null))
        {
            return FolderResult.Exists;
        }

        if (!AddAbove(to))
        {
            return FolderResult.TooMany;
        }

        recorded.Add(from == FolderName.Inbox
            ? new InboxRenamed { FolderId = nextId++, Name = to, UidValidity = nextUidValidity++, Operation = operation, At = now, ModSeq = NextModSeq }
            : new FoldersRenamed { Folders = Array.ConvertAll(renamed, r => Renamed(r.Folder, r.Name!)), Operation = operation, At = now, ModSeq = NextModSeq });
        return FolderResult.Done;
    }

    private long NextModSeq => state.ModSeq + recorded.Count + 1;

    private IEnumerable<Folder> Below(string name) => state.Folders.Values.Where(f => FolderName.IsBelow(f.Name, name));

    // Makes the levels above a new name that are missing. False: with the new one they would be too many.
    private bool AddAbove(string name)
    {
        var missing = FolderName.Above(name).Where(parent => state.FindFolder(parent) is null).ToList();
        if (state.Folders.Count + missing.Count + 1 > MaxFolders)
        {
            return false;
        }

        missing.ForEach(parent => Add(parent, null));
        return true;
    }

    private void Add(string name, string? specialUse) => recorded.Add(new FolderCreated
    {
        FolderId = nextId++,
        Name = name,
        SpecialUse = specialUse,
        UidValidity = nextUidValidity++,
        Operation = operation,
        At = now,
        ModSeq = NextModSeq,
    });

    private RenamedFolder Renamed(Folder folder, string name) =>
        new(folder.Id, name, state.Retired.Allows(name, folder.UidValidity) ? folder.UidValidity : nextUidValidity++);
}
