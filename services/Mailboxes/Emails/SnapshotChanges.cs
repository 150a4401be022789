using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;

namespace MailCloud.Mailboxes.Emails;

/// <summary>An Email of which something changed since a modseq. It may be gone.</summary>
/// <param name="CreatedModSeq">Above that modseq: it was not there then.</param>
/// <param name="FoldersChanged">False: only its flags did.</param>
internal readonly record struct TouchedEmail(ulong Thread, long CreatedModSeq, bool FoldersChanged);

/// <summary>Which Emails changed between a modseq and a snapshot. Made in one step with the snapshot: what left the mailbox stands in the log of the same moment.</summary>
internal sealed class SnapshotChanges
{
    private readonly MailboxSnapshot snapshot;
    private readonly long since;
    private readonly DepartureLog.Segment[] segments;
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

    public async Task<IReadOnlyDictionary<Guid, TouchedEmail>> ReadAsync(ChunkStore chunks)
    {
        foreach (var folder in snapshot.Folders)
        {
            foreach (var chunk in folder.Chunks.Where(c => c.LastModSeq > since))
            {
                var rows = await chunks.RowsAsync(chunk.Chunk);
                var threads = chunk.Chunk.HasThreads ? null : await chunks.ThreadsAsync(chunk.Chunk, rows);
                Touch(chunk.Rows(rows, await chunks.FlagsAsync(chunk.Chunk)), r => threads is null ? r.Row.Thread : threads[rows.IndexOf(r.Row.Uid)], chunk.AddedFrom);
            }

            Touch(folder.Tail, r => chunks.ThreadOf(r.Row, r.Content), 0);
        }

        foreach (var segment in segments)
        {
            Touch((await chunks.DepartedAsync(segment)).Emails);
        }

        Touch(recent);

        // Folders that are gone, with messages that are not in the log before their chunks are read.
        foreach (var discard in discards)
        {
            var rows = await chunks.RowsAsync(discard);
            Touch(rows.Rows.Where(r => UidRanges.Contains(discard.Uids, r.Uid)).Select(r => new DepartedEmail(r.Body, r.Thread, r.CreatedModSeq, snapshot.ModSeq, false)));
        }

        return touched;
    }

    private void Touch(IEnumerable<SnapshotRow> rows, Func<SnapshotRow, ulong> threadOf, long addedFrom)
    {
        foreach (var row in rows)
        {
            var added = Math.Max(row.Row.AddedModSeq, addedFrom);
            if (Math.Max(row.ModSeq, added) > since)
            {
                Touch(row.Row.Body, threadOf(row), row.Row.CreatedModSeq, added > since);
            }
        }
    }

    private void Touch(IEnumerable<DepartedEmail> departed)
    {
        foreach (var email in departed.Where(e => e.ModSeq > since))
        {
            Touch(email.Email, email.Thread, email.CreatedModSeq, true);
        }
    }

    private void Touch(Guid email, ulong thread, long created, bool foldersChanged)
    {
        var before = touched.GetValueOrDefault(email);
        touched[email] = new(thread == 0 ? before.Thread : thread, created, foldersChanged || before.FoldersChanged);
    }
}
