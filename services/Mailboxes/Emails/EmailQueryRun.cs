using System.Runtime.InteropServices;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;

namespace MailCloud.Mailboxes.Emails;

/// <summary>One query on one snapshot: its result can be read from the beginning as often as needed. What looks at all messages does so beside the turn of the mailbox's grain, which goes on meanwhile.</summary>
internal sealed class EmailQueryRun
{
    private readonly EmailQuery query;
    private readonly SnapshotReader reader;
    private readonly IReadOnlyDictionary<MessageFlags, ThreadKeyword> threads;
    private readonly EmailMatch match;
    private readonly bool mayBe;
    private readonly Func<EmailQueryRun, Task<ThreadHeads>>? heads;
    private SortedOrder? sorted;

    private EmailQueryRun(
        EmailQuery query, SnapshotReader reader, IReadOnlyDictionary<MessageFlags, ThreadKeyword> threads, EmailMatch match, bool mayBe, Func<EmailQueryRun, Task<ThreadHeads>>? heads) =>
        (this.query, this.reader, this.threads, this.match, this.mayBe, this.heads) = (query, reader, threads, match, mayBe, heads);

    public MailboxSnapshot Snapshot => reader.Snapshot;

    /// <summary>True: Emails stand by receivedAt, and so each other's order can be told without reading all.</summary>
    public static bool IsByDate(EmailQuery query) => query.Sort.Count == 0 || query.Sort is [{ Key: EmailSortKey.ReceivedAt }];

    /// <param name="mayBe">True: what only the caller can tell counts as matching.</param>
    /// <param name="heads">Gives the heads of threads that are kept of this query; null: there are none.</param>
    public static async Task<EmailQueryRun> PrepareAsync(
        EmailQuery query, MailboxSnapshot snapshot, ChunkStore chunks, bool mayBe = false, Func<EmailQueryRun, Task<ThreadHeads>>? heads = null)
    {
        var flags = EmailMatch.ThreadKeywordsOf(query.Filter)
            .Concat(query.Sort.Where(s => s.Key is EmailSortKey.AllInThreadHaveKeyword or EmailSortKey.SomeInThreadHaveKeyword).Select(s => s.Keyword))
            .Select(k => EmailFlags.Find(snapshot.Keywords, k))
            .Distinct()
            .ToArray();
        var threads = flags.Length == 0 ? [] : await Task.Run(() => ThreadKeyword.ReadAsync(new(snapshot, chunks, null), flags));
        var match = new EmailMatch(query.Filter, [.. snapshot.Folders.Select(f => f.Id)], snapshot.Keywords, threads);

        // Where neither flags nor other folders matter, copies elsewhere need not be looked for.
        var scope = query.Sort.All(s => s.Key is EmailSortKey.ReceivedAt or EmailSortKey.Size) ? match.WholeFolders : null;
        return new(query, new(snapshot, chunks, scope), threads, match, mayBe, heads);
    }

    /// <summary>The result from its beginning.</summary>
    public async Task<EmailOrder> StartAsync()
    {
        EmailOrder order = IsByDate(query) ? StartByDate() : sorted is null ? sorted = await Task.Run(() => SortAsync()) : sorted.Again();
        return query.CollapseThreads ? new FirstOfThreads(order, heads is null ? null : () => heads(this)) : order;
    }

    public DateOrder StartByDate() => new(reader, Sources, ChunkMatch, Takes, IsAscending);

    /// <summary>Where an Email stands by receivedAt.</summary>
    public EmailEntry EntryOf(EmailFacts email) => EmailEntry.ByDate(email, IsAscending);

    /// <summary>Of each thread the first by receivedAt of some Emails, in order.</summary>
    public List<EmailEntry> HeadsOf(IEnumerable<EmailFacts> emails) => [.. emails.Select(EntryOf).GroupBy(e => e.Thread).Select(thread => thread.Min(EmailEntry.Order)).Order(EmailEntry.Order)];

    public async Task<long> CountAsync()
    {
        var order = await StartAsync();
        await order.SkipAsync(EmailOrder.All);
        return order.Next;
    }

    /// <summary>The index of an Email in the result; null: it is not there.</summary>
    public async Task<long?> RankAsync(Guid id)
    {
        if (!(await reader.FindAsync([id])).TryGetValue(id, out var email) || !Matches(email))
        {
            return null;
        }

        var order = await StartAsync();
        var entry = EntryOf(email);
        await order.SkipToAsync(entry);
        while (await order.ReadAsync())
        {
            if (order.Current.Id == id)
            {
                return order.Next - 1;
            }

            if (IsByDate(query) && order.Current.Key > entry.Key)
            {
                break;
            }
        }

        return null;
    }

    public bool Matches(EmailFacts email) => match.Of(email) is { } sure ? sure : mayBe;

    public Task<Dictionary<Guid, EmailFacts>> FindAsync(IReadOnlyCollection<Guid> emails) => reader.FindAsync(emails);

    public Task<Dictionary<Guid, EmailFacts>> FindAsync(IReadOnlyCollection<(int Folder, uint Uid)> rows) => reader.FindAsync(rows);

    public Task<Dictionary<Guid, EmailFacts>> FindThreadsAsync(IReadOnlySet<ulong> ofThreads) => Task.Run(() => reader.FindThreadsAsync(ofThreads));

    /// <summary>The same of all that match.</summary>
    public async Task<EmailEntry[]> HeadsAsync()
    {
        var heads = new Dictionary<ulong, EmailEntry>();
        await foreach (var rows in MatchingAsync())
        {
            foreach (var email in rows)
            {
                var entry = EntryOf(email);
                ref var head = ref CollectionsMarshal.GetValueRefOrAddDefault(heads, entry.Thread, out var known);
                if (!known || EmailEntry.Order.Compare(entry, head) < 0)
                {
                    head = entry;
                }
            }

            // Others have chunks to read too.
            await Task.Yield();
        }

        EmailEntry[] sorted = [.. heads.Values];
        Array.Sort(sorted, EmailEntry.Order);
        return sorted;
    }

    private bool IsAscending => query.Sort is [{ Ascending: true }];

    private IEnumerable<SnapshotFolder> Sources => Snapshot.Folders.Where(f => match.Sources.Contains(f.Id));

    private bool? ChunkMatch(SnapshotFolder folder, SnapshotChunk chunk) =>
        match.WholeFolders is not null ? true : match.Of(folder, chunk, reader.MayHaveCopies(chunk));

    private bool Takes(EmailFacts email) => email.StandsForIt(match.Sources) && (match.WholeFolders is not null || Matches(email));

    private Task<SortedOrder> SortAsync() => SortedOrder.CreateAsync(MatchingAsync(), [.. query.Sort.Select(s => SortedOrder.KeyOf(s, Snapshot.Keywords, threads))]);

    private async IAsyncEnumerable<IEnumerable<EmailFacts>> MatchingAsync()
    {
        await foreach (var rows in reader.AllAsync(Sources, (folder, chunk) => ChunkMatch(folder, chunk) is not false))
        {
            yield return rows.Where(Takes);
        }
    }
}
