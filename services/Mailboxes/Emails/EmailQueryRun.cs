using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;

namespace MailCloud.Mailboxes.Emails;

/// <summary>One query on one snapshot: its result can be read from the beginning as often as needed.</summary>
internal sealed class EmailQueryRun
{
    private readonly EmailQuery query;
    private readonly SnapshotReader reader;
    private readonly IReadOnlyDictionary<MessageFlags, ThreadKeyword> threads;
    private readonly EmailMatch match;
    private readonly bool mayBe;
    private SortedOrder? sorted;

    private EmailQueryRun(EmailQuery query, SnapshotReader reader, IReadOnlyDictionary<MessageFlags, ThreadKeyword> threads, EmailMatch match, bool mayBe) =>
        (this.query, this.reader, this.threads, this.match, this.mayBe) = (query, reader, threads, match, mayBe);

    public MailboxSnapshot Snapshot => reader.Snapshot;

    /// <summary>True: Emails stand by receivedAt, and so each other's order can be told without reading all.</summary>
    public bool IsByDate => query.Sort.Count == 0 || query.Sort is [{ Key: EmailSortKey.ReceivedAt }];

    /// <param name="mayBe">True: what only the caller can tell counts as matching.</param>
    public static async Task<EmailQueryRun> PrepareAsync(EmailQuery query, MailboxSnapshot snapshot, ChunkStore chunks, bool mayBe = false)
    {
        var flags = EmailMatch.ThreadKeywordsOf(query.Filter)
            .Concat(query.Sort.Where(s => s.Key is EmailSortKey.AllInThreadHaveKeyword or EmailSortKey.SomeInThreadHaveKeyword).Select(s => s.Keyword))
            .Select(k => EmailFlags.Find(snapshot.Keywords, k))
            .Distinct()
            .ToArray();
        var threads = flags.Length == 0 ? [] : await ThreadKeyword.ReadAsync(new(snapshot, chunks, null), flags);
        var match = new EmailMatch(query.Filter, [.. snapshot.Folders.Select(f => f.Id)], snapshot.Keywords, threads);

        // Where neither flags nor other folders matter, copies elsewhere need not be looked for.
        var scope = query.Sort.All(s => s.Key is EmailSortKey.ReceivedAt or EmailSortKey.Size) ? match.WholeFolders : null;
        return new(query, new(snapshot, chunks, scope), threads, match, mayBe);
    }

    /// <summary>The result from its beginning.</summary>
    public async Task<EmailOrder> StartAsync()
    {
        EmailOrder order = IsByDate ? StartByDate() : sorted is null ? sorted = await SortAsync() : sorted.Again();
        return query.CollapseThreads ? new FirstOfThreads(order) : order;
    }

    public DateOrder StartByDate() => new(reader, Sources, ChunkMatch, Takes, query.Sort is [{ Ascending: true }]);

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
        await order.SkipToAsync(email);
        while (await order.ReadAsync())
        {
            if (order.Current.Id == id)
            {
                return order.Next - 1;
            }
        }

        return null;
    }

    public bool Matches(EmailFacts email) => match.Of(email) is { } sure ? sure : mayBe;

    public Task<Dictionary<Guid, EmailFacts>> FindAsync(IReadOnlyCollection<Guid> emails) => reader.FindAsync(emails);

    public Task<Dictionary<Guid, EmailFacts>> FindAsync(IReadOnlyCollection<(int Folder, uint Uid)> rows) => reader.FindAsync(rows);

    public Task<Dictionary<Guid, EmailFacts>> FindThreadsAsync(IReadOnlySet<ulong> ofThreads) => reader.FindThreadsAsync(ofThreads);

    private IEnumerable<SnapshotFolder> Sources => Snapshot.Folders.Where(f => match.Sources.Contains(f.Id));

    private bool? ChunkMatch(SnapshotFolder folder, SnapshotChunk chunk) =>
        match.WholeFolders is not null ? true : match.Of(folder, chunk, reader.MayHaveCopies(chunk));

    private bool Takes(EmailFacts email) => email.StandsForIt(match.Sources) && (match.WholeFolders is not null || Matches(email));

    private Task<SortedOrder> SortAsync() => SortedOrder.CreateAsync(MatchingAsync(), [.. query.Sort.Select(s => SortedOrder.KeyOf(s, Snapshot.Keywords, threads))]);

    private async IAsyncEnumerable<IEnumerable<EmailFacts>> MatchingAsync()
    {
        foreach (var folder in Sources)
        {
            foreach (var chunk in folder.Chunks.Where(c => ChunkMatch(folder, c) is not false))
            {
                yield return (await reader.OpenAsync(folder, chunk)).Where(Takes);
            }

            yield return (await reader.OpenTailAsync(folder)).Where(Takes);
        }
    }
}
