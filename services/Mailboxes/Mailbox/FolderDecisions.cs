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
        if (state.Operations.ContainsKey(operation))
        {
            return FolderResult.Done;
        }

        if (FolderName.ForNew(folder.Name) is not { } name)
        {
            return FolderResult.InvalidName;
        }

        if (state.FindFolder(name) is not null)
        {
            return FolderResult.Exists;
        }

        var parents = MissingAbove(name);
        return Enough(parents.Count + 1) ?? Do(() =>
        {
            parents.ForEach(parent => Add(parent, null));
            Add(name, folder.SpecialUse);
        });
    }

    public FolderResult Delete(string name)
    {
        if (state.Operations.ContainsKey(operation))
        {
            return FolderResult.Done;
        }

        var canonical = FolderName.Canonical(name);
        if (canonical == FolderName.Inbox)
        {
            return FolderResult.NotPermitted;
        }

        if (state.FindFolder(canonical) is { } folder)
        {
            return Do(() => recorded.Add(new FolderDeleted { FolderId = folder.Id, Operation = operation, At = now, ModSeq = NextModSeq }));
        }

        // A level that is no folder of its own goes with the folders below it (RFC 3501 §6.3.4).
        return Below(canonical).Any() ? FolderResult.NotPermitted : FolderResult.NoSuchFolder;
    }

    public FolderResult Rename(string name, string newName)
    {
        if (state.Operations.ContainsKey(operation))
        {
            return FolderResult.Done;
        }

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

        var parents = MissingAbove(to);
        return Enough(parents.Count + 1) ?? Do(() =>
        {
            parents.ForEach(parent => Add(parent, null));
            recorded.Add(from == FolderName.Inbox
                ? new InboxRenamed { FolderId = nextId++, Name = to, UidValidity = nextUidValidity++, Operation = operation, At = now, ModSeq = NextModSeq }
                : new FoldersRenamed { Folders = Array.ConvertAll(renamed, r => Renamed(r.Folder, r.Name!)), Operation = operation, At = now, ModSeq = NextModSeq });
        });
    }

    private long NextModSeq => state.ModSeq + recorded.Count + 1;

    private static FolderResult Do(Action decide)
    {
        decide();
        return FolderResult.Done;
    }

    private FolderResult? Enough(int more) => state.Folders.Count + more > MaxFolders ? FolderResult.TooMany : null;

    private IEnumerable<Folder> Below(string name) => state.Folders.Values.Where(f => FolderName.IsBelow(f.Name, name));

    private List<string> MissingAbove(string name) => [.. FolderName.Above(name).Where(parent => state.FindFolder(parent) is null)];

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
