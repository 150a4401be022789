using MailCloud.Blobs;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Emails.Search;

/// <summary>A search that reads content: goes through the Emails that may match, page by page, and evaluates here what the mailbox cannot.</summary>
internal sealed class EmailScan(JmapCall call, Filter<EmailTerm> filter, EmailOrder order, bool collapse)
{
    /// <summary>Emails that a search may find. With more the order and the window cost more than anybody reads.</summary>
    public const int MaxFound = 100_000;

    /// <summary>Messages whose content is read at a time.</summary>
    private const int ReadAtOnce = 4;

    /// <summary>Shorter than what clients and proxies wait for an answer.</summary>
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(20);

    private readonly EmailFilter rows = filter.ToRows();
    private readonly bool withContent = filter.NeedsContent() || order.NeedsContent;
    private readonly bool withThreads = order.NeedsThreads || filter.Terms().Any(term => term.Cost == TermCost.Thread);
    private readonly IEmailGrain grain = call.Emails;

    /// <summary>
    /// Goes on until so many are found, or to the end. Where the order is not the scan's own, all must be known before the first is. False: the mailbox changed meanwhile, and the result belongs to no state of it.
    /// </summary>
    /// <exception cref="MethodException">unsupportedFilter: too many match.</exception>
    /// <exception cref="SearchTimeException">It takes too long.</exception>
    public async Task<bool> FindAsync(FoundEmails found, long modSeq, long wanted, CancellationToken cancellationToken)
    {
        using var time = new CancellationTokenSource(MaxTime, call.Services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(time.Token, cancellationToken);
        try
        {
            return await FindInTimeAsync(found, modSeq, wanted, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (time.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new SearchTimeException(order.IsThatOfScan);
        }
    }

    private async Task<bool> FindInTimeAsync(FoundEmails found, long modSeq, long wanted, CancellationToken cancellationToken)
    {
        var isOrdered = order.IsThatOfScan;
        var others = new List<(IComparable[] Values, Guid Email, ulong Thread)>();
        var isOfState = true;
        // In another order nothing is known before the end: who breaks off leaves nothing behind.
        var (cursor, isComplete) = (isOrdered ? found.Next : null, found.IsComplete);
        while (!isComplete && (!isOrdered || found.Count < wanted))
        {
            var from = cursor;
            var page = await call.Services.Calls.CallAsync(() => grain.ScanAsync(rows, from, withContent), cancellationToken).ConfigureAwait(false);
            isOfState &= page.ModSeq == modSeq;
            foreach (var email in await MatchingAsync(page, cancellationToken).ConfigureAwait(false))
            {
                if (isOrdered)
                {
                    found.Add(email.Record.Id, email.Record.Thread, collapse);
                }
                else
                {
                    others.Add((order.ValuesOf(email), email.Record.Id, email.Record.Thread));
                }
            }

            if (found.Count > MaxFound || others.Count > MaxFound)
            {
                throw FilterReader.Unsupported($"more than {MaxFound} Emails match");
            }

            (cursor, isComplete) = (page.Next, page.Next is null);
            if (isOrdered)
            {
                (found.Next, found.IsComplete) = (cursor, isComplete);
            }
        }

        others.Sort((one, other) => order.Compare(one.Values, other.Values) is not 0 and var difference ? difference : other.Email.CompareTo(one.Email));
        others.ForEach(other => found.Add(other.Email, other.Thread, collapse));
        found.IsComplete = isComplete;
        return isOfState;
    }

    private async Task<List<SearchedEmail>> MatchingAsync(EmailScanPage page, CancellationToken cancellationToken)
    {
        var threads = withThreads ? await ThreadsAsync(page, cancellationToken).ConfigureAwait(false) : null;
        var emails = page.Emails.Select(record => new SearchedEmail(record, page.Keywords, threads?[record.Thread].ToList() ?? [], call.Services.Blobs)).ToArray();
        var matches = new bool[emails.Length];
        await Parallel.ForAsync(
            0,
            emails.Length,
            new ParallelOptions { MaxDegreeOfParallelism = ReadAtOnce, CancellationToken = cancellationToken },
            async (i, token) => matches[i] = await MatchesAsync(emails[i], token).ConfigureAwait(false)).ConfigureAwait(false);
        return [.. emails.Where((_, i) => matches[i])];
    }

    // An Email whose body is gone was destroyed meanwhile.
    private async ValueTask<bool> MatchesAsync(SearchedEmail email, CancellationToken cancellationToken)
    {
        try
        {
            return await filter.MatchesAsync(term => email.MatchesAsync(term, cancellationToken)).ConfigureAwait(false);
        }
        catch (BlobMissingException)
        {
            return false;
        }
    }

    private async Task<ILookup<ulong, MessageFlags>> ThreadsAsync(EmailScanPage page, CancellationToken cancellationToken)
    {
        ulong[] ids = [.. page.Emails.Select(email => email.Thread).Distinct()];
        var threads = await call.Services.Calls.CallAsync(() => grain.GetThreadsAsync(ids), cancellationToken).ConfigureAwait(false);
        var emails = await EmailReader.ReadAsync(call, [.. threads.SelectMany(thread => thread.Emails)], withContent: false, cancellationToken).ConfigureAwait(false);
        return emails.Emails.ToLookup(email => email.Thread, email => email.Flags);
    }
}
