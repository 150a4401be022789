using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>A mailbox in memory: its manifest's content and what its journal added. Changed only by <see cref="Apply"/> and by sealing.</summary>
internal sealed class MailboxState
{
    /// <summary>How long an operation's result is remembered: longer than any edge goes on repeating it.</summary>
    public static readonly TimeSpan OperationMemory = TimeSpan.FromHours(1);

    /// <summary>Twelve times the patience of an edge (Cluster:Patience), and five times the longest that may be set: what is younger is remembered, whatever its size.</summary>
    private static readonly TimeSpan OperationPatience = TimeSpan.FromMinutes(5);

    /// <summary>Numbers in the results of older operations: some 60 kB of the manifest.</summary>
    private const int MaxRememberedNumbers = 20_000;

    public bool Created { get; private set; }

    public long QuotaBytes { get; private set; }

    public long UsedBytes { get; private set; }

    public long ModSeq { get; private set; }

    public int NextFolderId { get; private set; } = 1;

    public uint NextUidValidity { get; private set; }

    public List<string> Keywords { get; } = [];

    public SortedDictionary<int, Folder> Folders { get; } = [];

    public FiledDeliveries Filed { get; private set; } = new();

    public Dictionary<Guid, RememberedOperation> Operations { get; private set; } = [];

    public List<ArchiveSegment> Archives { get; private set; } = [];

    /// <summary>Names that are subscribed to and have no folder (RFC 3501 §6.3.6: a name stays when its folder goes).</summary>
    public SortedSet<string> OrphanSubscriptions { get; } = new(StringComparer.Ordinal);

    public RetiredNames Retired { get; private set; } = new();

    public BodyReferences Bodies { get; private set; } = new();

    public List<ModSeqGap> ModSeqGaps { get; private set; } = [];

    public DepartureLog Departures { get; private set; } = new();

    public DeletedFolders DeletedFolders { get; private set; } = new();

    /// <summary>The last that was said of it; null: nothing yet.</summary>
    public VacationSwitch? Vacation { get; private set; }

    /// <summary>A folder by name; INBOX in any case (RFC 3501 §5.1).</summary>
    public Folder? FindFolder(string name)
    {
        var canonical = FolderName.Canonical(name);
        return Folders.Values.FirstOrDefault(f => f.Name == canonical);
    }

    /// <summary>
    /// From which modseq on who knows the mailbox up to one must be told of changes: from the beginning when that one was given at a time which a restore undid, as flags may have gone back and messages come back.
    /// </summary>
    public long ChangesFrom(long known) => ModSeqGaps.Exists(gap => known > gap.From && known < gap.To) ? 0 : known;

    /// <summary>Whether it can be told exactly which Emails came, changed and left after a modseq: not when it was given at a time that a restore undid, nor in one that is to come.</summary>
    public bool KnowsEmailsSince(long modSeq) => modSeq >= Departures.KnownFrom && modSeq <= ModSeq && ChangesFrom(modSeq) == modSeq;

    /// <summary>The same of folders.</summary>
    public bool KnowsFoldersSince(long modSeq) => modSeq >= DeletedFolders.Forgotten && KnowsEmailsSince(modSeq);

    /// <summary>Forgets operations whose edge has long stopped repeating them, sooner where they were many or large.</summary>
    public void ForgetOperations(DateTimeOffset now)
    {
        var numbers = 0;
        foreach (var operation in Operations.Values.Where(o => o.At <= now - OperationPatience).OrderByDescending(o => o.At).ToArray())
        {
            numbers += operation.Numbers;
            if (operation.At <= now - OperationMemory || numbers > MaxRememberedNumbers)
            {
                Operations.Remove(operation.Id);
            }
        }
    }

    public void Apply(MailboxEvent recorded)
    {
        switch (recorded)
        {
            case MailboxCreated e:
                ApplyCreated(e);
                break;
            case MailboxRestored e:
                ApplyRestored(e);
                break;
            case QuotaChanged e:
                QuotaBytes = e.QuotaBytes;
                Vacation = e.Vacation ?? Vacation;
                break;
            case MessageFiled e:
                ApplyFiled(e);
                break;
            case FlagsChanged e:
                ApplyFlags(e);
                break;
            case RecentClaimed e:
                Folders[e.FolderId].RecentFrom = e.RecentFrom;
                break;
            case SubscriptionChanged e:
                ApplySubscription(e);
                break;
            case DiscardRead e:
                ApplyDiscardRead(e);
                break;
            case BodiesReleased e:
                Bodies.Released(e.Bodies);
                break;
            case MailboxOperation e:
                Apply(e);
                break;
            default:
                throw new InvalidOperationException($"unknown mailbox event {recorded.GetType().Name}");
        }
    }

    private void Apply(MailboxOperation operation)
    {
        switch (operation)
        {
            case FolderCreated e:
                AddFolder(e.FolderId, e.Name, e.SpecialUse, e.UidValidity, e.ModSeq).SortOrder = e.SortOrder ?? 0;
                break;
            case FolderDeleted e:
                ApplyDeleted(e);
                break;
            case FoldersRenamed e:
                ApplyRenamed(e);
                break;
            case InboxRenamed e:
                FindFolder(FolderName.Inbox)!.GiveAllTo(AddFolder(e.FolderId, e.Name, null, e.UidValidity, e.ModSeq), e.ModSeq);
                break;
            case MessagesAppended e:
                ApplyAppended(e);
                break;
            case MessagesCopied e:
                ApplyCopied(e);
                break;
            case MessagesExpunged e:
                ApplyExpunged(e);
                break;
            default:
                throw new InvalidOperationException($"unknown mailbox operation {operation.GetType().Name}");
        }

        ModSeq = operation.ModSeq;
        Operations[operation.Operation] = operation.ToRemember();
    }

    public MailboxManifest ToManifest(IReadOnlyList<FiledDayManifest> filedDays) => new()
    {
        ModSeq = ModSeq,
        QuotaBytes = QuotaBytes,
        UsedBytes = UsedBytes,
        NextFolderId = NextFolderId,
        NextUidValidity = NextUidValidity,
        Keywords = [.. Keywords],
        Folders = [.. Folders.Values.Select(ToManifest)],
        FiledDays = filedDays,
        Operations = [.. Operations.Values],
        Archives = [.. Archives],
        OrphanSubscriptions = [.. OrphanSubscriptions],
        RetiredNames = Retired.ToManifest(),
        ForgottenUidValidity = Retired.Forgotten,
        ModSeqGaps = [.. ModSeqGaps],
        BodyCopies = Bodies.CopiesToManifest(),
        Outbox = [.. Bodies.Outbox],
        Discards = Bodies.DiscardsToManifest(),
        DeparturesFrom = Departures.KnownFrom,
        Departures = [.. Departures.Recent],
        DepartedSegments = [.. Departures.Segments.Select(s => new DepartedSegmentManifest(s.Blob, s.LastModSeq))],
        DeletedFolders = [.. DeletedFolders.All],
        ForgottenFolders = DeletedFolders.Forgotten,
        Vacation = Vacation,
    };

    public static MailboxState From(MailboxManifest manifest)
    {
        var state = new MailboxState
        {
            Created = true,
            QuotaBytes = manifest.QuotaBytes,
            UsedBytes = manifest.UsedBytes,
            ModSeq = manifest.ModSeq,
            NextFolderId = manifest.NextFolderId,
            NextUidValidity = manifest.NextUidValidity,
            Filed = FiledDeliveries.From(manifest.FiledDays),
            Operations = manifest.Operations.ToDictionary(o => o.Id),
            Archives = [.. manifest.Archives],
            Retired = RetiredNames.From(manifest),
            Bodies = BodyReferences.From(manifest),
            ModSeqGaps = [.. manifest.ModSeqGaps],
            Departures = DepartureLog.From(manifest),
            DeletedFolders = DeletedFolders.From(manifest),
            Vacation = manifest.Vacation,
        };
        state.Keywords.AddRange(manifest.Keywords);
        state.OrphanSubscriptions.UnionWith(manifest.OrphanSubscriptions);
        foreach (var folder in manifest.Folders)
        {
            state.Folders[folder.Id] = new()
            {
                Id = folder.Id,
                Name = folder.Name,
                SpecialUse = folder.SpecialUse,
                Subscribed = folder.Subscribed,
                UidValidity = folder.UidValidity,
                UidNext = folder.UidNext,
                RecentFrom = folder.RecentFrom,
                HighestModSeq = folder.HighestModSeq == 0 ? manifest.ModSeq : folder.HighestModSeq,
                Chunks = [.. folder.Chunks.Select(Chunk.From)],
                Expunged = ExpungeLog.From(folder),
                SortOrder = folder.SortOrder,
                CreatedModSeq = folder.CreatedModSeq,
                ChangedModSeq = folder.ChangedModSeq,
            };
        }

        return state;
    }

    private static FolderManifest ToManifest(Folder folder) => new()
    {
        Id = folder.Id,
        Name = folder.Name,
        SpecialUse = folder.SpecialUse,
        Subscribed = folder.Subscribed,
        UidValidity = folder.UidValidity,
        UidNext = folder.UidNext,
        RecentFrom = folder.ClaimedFrom,
        Chunks = [.. folder.Chunks.Select(c => c.ToManifest())],
        HighestModSeq = folder.HighestModSeq,
        Expunged = [.. folder.Expunged.Recent],
        ExpungedSegments = [.. folder.Expunged.Segments.Select(s => new ExpungedSegmentManifest(s.Blob, s.LastModSeq))],
        SortOrder = folder.SortOrder,
        CreatedModSeq = folder.CreatedModSeq,
        ChangedModSeq = folder.ChangedModSeq,
    };

    private void ApplyCreated(MailboxCreated e)
    {
        Created = true;
        QuotaBytes = e.QuotaBytes;
        NextUidValidity = e.UidValidity;
        foreach (var folder in e.Folders.Prepend(new("INBOX", null)))
        {
            Folders[NextFolderId] = new()
            {
                Id = NextFolderId,
                Name = folder.Name,
                SpecialUse = folder.SpecialUse,
                Subscribed = true,
                UidValidity = NextUidValidity,
            };
            NextFolderId++;
            NextUidValidity++;
        }
    }

    private void ApplyRestored(MailboxRestored e)
    {
        var known = ModSeq;
        ModSeq += e.ModSeqGap;
        ModSeqGaps.Add(new(known, ModSeq));
        foreach (var folder in Folders.Values)
        {
            folder.PassOver(e.UidGap, ModSeq);
        }

        // They begin with the second of the mailbox's making, and no client makes folders faster than the clock goes.
        NextUidValidity = Math.Max(NextUidValidity, (uint)Math.Min(e.At.ToUnixTimeSeconds(), uint.MaxValue));
    }

    private void ApplyFiled(MessageFiled e)
    {
        Folders[e.FolderId].Add(e.Row with { CreatedModSeq = e.ModSeq }, MessageFlags.None, e.ModSeq, e.Content);
        UsedBytes += e.Row.Size;
        ModSeq = e.ModSeq;
        Filed.Add(e.Delivery);
    }

    private Folder AddFolder(int id, string name, string? specialUse, uint uidValidity, long modSeq)
    {
        MarkBelow(name, modSeq);
        NextFolderId = id + 1;
        NextUidValidity = uidValidity + 1;
        return Folders[id] = new()
        {
            Id = id,
            Name = name,
            SpecialUse = specialUse,
            Subscribed = OrphanSubscriptions.Remove(name),
            UidValidity = uidValidity,
            CreatedModSeq = modSeq,
            ChangedModSeq = modSeq,
        };
    }

    // Of a folder below, the parent is another one now, or none.
    private void MarkBelow(string name, long modSeq)
    {
        foreach (var folder in Folders.Values.Where(f => FolderName.IsBelow(f.Name, name)))
        {
            folder.ChangedModSeq = modSeq;
        }
    }

    private void ApplyDeleted(FolderDeleted e)
    {
        Folders.Remove(e.FolderId, out var folder);
        Retire(folder!);
        UsedBytes -= folder!.Bytes;
        Bodies.Discard(folder.Chunks);
        DeletedFolders.Add(new(folder.Id, folder.CreatedModSeq, e.ModSeq));
        MarkBelow(folder.Name, e.ModSeq);
        foreach (var message in folder.Tail)
        {
            Depart(message.Removed, e.ModSeq);
        }

        folder.Empty();
        if (folder.Subscribed)
        {
            OrphanSubscriptions.Add(folder.Name);
        }
    }

    private void Depart(RemovedMessage message, long modSeq) =>
        Departures.Add(new(message.Body, message.Thread, message.CreatedModSeq, modSeq, Bodies.Drop(message.Body)));

    private void ApplyDiscardRead(DiscardRead e)
    {
        if (!Bodies.TakeDiscard(e.RowsBlob))
        {
            return;
        }

        if (e.ModSeq == 0)
        {
            // The release before raises no modseq with it: who has this one may have asked before.
            Departures.ForgetBefore(ModSeq + 1);
        }

        for (var i = 0; i < e.Bodies.Length; i++)
        {
            var (thread, created) = i < e.Threads.Length ? (e.Threads[i], e.CreatedModSeqs[i]) : (0, 0);
            Departures.Add(new(e.Bodies[i], thread, created, Math.Max(e.ModSeq, ModSeq), Bodies.Drop(e.Bodies[i])));
        }
    }

    private void ApplyRenamed(FoldersRenamed e)
    {
        if (e.Folders.MinBy(f => f.Name.Length) is { } topmost && topmost.Name != Folders[topmost.FolderId].Name)
        {
            MarkBelow(topmost.Name, e.ModSeq);
        }

        foreach (var renamed in e.Folders)
        {
            var (id, name, uidValidity) = renamed;
            var folder = Folders[id];
            folder.ChangedModSeq = e.ModSeq;
            folder.SpecialUse = renamed.Settings is { } settings ? settings.SpecialUse : folder.SpecialUse;
            folder.SortOrder = renamed.Settings?.SortOrder ?? folder.SortOrder;
            if (name == folder.Name)
            {
                continue;
            }

            Retire(folder);
            folder.Name = name;
            folder.UidValidity = uidValidity;
            folder.Subscribed |= OrphanSubscriptions.Remove(name);
            NextUidValidity = Math.Max(NextUidValidity, uidValidity + 1);
        }
    }

    private void Retire(Folder folder) => Retired.Add(folder.Name, folder.UidValidity);

    private void ApplySubscription(SubscriptionChanged e)
    {
        if (FindFolder(e.Name) is { } folder)
        {
            if (e.ModSeq == 0)
            {
                // The release before raises no modseq with it: who has this one may have asked before.
                DeletedFolders.ForgetBefore(ModSeq + 1);
            }

            folder.Subscribed = e.Subscribed;
            folder.ChangedModSeq = Math.Max(folder.ChangedModSeq, e.ModSeq);
        }
        else if (!e.Subscribed)
        {
            OrphanSubscriptions.Remove(e.Name);
        }
    }

    private void ApplyAppended(MessagesAppended e)
    {
        Keywords.AddRange(e.NewKeywords);
        Add(Folders[e.FolderId], Array.ConvertAll(e.Messages, m => m with { Row = m.Row with { CreatedModSeq = e.ModSeq } }), e.ModSeq);
    }

    private void ApplyCopied(MessagesCopied e)
    {
        if (Array.Exists(e.Messages, m => m.Row.Thread == 0))
        {
            // The release before forgets when the messages were made: whether who asks from before knows them cannot be told.
            Departures.ForgetBefore(e.ModSeq);
        }

        Add(Folders[e.TargetId], e.Messages, e.ModSeq);
        if (e.Move)
        {
            var removed = e.Sources.SelectMany(UidRanges.Each).Zip(e.Messages, (uid, m) => RemovedMessage.Of(m.Row with { Uid = uid }, m.Flags));
            Remove(Folders[e.SourceId], [.. removed], e.ModSeq);
            return;
        }

        foreach (var message in e.Messages)
        {
            Bodies.Copy(message.Row.Body);
        }
    }

    private void ApplyExpunged(MessagesExpunged e)
    {
        Remove(Folders[e.FolderId], e.Messages, e.ModSeq);
        foreach (var message in e.Messages)
        {
            Depart(message, e.ModSeq);
        }
    }

    private void Add(Folder folder, AddedMessage[] messages, long modSeq)
    {
        foreach (var (row, flags, content) in messages)
        {
            folder.Add(row, flags, modSeq, content);
            UsedBytes += row.Size;
        }
    }

    private void Remove(Folder folder, RemovedMessage[] messages, long modSeq)
    {
        folder.Remove(messages, modSeq);
        UsedBytes -= messages.Sum(m => m.Size);
    }

    private void ApplyFlags(FlagsChanged e)
    {
        var folder = Folders[e.FolderId];
        Keywords.AddRange(e.NewKeywords);
        foreach (var change in e.Changes)
        {
            if (folder.FindInTail(change.Uid) is { } message)
            {
                message.Flags = change.After;
                message.ModSeq = e.ModSeq;
            }
            else
            {
                folder.FindChunk(change.Uid)!.Change(change, e.ModSeq);
            }
        }

        ModSeq = e.ModSeq;
        folder.HighestModSeq = e.ModSeq;
        Operations[e.Operation] = new(e.Operation, e.At, e.Unmodified) { Emails = e.Emails };
    }
}
