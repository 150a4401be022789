using MailCloud.Messages;

namespace MailCloud.Mailboxes.Spool;

/// <summary>What waits for one destination, tenant by tenant.</summary>
internal sealed class DestinationQueue(string name)
{
    public string Name => name;

    public Dictionary<TenantId, TenantQueue> Tenants { get; } = [];

    /// <summary>Ready entries by their message, of all tenants: a message belongs to one.</summary>
    public Dictionary<DeliveryId, MessageGroup> Groups { get; } = [];

    /// <summary>The tenants that have something to lease, the next one first.</summary>
    public LinkedList<TenantQueue> Turn { get; } = [];

    public int Ready { get; set; }

    /// <summary>Ready entries of tenants that have no pages of their own: others of their kind may stand in pages of several tenants.</summary>
    public int ReadyWithoutPages => Ready - Turn.Where(queue => queue.Pages is not null).Sum(queue => queue.Ready);
}

/// <summary>What one tenant has waiting for one destination.</summary>
internal sealed class TenantQueue(DestinationQueue destination, TenantId tenant)
{
    private readonly SortedSet<MessageGroup> groups = new(Comparer<MessageGroup>.Create(MessageGroup.InOrder));
    private LinkedListNode<TenantQueue>? turn;

    public DestinationQueue Destination => destination;

    public TenantId Tenant => tenant;

    /// <summary>Entries in memory, ready or not.</summary>
    public int InMemory { get; set; }

    public int Ready { get; private set; }

    /// <summary>Pages that hold entries of this queue only and are not loaded, in the order of leasing; null when there are none.</summary>
    public SortedSet<SpoolPage>? Pages { get; private set; }

    /// <summary>The message that is leased next.</summary>
    public MessageGroup? Head => groups.Min;

    public bool IsEmpty => InMemory == 0 && Pages is null;

    /// <summary>Puts an entry among those that are ready. True: the destination had none.</summary>
    public bool Add(WaitingEntry entry)
    {
        if (!destination.Groups.TryGetValue(entry.Entry.Message.Id, out var group))
        {
            group = new(entry);
            destination.Groups.Add(group.Message, group);
            groups.Add(group);
        }

        group.Entries.Add(entry);
        entry.Group = group;
        Ready++;
        destination.Ready++;
        UpdateTurn();
        return destination.Ready == 1;
    }

    public void Remove(WaitingEntry entry)
    {
        var group = entry.Group!;

        // Leasing takes from the end.
        group.Entries.RemoveAt(group.Entries.LastIndexOf(entry));
        entry.Group = null;
        Ready--;
        destination.Ready--;
        if (group.Entries.Count == 0)
        {
            groups.Remove(group);
            destination.Groups.Remove(group.Message);
        }

        UpdateTurn();
    }

    public void AddPage(SpoolPage page)
    {
        (Pages ??= new(Comparer<SpoolPage>.Create(SpoolPage.InOrder))).Add(page);
        UpdateTurn();
    }

    public void RemovePage(SpoolPage page)
    {
        if (Pages?.Remove(page) == true && Pages.Count == 0)
        {
            Pages = null;
        }

        UpdateTurn();
    }

    /// <summary>The page to load before the head may be leased, as it holds something that goes first; null: none.</summary>
    public SpoolPage? PageBeforeHead(DateTimeOffset now)
    {
        var page = Pages?.FirstOrDefault(page => page.MinDue <= now);
        return page is not null && (Head is not { } head || page.MaxPriority > head.Priority || (page.MaxPriority == head.Priority && page.MinDue < head.DueAt)) ? page : null;
    }

    /// <summary>Goes to the end of the line.</summary>
    public void EndTurn()
    {
        destination.Turn.Remove(turn!);
        destination.Turn.AddLast(turn!);
    }

    private void UpdateTurn()
    {
        var has = Ready > 0 || Pages is not null;
        if (has && turn is null)
        {
            turn = destination.Turn.AddLast(this);
        }
        else if (!has && turn is not null)
        {
            destination.Turn.Remove(turn);
            turn = null;
        }
    }
}
