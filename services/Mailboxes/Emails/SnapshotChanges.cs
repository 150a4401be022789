using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;

namespace MailCloud.Mailboxes.Emails;

/// <summary>An Email of which something changed since a modseq. It may be gone.</summary>
/// <param name="Thread">0: not known, of before threads were kept.</param>
/// <param name="CreatedModSeq">Above that modseq: it was not there then. 0: of before that was kept.</param>
/// <param name="ModSeq">Of its last change.</param>
/// <param name="FoldersChanged">False: only its flags did.</param>
/// <param name="HasLeft">A message of it left, be it the last one or not.</param>
/// <param name="IsGone">Its last message left.</param>
internal readonly record struct TouchedEmail(ulong Thread, long CreatedModSeq, long ModSeq, bool FoldersChanged, bool HasLeft, bool IsGone);

/// <summary>Which Emails changed between a modseq and a snapshot. Made in one step with the snapshot: what left the mailbox stands in the log of the same moment.</summary>
internal sealed class SnapshotChanges
{
    private readonly MailboxSnapshot snapshot;
    private readonly long since;
    private readonly LogSegment<DepartedEmails>[] segments;
    private readonly DepartedEmail[] recent;
    private readonly Chunk[] discards;
    private readonly Dictionary<Guid, TouchedEmail> touched = [];

    /// <param name="snapshot">Of this state, as it is now.</param>
    public SnapshotChanges(MailboxState state, MailboxSnapshot snapshot, long since)
    {
        (this.snapshot, this.since) = (snapshot, since);
        IsKnown = since <= state.ModSeq && state.KnowsEmailsSince(since);
        segments = [.. state.Departures.Segments.Where(s => s.LastModSeq > since)];
        recent = [.. state.Departures.Recent.Where(e => e.ModSeq > since)];
        discards = [.. state.Bodies.Discards];
    }

    /// <summary>False: too much was forgotten since.</summary>
    public bool IsKnown { get; }

    /// <summary>What changed up to now; null when that is not known, or is more than a number.</summary>
    public static async Task<IReadOnlyDictionary<Guid, TouchedEmail>?> FindAsync(EmailMailbox mailbox, MailboxSnapshot snapshot, long since, int most)
    {
        var changes = new SnapshotChanges(mailbox.State, snapshot, since);
        if (!changes.IsKnown)
        {
            return null;
        }

        try
        {
            var found = await changes.ReadAsync(mailbox.Chunks, most);
            return found.Count <= most ? found : null;
        }
        catch (BlobMissingException)
        {
            // A sweep of a build that does not know the log took part of it.
            return null;
        }
    }

    /// <summary>
    /// Reads chunk by chunk, and others have their turn in between. With more Emails than <paramref name="most"/> it ends early. Messages of deleted folders that are not in the log before their chunks are
    /// read are gone all the same; more of them than that are left to the log.
    /// </summary>
    public async Task<IReadOnlyDictionary<Guid, TouchedEmail>> ReadAsync(ChunkStore chunks, int most = int.MaxValue)
    {
        Touch(recent);
        foreach (var segment in segments)
        {
            Touch((await chunks.DepartedAsync(segment)).Emails);
            if (await IsEnoughAsync(most))
            {
                return touched;
            }
        }

        foreach (var folder in snapshot.Folders)
        {
            Touch(folder.Tail, r => chunks.ThreadOf(r.Row, r.Content), 0);
            foreach (var chunk in folder.Chunks.Where(c => c.LastModSeq > since))
            {
                var rows = await chunks.RowsAsync(chunk.Chunk);
                var threads = chunk.Chunk.HasThreads ? null : await chunks.ThreadsAsync(chunk.Chunk, rows);
                Touch(chunk.Rows(rows, await chunks.FlagsAsync(chunk.Chunk)), r => threads is null ? r.Row.Thread : threads[rows.IndexOf(r.Row.Uid)], chunk.AddedFrom);
                if (await IsEnoughAsync(most))
                {
                    return touched;
                }
            }
        }

        if (discards.Sum(d => (long)d.Count) <= most)
        {
            await TouchDiscardsAsync(chunks);
        }

        return touched;
    }

    private async Task<bool> IsEnoughAsync(int most)
    {
        await Task.Yield();
        return touched.Count > most;
    }

    private async Task TouchDiscardsAsync(ChunkStore chunks)
    {
        var left = new Dictionary<Guid, int>();
        foreach (var discard in discards)
        {
            var rows = await chunks.RowsAsync(discard);
            Touch(rows.Rows.Where(r => UidRanges.Contains(discard.Uids, r.Uid)).Select(Departed));
            await Task.Yield();
        }

        // The last one when all messages of its body are in such chunks.
        DepartedEmail Departed(MessageRow row)
        {
            var count = left[row.Body] = left.GetValueOrDefault(row.Body) + 1;
            return new(row.Body, row.Thread, row.CreatedModSeq, snapshot.ModSeq, count == snapshot.Copies.GetValueOrDefault(row.Body, 1));
        }
    }

    private void Touch(IEnumerable<SnapshotRow> rows, Func<SnapshotRow, ulong> threadOf, long addedFrom)
    {
        foreach (var row in rows)
        {
            var added = Math.Max(row.Row.AddedModSeq, addedFrom);
            if (Math.Max(row.ModSeq, added) > since)
            {
                Touch(row.Row.Body, new(threadOf(row), row.Row.CreatedModSeq, Math.Max(row.ModSeq, added), FoldersChanged: added > since, HasLeft: false, IsGone: false));
            }
        }
    }

    private void Touch(IEnumerable<DepartedEmail> departed)
    {
        foreach (var email in departed.Where(e => e.ModSeq > since))
        {
            Touch(email.Email, new(email.Thread, email.CreatedModSeq, email.ModSeq, FoldersChanged: true, HasLeft: true, email.Gone));
        }
    }

    private void Touch(Guid email, TouchedEmail more)
    {
        var before = touched.GetValueOrDefault(email);
        touched[email] = new(
            more.Thread == 0 ? before.Thread : more.Thread,
            Math.Max(before.CreatedModSeq, more.CreatedModSeq),
            Math.Max(before.ModSeq, more.ModSeq),
            before.FoldersChanged || more.FoldersChanged,
            before.HasLeft || more.HasLeft,
            before.IsGone || more.IsGone);
    }
}
