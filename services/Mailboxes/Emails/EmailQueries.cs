using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Emails;

/// <summary>Emails that match a condition, in order.</summary>
internal sealed class EmailQueries(EmailMailbox mailbox, EmailThreads threads, EmailReader emails)
{
    /// <summary>Emails of a page of a scan.</summary>
    private const int ScanPageEmails = 500;

    private readonly KeptHeads heads = new(mailbox, threads);

    public async Task<EmailQueryResult> QueryAsync(EmailQuery query, EmailWindow window)
    {
        var snapshot = MailboxSnapshot.Of(mailbox.State);
        var result = await WindowAsync(await EmailQueryRun.PrepareAsync(query, snapshot, mailbox.Chunks, heads: heads.At(query, snapshot)), window);
        await mailbox.Durable();
        return result;
    }

    public async Task<EmailQueryChanges> QueryChangesAsync(EmailQuery query, EmailQueryChangesRequest request)
    {
        var result = await new QueryDifference(mailbox, threads, heads, query, request).RunAsync();
        await mailbox.Durable();
        return result;
    }

    public async Task<EmailScanPage> ScanAsync(EmailFilter filter, EmailCursor? cursor, bool withContent)
    {
        var run = await EmailQueryRun.PrepareAsync(new() { Filter = filter }, MailboxSnapshot.Of(mailbox.State), mailbox.Chunks, mayBe: true);
        var found = await AfterAsync(run.StartByDate(), cursor);
        var page = await emails.GetAsync([.. found.Select(e => e.Id)], withContent);

        // What there was no room for, and all after it, comes with the next page.
        var left = page.Left.ToHashSet();
        var taken = found.TakeWhile(e => !left.Contains(e.Id)).ToArray();
        var records = page.Emails.ToDictionary(e => e.Id);
        return new()
        {
            ModSeq = run.Snapshot.ModSeq,
            Emails = [.. taken.Where(e => records.ContainsKey(e.Id)).Select(e => records[e.Id])],
            Keywords = page.Keywords,
            Next = taken.Length < found.Count || found.Count == ScanPageEmails ? new(-taken[^1].Key, taken[^1].Id) : null,
        };
    }

    /// <summary>What is kept for the next questions goes.</summary>
    public void Drop() => heads.Drop();

    private static async Task<EmailQueryResult> WindowAsync(EmailQueryRun run, EmailWindow window)
    {
        var position = Math.Max(0, window.Position);
        if (window.Anchor is { } anchor)
        {
            if (await run.RankAsync(anchor) is not { } rank)
            {
                return new() { ModSeq = run.Snapshot.ModSeq, AnchorFound = false, Total = window.CalculateTotal ? await run.CountAsync() : null };
            }

            position = Math.Max(0, rank + window.AnchorOffset);
        }
        else if (window.Position < 0)
        {
            // RFC 8620 §5.5: it is added to the total; if the sum is still negative, it is 0.
            position = Math.Max(0, await run.CountAsync() + window.Position);
        }

        var order = await run.StartAsync();
        await order.SkipAsync(position);
        var ids = new List<Guid>();
        while (ids.Count < Math.Clamp(window.Limit, 0, EmailWindow.MaxLimit) && await order.ReadAsync())
        {
            ids.Add(order.Current.Id);
        }

        if (window.CalculateTotal)
        {
            await order.SkipAsync(EmailOrder.All);
        }

        return new() { ModSeq = run.Snapshot.ModSeq, Position = position, Emails = [.. ids], Total = window.CalculateTotal ? order.Next : null };
    }

    private static async Task<List<EmailEntry>> AfterAsync(DateOrder order, EmailCursor? cursor)
    {
        var found = new List<EmailEntry>();
        var after = cursor is null ? default : new EmailEntry(-cursor.ReceivedAt, cursor.Email, 0);
        if (cursor is not null)
        {
            await order.StartFromAsync(cursor.ReceivedAt);
        }

        while (found.Count < ScanPageEmails && await order.ReadAsync())
        {
            if (cursor is null || EmailEntry.Order.Compare(order.Current, after) > 0)
            {
                found.Add(order.Current);
            }
        }

        return found;
    }
}
