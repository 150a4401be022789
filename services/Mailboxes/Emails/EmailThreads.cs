using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;

namespace MailCloud.Mailboxes.Emails;

/// <summary>
/// Emails by their threads. Which rows a thread has stands nowhere in the mailbox's state: a table of it is made at the first question of an activation, from a look at all rows, and brought forward by
/// each event. Without questions for a time it goes, and when too much has changed.
/// </summary>
internal sealed class EmailThreads(EmailMailbox mailbox)
{
    /// <summary>A mailbox of a million messages takes four.</summary>
    private const int MaxSeals = 8;

    private readonly ThreadRoom.Kept<ThreadTable> table = new(mailbox.Room);
    private Task? making;
    private List<MailboxEvent>? madeMeanwhile;

    public async Task<IReadOnlyList<EmailThread>> GetAsync(IReadOnlyList<ulong> threads)
    {
        var (snapshot, rows) = await WithTableAsync(made => (MailboxSnapshot.Of(mailbox.State), threads.Distinct().SelectMany(made.RowsOf).ToArray()));
        var emails = await new SnapshotReader(snapshot, mailbox.Chunks, null).FindAsync(rows);
        var found = emails.Values.GroupBy(e => e.Thread).ToDictionary(g => g.Key, g => g.OrderBy(e => e.Row.InternalDate).ThenBy(e => e.Row.Body).Select(e => e.Row.Body).ToArray());
        await mailbox.Durable();
        return [.. threads.Distinct().Where(found.ContainsKey).Select(t => new EmailThread(t, found[t]))];
    }

    /// <summary>How many threads a folder has, and of how many a message in it is unread, neither \Seen nor \Draft.</summary>
    /// <param name="corrections">Rows of Emails that have several, and by how many more unread ones their thread has in the folder: an Email's flags are those of all its rows.</param>
    public Task<(int Total, int Unread)> CountsAsync(int folderId, IEnumerable<(uint Uid, int Unread)> corrections) => WithTableAsync(made => made.CountsOf(folderId, corrections));

    /// <summary>Runs <paramref name="step"/> with the table as it is then, with nothing awaited in between.</summary>
    public async Task<T> WithTableAsync<T>(Func<ThreadTable, T> step)
    {
        while (true)
        {
            if (table.Get() is { } made)
            {
                return step(made);
            }

            await (making ??= MakeAsync());
        }
    }

    /// <summary>The mailbox changed by an event.</summary>
    public void Note(MailboxEvent recorded)
    {
        madeMeanwhile?.Add(recorded);
        if (table.Seen is { } made && (!TryBring(made, recorded) || made.IsWorn))
        {
            table.Drop();
        }
    }

    public void Drop() => table.Drop();

    // The mailbox goes on meanwhile.
    private async Task MakeAsync()
    {
        await Task.Yield();
        try
        {
            madeMeanwhile = [];
            var snapshot = MailboxSnapshot.Of(mailbox.State);
            var made = await mailbox.Room.MakeAsync(() => MakeAsync(new(snapshot, mailbox.Chunks, scope: [])));
            if (madeMeanwhile.TrueForAll(recorded => TryBring(made, recorded)))
            {
                table.Set(made, made.Octets);
            }

            madeMeanwhile = null;

            // So that nobody reads all contents again. What does not fit in some seals goes with later ones.
            for (var seals = 0; seals < MaxSeals && HasOlderChunks(); seals++)
            {
                await mailbox.SealNow();
            }
        }
        finally
        {
            (making, madeMeanwhile) = (null, null);
        }
    }

    // Of before threads were kept, and read just now.
    private bool HasOlderChunks() => mailbox.State.Folders.Values.Any(f => Array.Exists(f.Chunks, c => !c.HasThreads && mailbox.Chunks.HasRead(c)));

    private static async Task<ThreadTable> MakeAsync(SnapshotReader reader)
    {
        var builder = new ThreadTable.Builder(reader.Snapshot.Folders.Sum(f => f.Tail.Length + f.Chunks.Sum(c => c.Count)));
        await foreach (var rows in reader.AllAsync())
        {
            foreach (var row in rows)
            {
                builder.Add(row.Folder, row.Row.Uid, row.Thread, FlagCounts.Unread(row.Flags) > 0);
            }

            // Others have chunks to read too.
            await Task.Yield();
        }

        return builder.Build();
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
