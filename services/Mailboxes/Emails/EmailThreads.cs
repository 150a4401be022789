using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;

namespace MailCloud.Mailboxes.Emails;

/// <summary>
/// Emails by their threads. Which rows a thread has stands nowhere in the mailbox's state: a table of it is made at the first question of an activation, from a look at all rows, and brought forward by
/// each event. Without questions for a time it goes.
/// </summary>
internal sealed class EmailThreads(EmailMailbox mailbox)
{
    /// <summary>A client that is in use asks more often.</summary>
    private static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(10);

    private ThreadTable? table;
    private Task? making;
    private List<MailboxEvent>? madeMeanwhile;
    private DateTimeOffset lastAsked;

    public async Task<IReadOnlyList<EmailThread>> GetAsync(IReadOnlyList<ulong> threads)
    {
        var (snapshot, rows) = await WithTableAsync(made => (MailboxSnapshot.Of(mailbox.State), threads.Distinct().SelectMany(made.RowsOf).ToArray()));
        var emails = await new SnapshotReader(snapshot, mailbox.Chunks, null).FindAsync(rows);
        var found = emails.Values.GroupBy(e => e.Thread).ToDictionary(g => g.Key, g => g.OrderBy(e => e.Row.InternalDate).ThenBy(e => e.Row.Body).Select(e => e.Row.Body).ToArray());
        await mailbox.Durable();
        return [.. threads.Distinct().Where(found.ContainsKey).Select(t => new EmailThread(t, found[t]))];
    }

    /// <summary>How many threads a folder has, and of how many a message in it is unread, neither \Seen nor \Draft.</summary>
    public Task<(int Total, int Unread)> CountsAsync(int folderId) => WithTableAsync(made => made.CountsOf(folderId));

    /// <summary>Runs <paramref name="step"/> with the table as it is then, with nothing awaited in between.</summary>
    public async Task<T> WithTableAsync<T>(Func<ThreadTable, T> step)
    {
        while (table is null)
        {
            await (making ??= MakeAsync());
        }

        lastAsked = mailbox.Storage.Time.GetUtcNow();
        return step(table);
    }

    /// <summary>The mailbox changed by an event.</summary>
    public void Note(MailboxEvent recorded)
    {
        madeMeanwhile?.Add(recorded);
        if (table is null)
        {
            return;
        }

        if (mailbox.Storage.Time.GetUtcNow() - lastAsked > KeptFor || !TryBring(table, recorded))
        {
            table = null;
        }
    }

    private async Task MakeAsync()
    {
        await Task.Yield();
        try
        {
            madeMeanwhile = [];
            var snapshot = MailboxSnapshot.Of(mailbox.State);
            var builder = new ThreadTable.Builder(snapshot.Folders.Sum(f => f.Tail.Length + f.Chunks.Sum(c => c.Count)));
            await foreach (var rows in new SnapshotReader(snapshot, mailbox.Chunks, scope: []).AllAsync())
            {
                foreach (var row in rows)
                {
                    builder.Add(row.Folder, row.Row.Uid, row.Thread, FlagCounts.Unread(row.Flags) > 0);
                }
            }

            // A million rows are sorted for a tenth of a second: the mailbox goes on meanwhile.
            var made = await Task.Run(builder.Build);
            if (madeMeanwhile.TrueForAll(recorded => TryBring(made, recorded)))
            {
                (table, lastAsked) = (made, mailbox.Storage.Time.GetUtcNow());
            }
        }
        finally
        {
            (making, madeMeanwhile) = (null, null);
        }
    }

    // False: what it does to rows is not known here, and the table must be made anew.
    private bool TryBring(ThreadTable made, MailboxEvent recorded)
    {
        switch (recorded)
        {
            case MessageFiled e:
                Add(made, e.FolderId, [new(e.Row, MessageFlags.None, e.Content)]);
                break;
            case MessagesAppended e:
                Add(made, e.FolderId, e.Messages);
                break;
            case MessagesCopied e:
                Add(made, e.TargetId, e.Messages);
                Remove(made, e.SourceId, e.Move ? e.Sources.SelectMany(UidRanges.Each) : []);
                break;
            case MessagesExpunged e:
                Remove(made, e.FolderId, e.Messages.Select(m => m.Uid));
                break;
            case FlagsChanged e:
                foreach (var change in e.Changes)
                {
                    made.SetUnread(e.FolderId, change.Uid, FlagCounts.Unread(change.After) > 0);
                }

                break;
            case FolderDeleted e:
                made.RemoveFolder(e.FolderId);
                break;
            case InboxRenamed e:
                made.GiveAll(mailbox.State.FindFolder(FolderName.Inbox)!.Id, e.FolderId);
                break;
            default:
                return recorded is MailboxCreated or MailboxRestored or QuotaChanged or RecentClaimed or SubscriptionChanged or DiscardRead or BodiesReleased or FolderCreated or FoldersRenamed;
        }

        return true;
    }

    private void Add(ThreadTable made, int folder, ReadOnlySpan<AddedMessage> messages)
    {
        foreach (var (row, flags, content) in messages)
        {
            made.Add(folder, row.Uid, mailbox.Chunks.ThreadOf(row, content), FlagCounts.Unread(flags) > 0);
        }
    }

    private static void Remove(ThreadTable made, int folder, IEnumerable<uint> uids)
    {
        foreach (var uid in uids)
        {
            made.Remove(folder, uid);
        }
    }
}
