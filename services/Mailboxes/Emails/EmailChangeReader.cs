using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;

namespace MailCloud.Mailboxes.Emails;

/// <summary>
/// What became of Emails since a state (RFC 8620 §5.2), in one order: by the modseq at which the Email was made, when the client does not know it yet, else by that of its last change; then by id. So a page may end anywhere,
/// and one that was made early and changed late is told twice at most: as made, and as changed in a later page.
/// </summary>
internal sealed class EmailChangeReader(EmailMailbox mailbox)
{
    /// <summary>From a state with more changes since a client is as well off with the mailbox itself: it is told that they are not known (RFC 8620 §5.2, cannotCalculateChanges).</summary>
    public const int MaxChanges = 50_000;

    public async Task<EmailChanges> GetAsync(EmailState since, int max)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);

        // Of the modseq within which the client's answer was cut there may be more.
        var from = since.UpTo is null ? since.ModSeq : since.ModSeq - 1;
        var snapshot = MailboxSnapshot.Of(mailbox.State);
        var touched = await SnapshotChanges.FindAsync(mailbox, snapshot, from, MaxChanges);
        var changes = touched is null ? new() { Known = false, State = new(snapshot.ModSeq) }
            : touched.Count <= Chunk.MaxMessages ? PageOf(since, snapshot.ModSeq, touched, max)
            : await Task.Run(() => PageOf(since, snapshot.ModSeq, touched, max));
        await mailbox.Durable();
        return changes;
    }

    private static EmailChanges PageOf(EmailState since, long modSeq, IReadOnlyDictionary<Guid, TouchedEmail> touched, int max)
    {
        // Made and destroyed since: the client need not hear of it (RFC 8620 §5.2).
        var ordered = touched
            .Select(t => Change.Of(t.Key, t.Value, isCreated: IsAfter(t.Value.CreatedModSeq, t.Key)))
            .Where(c => IsAfter(c.Key, c.Id) && !(c.IsCreated && c.Email.IsGone))
            .OrderBy(c => c.Key).ThenBy(c => c.Id)
            .ToList();
        var taken = ordered.Take(max).ToList();
        return new()
        {
            Known = true,
            State = ordered.Count <= max ? new(modSeq)
                : ordered[max].Key == taken[^1].Key ? new(taken[^1].Key, taken[^1].Id)
                : new(taken[^1].Key),
            HasMore = ordered.Count > max,
            Created = [.. taken.Where(c => c.IsCreated).Select(c => c.Id)],
            Updated = [.. taken.Where(c => !c.IsCreated && !c.Email.IsGone).Select(c => c.Id)],
            Destroyed = [.. taken.Where(c => c.Email.IsGone).Select(c => c.Id)],
            Threads = [.. taken.Select(c => c.Email.Thread).Where(t => t != 0).Distinct()],
            ThreadsUnknown = taken.Exists(c => c.Email.Thread == 0),
        };

        bool IsAfter(long changed, Guid email) =>
            changed > since.ModSeq || (changed == since.ModSeq && since.UpTo is { } upTo && email.CompareTo(upTo) > 0);
    }

    private readonly record struct Change(Guid Id, TouchedEmail Email, bool IsCreated, long Key)
    {
        public static Change Of(Guid id, TouchedEmail email, bool isCreated) => new(id, email, isCreated, isCreated ? email.CreatedModSeq : email.ModSeq);
    }
}
