using MailCloud.Blobs;
using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Emails;

/// <summary>
/// What a client does to the result of a query that it has as of a modseq: it takes out what is removed, then puts in what is added, each at its index, ascending (RFC 8620 §5.6). That gives exactly the
/// result as it is now: every Email that may have come, gone or moved in it is in both.
/// </summary>
internal sealed class QueryDifference(EmailMailbox mailbox, EmailThreads threads, KeptHeads heads, EmailQuery query, EmailQueryChangesRequest request)
{
    /// <summary>With more changes than this a client is as well off with the query itself.</summary>
    private const int MaxTouched = 50_000;

    /// <summary>How often it begins again because the mailbox changed while it looked for the Emails of threads. Then it looks through all.</summary>
    private const int Attempts = 4;

    private static readonly EmailQueryChanges NotKnown = new() { Outcome = EmailQueryChangesOutcome.Unknown };

    // Neither filter nor order look at flags.
    private readonly bool isOfFolders = EmailMatch.IsOfFolders(query.Filter) && query.Sort.All(s => IsLasting(s.Key));

    // Neither filter nor order look at anything that changes.
    private readonly bool isLasting = EmailMatch.IsLasting(query.Filter) && query.Sort.All(s => IsLasting(s.Key));

    // What changes in one Email may make another one come, go or move.
    private readonly bool isByThread = query.CollapseThreads || EmailMatch.ThreadKeywordsOf(query.Filter).Any() || query.Sort.Any(s => IsOfThread(s.Key));

    public async Task<EmailQueryChanges> RunAsync()
    {
        try
        {
            return await FindAsync();
        }
        catch (BlobMissingException)
        {
            // A sweep of a build that does not know the log of what left took part of it.
            return NotKnown with { ModSeq = mailbox.State.ModSeq };
        }
    }

    private async Task<EmailQueryChanges> FindAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            var (snapshot, changes, kept) = isByThread ? await threads.WithTableAsync(_ => Look()) : Look();
            if (!changes.IsKnown)
            {
                return NotKnown with { ModSeq = snapshot.ModSeq };
            }

            var touched = (await changes.ReadAsync(mailbox.Chunks)).Where(t => IsRelevant(t.Value)).ToDictionary();
            if (touched.Count > MaxTouched || (isByThread && touched.Values.Any(t => t.Thread == 0)))
            {
                return NotKnown with { ModSeq = snapshot.ModSeq };
            }

            var run = await EmailQueryRun.PrepareAsync(query, snapshot, mailbox.Chunks, heads: kept);
            var affected = isByThread ? await OfThreadsAsync(run, touched, last: attempt == Attempts) : await run.FindAsync(touched.Keys);
            if (affected is not null)
            {
                return await DifferenceAsync(run, touched, affected);
            }
        }
    }

    private (MailboxSnapshot Snapshot, SnapshotChanges Changes, Func<EmailQueryRun, Task<ThreadHeads>>? Heads) Look()
    {
        var snapshot = MailboxSnapshot.Of(mailbox.State);
        return (snapshot, new(mailbox.State, snapshot, request.Since), heads.At(query, snapshot));
    }

    // What is there still, and only its flags changed, stands where it stood.
    private bool IsRelevant(TouchedEmail email) => !isOfFolders || email.FoldersChanged;

    private bool WasThere(long createdModSeq) => createdModSeq <= request.Since;

    // All Emails of the threads of what changed; null: the table of threads has moved on.
    private async Task<IReadOnlyDictionary<Guid, EmailFacts>?> OfThreadsAsync(EmailQueryRun run, Dictionary<Guid, TouchedEmail> touched, bool last)
    {
        var wanted = touched.Values.Select(t => t.Thread).ToHashSet();
        if (last)
        {
            return await run.FindThreadsAsync(wanted);
        }

        var rows = await threads.WithTableAsync(table => mailbox.State.ModSeq == run.Snapshot.ModSeq ? wanted.SelectMany(table.RowsOf).ToArray() : null);
        return rows is null ? null : await run.FindAsync(rows);
    }

    private async Task<EmailQueryChanges> DifferenceAsync(EmailQueryRun run, Dictionary<Guid, TouchedEmail> touched, IReadOnlyDictionary<Guid, EmailFacts> affected)
    {
        var removed = touched.Where(t => WasThere(t.Value.CreatedModSeq)).Select(t => t.Key)
            .Union(affected.Values.Where(e => WasThere(e.Row.CreatedModSeq)).Select(e => e.Row.Body))
            .ToArray();
        var matching = affected.Values.Where(run.Matches).ToList();
        var upTo = isLasting && !query.CollapseThreads && request.UpTo is { } id ? await run.RankAsync(id) : null;
        var added = EmailQueryRun.IsByDate(query) ? await LocateByDateAsync(run, matching, upTo) : await LocateAsync(run, matching, upTo);
        if (removed.Length + added.Count > request.MaxChanges)
        {
            return new() { Outcome = EmailQueryChangesOutcome.TooMany, ModSeq = run.Snapshot.ModSeq };
        }

        return new()
        {
            Outcome = EmailQueryChangesOutcome.Done,
            ModSeq = run.Snapshot.ModSeq,
            Removed = removed,
            Added = [.. added],
            Total = request.CalculateTotal ? await run.CountAsync() : null,
        };
    }

    // Only what stands near the Emails is looked at. All Emails of a thread that changed are known, and so is the first of them.
    private async Task<List<EmailAtIndex>> LocateByDateAsync(EmailQueryRun run, List<EmailFacts> matching, long? upTo)
    {
        var added = new List<EmailAtIndex>(matching.Count);
        var order = await run.StartAsync();
        foreach (var entry in query.CollapseThreads ? run.HeadsOf(matching) : [.. matching.Select(run.EntryOf).Order(EmailEntry.Order)])
        {
            await order.SkipToAsync(entry);
            while (await order.ReadAsync() && order.Current.Id != entry.Id)
            {
            }

            if (order.Next - 1 > upTo)
            {
                break;
            }

            added.Add(new(entry.Id, order.Next - 1));
        }

        return added;
    }

    // The result is read until all are found.
    private async Task<List<EmailAtIndex>> LocateAsync(EmailQueryRun run, List<EmailFacts> matching, long? upTo)
    {
        var ids = matching.Select(e => e.Row.Body).ToHashSet();
        var ofThreads = matching.Select(e => e.Thread).ToHashSet();
        var left = query.CollapseThreads ? ofThreads.Count : ids.Count;
        var added = new List<EmailAtIndex>(left);
        var order = await run.StartAsync();
        while (added.Count < left && order.Next <= (upTo ?? EmailOrder.All) && await order.ReadAsync())
        {
            if (query.CollapseThreads ? ofThreads.Contains(order.Current.Thread) : ids.Contains(order.Current.Id))
            {
                added.Add(new(order.Current.Id, order.Next - 1));
            }
        }

        return added;
    }

    private static bool IsLasting(EmailSortKey key) => key is EmailSortKey.ReceivedAt or EmailSortKey.Size;

    private static bool IsOfThread(EmailSortKey key) => key is EmailSortKey.AllInThreadHaveKeyword or EmailSortKey.SomeInThreadHaveKeyword;
}
