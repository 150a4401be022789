using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Emails;

/// <summary>
/// What became of Emails since a state (RFC 8620 §5.2), in one order: by the modseq at which the Email was made, when the client does not know it yet, else by that of its last change; then by id. So a page may end anywhere,
/// and one that was made early and changed late is told twice at most: as made, and as changed in a later page.
/// </summary>
internal sealed class EmailChangeReader(EmailMailbox mailbox)
{
    private readonly EmailPlaces places = new(mailbox);
    private readonly EmailContents contents = new(mailbox.Chunks);

    public async Task<EmailChanges> GetAsync(EmailState since, int max)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        await mailbox.DiscardsRead();
        var changes = await ReadAsync(since, max);
        await mailbox.Durable();
        return changes;
    }

    private EmailChanges Unknown => new() { Known = false, State = new(mailbox.State.ModSeq) };

    private async Task<EmailChanges> ReadAsync(EmailState since, int max)
    {
        var (page, taken) = await WithChangesAsync(since, changed => Page(since, changed, max));
        if (page is null)
        {
            return Unknown;
        }

        var threads = taken.Select(c => c.Thread).Where(t => t != 0).ToHashSet();
        var unknown = taken.Where(c => c is { Thread: 0, Place: not null }).ToList();
        foreach (var (change, content) in unknown.Zip(await contents.ReadAsync(unknown.ConvertAll(c => c.Place!))))
        {
            threads.Add(ThreadId.Of(content.Summary, change.Email));
        }

        return page with { Threads = [.. threads] };
    }

    /// <summary>What Emails changed after a state, each once; null when that is not known. Of an Email that did only the places that did are looked at.</summary>
    public async Task<T?> WithChangesAsync<T>(EmailState since, Func<IReadOnlyCollection<EmailChange>, T> step)
    {
        try
        {
            return await LoadedAsync(since, step);
        }
        catch (BlobMissingException)
        {
            // A sweep of a build that does not know the log took part of it.
            return default;
        }
    }

    private async Task<T?> LoadedAsync<T>(EmailState since, Func<IReadOnlyCollection<EmailChange>, T> step)
    {
        // Of the modseq within which the client's answer was cut there may be more.
        var from = since.UpTo is null ? since.ModSeq : since.ModSeq - 1;
        while (true)
        {
            var segments = mailbox.State.Departures.Segments;
            var departed = new List<DepartedEmails>();
            foreach (var segment in segments.Where(s => mailbox.State.KnowsEmailsSince(from) && s.LastModSeq > from))
            {
                departed.Add(await mailbox.Chunks.DepartedAsync(segment));
            }

            var (done, result) = await places.InOneStepAsync((_, chunk) => mailbox.State.KnowsEmailsSince(from) && chunk.LastModSeq > from, loaded =>
                !mailbox.State.KnowsEmailsSince(from) ? (true, default)
                : mailbox.State.Departures.Segments == segments ? (true, step(Gather(from, loaded, departed)))
                : (false, default(T)));
            if (done)
            {
                return result;
            }
        }
    }

    private Dictionary<Guid, EmailChange>.ValueCollection Gather(long from, IReadOnlyList<(Folder Folder, LoadedChunk Loaded)> loaded, List<DepartedEmails> departed)
    {
        var changes = new Dictionary<Guid, EmailChange>();
        foreach (var (folder, chunk) in loaded)
        {
            foreach (var (index, row, flags) in chunk.Messages().Where(m => Math.Max(m.Flags.ModSeq, m.Row.AddedModSeq) > from))
            {
                ChangeOf(row.Body).Take(new EmailPlace(folder, row, flags, chunk, index, null));
            }
        }

        foreach (var folder in mailbox.State.Folders.Values.Where(f => f.HighestModSeq > from))
        {
            foreach (var message in folder.Tail.Where(m => Math.Max(m.ModSeq, m.Row.AddedModSeq) > from))
            {
                ChangeOf(message.Row.Body).Take(new EmailPlace(folder, message.Row, message.FlagsNow, null, -1, message));
            }
        }

        foreach (var email in departed.SelectMany(d => d.Emails).Concat(mailbox.State.Departures.Recent).Where(e => e.ModSeq > from))
        {
            ChangeOf(email.Email).Take(email);
        }

        return changes.Values;

        EmailChange ChangeOf(Guid email)
        {
            if (!changes.TryGetValue(email, out var change))
            {
                changes[email] = change = new(email);
            }

            return change;
        }
    }

    private (EmailChanges Page, List<EmailChange> Taken) Page(EmailState since, IReadOnlyCollection<EmailChange> changed, int max)
    {
        // Made and destroyed since: the client need not hear of it (RFC 8620 §5.2).
        var ordered = changed
            .Select(c => (Change: c, IsCreated: IsAfter(c.CreatedModSeq, c.Email), Key: IsAfter(c.CreatedModSeq, c.Email) ? c.CreatedModSeq : c.LastModSeq))
            .Where(c => IsAfter(c.Key, c.Change.Email) && !(c.IsCreated && c.Change.IsGone))
            .OrderBy(c => c.Key).ThenBy(c => c.Change.Email)
            .ToList();
        var taken = ordered.Take(max).ToList();
        var state = ordered.Count <= max ? new EmailState(mailbox.State.ModSeq)
            : ordered[max].Key == taken[^1].Key ? new(taken[^1].Key, taken[^1].Change.Email)
            : new(taken[^1].Key);
        var page = new EmailChanges
        {
            Known = true,
            State = state,
            HasMore = ordered.Count > max,
            Created = [.. taken.Where(c => c.IsCreated).Select(c => c.Change.Email)],
            Updated = [.. taken.Where(c => !c.IsCreated && !c.Change.IsGone).Select(c => c.Change.Email)],
            Destroyed = [.. taken.Where(c => c.Change.IsGone).Select(c => c.Change.Email)],
        };
        return (page, taken.ConvertAll(c => c.Change));

        bool IsAfter(long modSeq, Guid email) =>
            modSeq > since.ModSeq || (modSeq == since.ModSeq && since.UpTo is { } upTo && email.CompareTo(upTo) > 0);
    }
}

/// <summary>What is known of an Email of which something changed after a modseq.</summary>
internal sealed class EmailChange(Guid email)
{
    public Guid Email => email;

    /// <summary>0: not known.</summary>
    public ulong Thread { get; private set; }

    /// <summary>0: before that was kept.</summary>
    public long CreatedModSeq { get; private set; }

    public long LastModSeq { get; private set; }

    /// <summary>A message of it that changed; null when all that did have left.</summary>
    public EmailPlace? Place { get; private set; }

    public bool IsGone { get; private set; }

    /// <summary>A message of it left, be it the last one or not.</summary>
    public bool HasLeft { get; private set; }

    public void Take(EmailPlace place)
    {
        Place = place;
        Take(place.Row.Thread, place.Row.CreatedModSeq, Math.Max(place.Flags.ModSeq, place.Row.AddedModSeq));
    }

    public void Take(DepartedEmail departed)
    {
        HasLeft = true;
        IsGone |= departed.Gone;
        Take(departed.Thread, departed.CreatedModSeq, departed.ModSeq);
    }

    private void Take(ulong thread, long created, long modSeq)
    {
        Thread = thread == 0 ? Thread : thread;
        CreatedModSeq = Math.Max(CreatedModSeq, created);
        LastModSeq = Math.Max(LastModSeq, modSeq);
    }
}
