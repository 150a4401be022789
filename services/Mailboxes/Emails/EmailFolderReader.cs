using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;

namespace MailCloud.Mailboxes.Emails;

/// <summary>Folders as JMAP counts them (RFC 8621 §2), and what became of them. Counts come from what the manifest has of each chunk; only Emails that have several messages are looked at.</summary>
internal sealed class EmailFolderReader(EmailMailbox mailbox, EmailThreads threads)
{
    /// <summary>Emails that are looked up in one step: their chunks are in memory together.</summary>
    private const int AtOnce = 1000;

    private readonly EmailPlaces places = new(mailbox);
    private readonly CopyCounts copies = new(mailbox);

    public async Task<EmailFolders?> GetAsync(bool withCounts)
    {
        if (!mailbox.State.Created)
        {
            await mailbox.Durable();
            return null;
        }

        // What changes while it counts is told again by the changes since this modseq.
        var modSeq = mailbox.State.ModSeq;
        var folders = withCounts ? await CountAsync() : [.. mailbox.State.Folders.Values.Select(FolderOf)];
        await mailbox.Durable();
        return new() { ModSeq = modSeq, Folders = folders };
    }

    public async Task<EmailFolderChanges> GetChangesAsync(long since)
    {
        var state = mailbox.State;
        if (!state.KnowsFoldersSince(since))
        {
            await mailbox.Durable();
            return new() { Known = false, ModSeq = state.ModSeq };
        }

        var modSeq = state.ModSeq;
        var counted = await CountedElsewhereAsync(since);
        var known = state.Folders.Values.Where(f => f.CreatedModSeq <= since).ToList();
        var updated = known.FindAll(f => f.ChangedModSeq > since);
        var result = new EmailFolderChanges
        {
            Known = state.KnowsFoldersSince(since),
            ModSeq = modSeq,
            Created = [.. state.Folders.Values.Where(f => f.CreatedModSeq > since).Select(f => f.Id)],
            Updated = [.. updated.Select(f => f.Id)],
            Counted = [.. known.Except(updated).Where(f => f.HighestModSeq > since || counted.Contains(f.Id)).Select(f => f.Id)],
            Destroyed = [.. state.DeletedFolders.All.Where(f => f.ModSeq > since && f.CreatedModSeq <= since).Select(f => f.Id)],
        };
        await mailbox.Durable();
        return result;
    }

    private async Task<List<EmailFolder>> CountAsync()
    {
        await CountUnreadAsync();
        var corrections = await copies.ReadAsync();
        var folders = new List<EmailFolder>();
        foreach (var folder in mailbox.State.Folders.Values.ToArray())
        {
            var correction = corrections.GetValueOrDefault(folder.Id);
            var inThreads = await threads.CountsAsync(folder.Id, copies.UnreadOf(folder.Id));
            folders.Add(FolderOf(folder) with
            {
                TotalEmails = folder.Messages - correction.Doubles,
                UnreadEmails = folder.Chunks.Sum(c => c.Unread ?? 0) + folder.Tail.Sum(m => FlagCounts.Unread(m.Flags)) - correction.Unread,
                TotalThreads = inThreads.Total,
                UnreadThreads = inThreads.Unread,
            });
        }

        return folders;
    }

    private static EmailFolder FolderOf(Folder folder) => new()
    {
        Id = folder.Id,
        Name = folder.Name,
        SpecialUse = folder.SpecialUse,
        Subscribed = folder.Subscribed,
        SortOrder = folder.SortOrder,
        TotalEmails = 0,
        UnreadEmails = 0,
        TotalThreads = 0,
        UnreadThreads = 0,
    };

    // Chunks of a manifest of before are counted once, one at a time, and stay so.
    private async Task CountUnreadAsync()
    {
        while (mailbox.State.Folders.Values.SelectMany(f => f.Chunks).FirstOrDefault(c => c.Unread is null) is { } uncounted)
        {
            await places.InOneStepAsync((_, chunk) => chunk == uncounted, _ => true);
        }
    }

    /// <summary>Folders with a message of an Email of which another message changed or left: whether it is unread there may have changed.</summary>
    private async Task<IReadOnlySet<int>> CountedElsewhereAsync(long since)
    {
        if (mailbox.State.ModSeq == since || !MayHaveCopies(since))
        {
            return new HashSet<int>();
        }

        var folders = new HashSet<int>();
        if (await SnapshotChanges.FindAsync(mailbox, MailboxSnapshot.Of(mailbox.State), since, EmailChangeReader.MaxChanges) is not { } touched)
        {
            // Too many to look at each: then it may be any.
            folders.UnionWith(mailbox.State.Folders.Keys);
            return folders;
        }

        // Of an Email that is in several folders still, or was until another of its messages left.
        var copied = touched.Where(t => !t.Value.IsGone && (t.Value.HasLeft || mailbox.State.Bodies.Copies.ContainsKey(t.Key))).Select(t => t.Key);
        foreach (var part in copied.Order().ToArray().Chunk(AtOnce))
        {
            folders.UnionWith(await places.FindAsync(part, found => found.Values.SelectMany(MergedEmail.Folders).ToArray()));
        }

        return folders;
    }

    // Whether there are Emails in several places, or have been since.
    private bool MayHaveCopies(long since) =>
        mailbox.State.Bodies.Copies.Count > 0
        || Array.Exists(mailbox.State.Departures.Segments, s => s.LastModSeq > since)
        || mailbox.State.Departures.Recent.Any(e => !e.Gone && e.ModSeq > since);
}
