using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;

namespace MailCloud.Mailboxes.Emails;

/// <summary>Folders as JMAP counts them (RFC 8621 §2), and what became of them. Counts come from what the manifest has of each chunk; only Emails that have several messages are looked at.</summary>
internal sealed class EmailFolderReader(EmailMailbox mailbox, EmailThreads threads)
{
    /// <summary>Emails that are looked up in one step: their chunks are in memory together.</summary>
    private const int AtOnce = 1000;

    private readonly EmailPlaces places = new(mailbox);
    private readonly EmailChangeReader changes = new(mailbox);
    private (long ModSeq, Dictionary<int, CopyCorrection> Corrections)? corrected;

    public async Task<EmailFolders?> GetAsync()
    {
        if (!mailbox.State.Created)
        {
            await mailbox.Durable();
            return null;
        }

        // What changes while it counts is told again by the changes since this modseq.
        var modSeq = mailbox.State.ModSeq;
        await CountUnreadAsync();
        var corrections = await CorrectionsAsync();
        var folders = new List<EmailFolder>();
        foreach (var folder in mailbox.State.Folders.Values.ToArray())
        {
            var correction = corrections.GetValueOrDefault(folder.Id);
            var inThreads = await threads.CountsAsync(folder.Id);
            folders.Add(new()
            {
                Id = folder.Id,
                Name = folder.Name,
                SpecialUse = folder.SpecialUse,
                Subscribed = folder.Subscribed,
                SortOrder = folder.SortOrder,
                TotalEmails = folder.Messages - correction.Doubles,
                UnreadEmails = folder.Chunks.Sum(c => c.Unread ?? 0) + folder.Tail.Sum(m => FlagCounts.Unread(m.Flags)) - correction.Unread,
                TotalThreads = inThreads.Total,
                UnreadThreads = inThreads.Unread,
            });
        }

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
            Known = counted is not null && state.KnowsFoldersSince(since),
            ModSeq = modSeq,
            Created = [.. state.Folders.Values.Where(f => f.CreatedModSeq > since).Select(f => f.Id)],
            Updated = [.. updated.Select(f => f.Id)],
            Counted = [.. known.Except(updated).Where(f => f.HighestModSeq > since || counted?.Contains(f.Id) == true).Select(f => f.Id)],
            Destroyed = [.. state.DeletedFolders.All.Where(f => f.ModSeq > since && f.CreatedModSeq <= since).Select(f => f.Id)],
        };
        await mailbox.Durable();
        return result;
    }

    // Chunks of a manifest of before are counted once, one at a time, and stay so.
    private async Task CountUnreadAsync()
    {
        while (mailbox.State.Folders.Values.SelectMany(f => f.Chunks).FirstOrDefault(c => c.Unread is null) is { } uncounted)
        {
            await places.InOneStepAsync((_, chunk) => chunk == uncounted, _ => true);
        }
    }

    /// <summary>By how much the messages of each folder are more than its Emails, because some Emails have several.</summary>
    private async Task<Dictionary<int, CopyCorrection>> CorrectionsAsync()
    {
        var state = mailbox.State;
        if (corrected is { } known && known.ModSeq == state.ModSeq)
        {
            return known.Corrections;
        }

        var modSeq = state.ModSeq;
        var corrections = new Dictionary<int, CopyCorrection>();
        foreach (var part in state.Bodies.Copies.Keys.Order().ToArray().Chunk(AtOnce))
        {
            await places.FindAsync(part, found =>
            {
                foreach (var email in found.Values.Where(e => e.Count > 1))
                {
                    Add(corrections, email);
                }

                return true;
            });
        }

        corrected = (modSeq, corrections);
        return corrections;
    }

    private static void Add(Dictionary<int, CopyCorrection> corrections, IReadOnlyList<EmailPlace> email)
    {
        var unread = FlagCounts.Unread(MergedEmail.Flags(email));
        foreach (var folder in email.GroupBy(p => p.Folder.Id))
        {
            var before = corrections.GetValueOrDefault(folder.Key);
            corrections[folder.Key] = new(before.Doubles + folder.Count() - 1, before.Unread + folder.Sum(p => FlagCounts.Unread(p.Flags.Flags)) - unread);
        }
    }

    /// <summary>Folders with a message of an Email of which another message changed or left: whether it is unread there may have changed. Null when that is not known.</summary>
    private async Task<HashSet<int>?> CountedElsewhereAsync(long since)
    {
        if (mailbox.State.ModSeq == since || !MayHaveCopies(since))
        {
            return [];
        }

        // Of an Email that is in several folders still, or was until another of its messages left.
        var copied = await changes.WithChangesAsync(new(since), changed => changed
            .Where(c => !c.IsGone && (mailbox.State.Bodies.Copies.ContainsKey(c.Email) || c.HasLeft))
            .Select(c => c.Email)
            .ToArray());
        if (copied is null)
        {
            return null;
        }

        var folders = new HashSet<int>();
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

    /// <param name="Doubles">Messages beyond one of each Email.</param>
    /// <param name="Unread">Unread messages beyond unread Emails.</param>
    private readonly record struct CopyCorrection(int Doubles, int Unread);
}
