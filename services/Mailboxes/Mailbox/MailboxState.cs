using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>A mailbox in memory: its manifest's content and what its journal added. Changed only by <see cref="Apply"/> and by sealing.</summary>
internal sealed class MailboxState
{
    /// <summary>Bits 8 to 63 of <see cref="MessageFlags"/>.</summary>
    public const int MaxKeywords = 56;

    public const int FirstKeywordBit = 8;

    /// <summary>How long an operation's result is remembered: longer than any edge goes on repeating it.</summary>
    public static readonly TimeSpan OperationMemory = TimeSpan.FromHours(1);

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

    /// <summary>A folder by name; INBOX in any case (RFC 3501 §5.1).</summary>
    public Folder? FindFolder(string name)
    {
        var inbox = name.Equals("INBOX", StringComparison.OrdinalIgnoreCase);
        return Folders.Values.FirstOrDefault(f => inbox ? f.Name == "INBOX" : f.Name == name);
    }

    public void Apply(MailboxEvent recorded)
    {
        switch (recorded)
        {
            case MailboxCreated e:
                ApplyCreated(e);
                break;
            case QuotaChanged e:
                QuotaBytes = e.QuotaBytes;
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
            default:
                throw new InvalidOperationException($"unknown mailbox event {recorded.GetType().Name}");
        }
    }

    public MailboxManifest ToManifest(IReadOnlyList<FiledDayManifest> filedDays, DateTimeOffset now) => new()
    {
        ModSeq = ModSeq,
        QuotaBytes = QuotaBytes,
        UsedBytes = UsedBytes,
        NextFolderId = NextFolderId,
        NextUidValidity = NextUidValidity,
        Keywords = [.. Keywords],
        Folders = [.. Folders.Values.Select(ToManifest)],
        FiledDays = filedDays,
        Operations = [.. Operations.Values.Where(o => o.At > now - OperationMemory)],
        Archives = [.. Archives],
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
        };
        state.Keywords.AddRange(manifest.Keywords);
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
                Chunks = [.. folder.Chunks.Select(Chunk.From)],
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
        RecentFrom = folder.RecentFrom,
        Chunks = [.. folder.Chunks.Select(c => c.ToManifest())],
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

    private void ApplyFiled(MessageFiled e)
    {
        var folder = Folders[e.FolderId];
        folder.Tail.Add(new() { Row = e.Row, Content = e.Content, Flags = MessageFlags.None, ModSeq = e.ModSeq });
        folder.UidNext = e.Row.Uid + 1;
        UsedBytes += e.Row.Size;
        ModSeq = e.ModSeq;
        Filed.Add(e.Delivery);
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
        Operations[e.Operation] = new(e.Operation, e.At, e.Unmodified);
    }
}
