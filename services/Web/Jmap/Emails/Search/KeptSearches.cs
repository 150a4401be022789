namespace MailCloud.Web.Jmap.Emails.Search;

/// <summary>
/// Results of searches through content, for the pages that a client asks for next. A result belongs to one state of one mailbox: when anything changes there it is not found again, and goes as the oldest.
/// </summary>
internal sealed class KeptSearches
{
    /// <summary>About 32 MB of ids and threads at the most.</summary>
    private const int MaxEmails = 1_000_000;

    private const int MaxResults = 1000;

    private readonly Lock access = new();
    private readonly LinkedList<(string Key, FoundEmails Found)> recent = new();
    private readonly Dictionary<string, LinkedListNode<(string Key, FoundEmails Found)>> byKey = new(StringComparer.Ordinal);

    /// <summary>The result of a key, or a new one that is kept under it.</summary>
    public FoundEmails Get(string key)
    {
        lock (access)
        {
            if (byKey.TryGetValue(key, out var node))
            {
                recent.Remove(node);
            }
            else
            {
                byKey[key] = node = new((key, new()));
            }

            recent.AddFirst(node);
            RemoveOld();
            return node.Value.Found;
        }
    }

    public void Remove(string key)
    {
        lock (access)
        {
            if (byKey.Remove(key, out var node))
            {
                recent.Remove(node);
            }
        }
    }

    // Results grow while they are used: they are counted when the next one is asked for.
    private void RemoveOld()
    {
        var emails = recent.Sum(result => (long)result.Found.Count);
        while (recent.Count > 1 && (emails > MaxEmails || recent.Count > MaxResults))
        {
            var last = recent.Last!;
            emails -= last.Value.Found.Count;
            byKey.Remove(last.Value.Key);
            recent.RemoveLast();
        }
    }
}

/// <summary>What a search has found so far, in order, and where it goes on. For one caller at a time, who holds <see cref="Turn"/>.</summary>
internal sealed class FoundEmails
{
    private readonly List<Guid> emails = [];
    private readonly HashSet<ulong> threads = [];

    public SemaphoreSlim Turn { get; } = new(1);

    public IReadOnlyList<Guid> Emails => emails;

    public int Count => emails.Count;

    public MailboxContracts.EmailCursor? Next { get; set; }

    public bool IsComplete { get; set; }

    /// <summary>Puts an Email behind the others; of a thread only the first where they are collapsed.</summary>
    public void Add(Guid email, ulong thread, bool collapse)
    {
        if (!collapse || threads.Add(thread))
        {
            emails.Add(email);
        }
    }
}
