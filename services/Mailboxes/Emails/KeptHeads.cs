using System.Text;
using MailCloud.Blobs;
using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Emails;

/// <summary>
/// The heads of threads of the queries that were asked last, for pages beyond the first screens: made by a look at all Emails that match, and then brought forward by the threads that changed.
/// </summary>
internal sealed class KeptHeads(EmailMailbox mailbox, EmailThreads threads)
{
    /// <summary>The folder that is shown, and one more.</summary>
    private const int MaxQueries = 2;

    /// <summary>With more changes than this they are made anew.</summary>
    private const int MaxTouched = 10_000;

    // The last one asked for is the last.
    private readonly List<(string Query, ThreadRoom.Kept<ThreadHeads> Heads)> kept = [];

    private SemaphoreSlim Turn { get; } = new(1);

    /// <summary>What gives the heads of a query, taken in one step with its snapshot: what changed since those that are kept stands in the mailbox's state then. Null: of such a query none are kept.</summary>
    public Func<EmailQueryRun, Task<ThreadHeads>>? At(EmailQuery query, MailboxSnapshot snapshot)
    {
        if (!query.CollapseThreads || !EmailQueryRun.IsByDate(query) || EmailMatch.ThreadKeywordsOf(query.Filter).Any())
        {
            return null;
        }

        var key = KeyOf(query);
        var known = kept.Find(k => k.Query == key).Heads?.Get();
        var changes = known?.ModSeq < snapshot.ModSeq ? new SnapshotChanges(mailbox.State, snapshot, known.ModSeq) : null;
        return run => GetAsync(key, run, known, changes);
    }

    public void Drop()
    {
        kept.ForEach(k => k.Heads.Drop());
        kept.Clear();
    }

    private async Task<ThreadHeads> GetAsync(string key, EmailQueryRun run, ThreadHeads? known, SnapshotChanges? changes)
    {
        await Turn.WaitAsync();
        try
        {
            // Another question of the same moment may have made them.
            var place = PlaceOf(key);
            if ((place.Seen ?? known) is { } last && last.ModSeq == run.Snapshot.ModSeq)
            {
                return last;
            }

            var heads = (changes is null ? null : await BringAsync(run, known!, changes)) ?? new(run.Snapshot.ModSeq, await mailbox.Room.MakeAsync(run.HeadsAsync));
            if (place.Seen is not { } other || other.ModSeq < heads.ModSeq)
            {
                place.Set(heads, heads.Octets);
            }

            return heads;
        }
        finally
        {
            Turn.Release();
        }
    }

    private ThreadRoom.Kept<ThreadHeads> PlaceOf(string key)
    {
        var at = kept.FindIndex(k => k.Query == key);
        var place = at < 0 ? (key, new(mailbox.Room)) : kept[at];
        if (at >= 0)
        {
            kept.RemoveAt(at);
        }
        else if (kept.Count == MaxQueries)
        {
            kept[0].Heads.Drop();
            kept.RemoveAt(0);
        }

        kept.Add(place);
        return place.Item2;
    }

    // Null: too much changed since, or the mailbox has changed meanwhile.
    private async Task<ThreadHeads?> BringAsync(EmailQueryRun run, ThreadHeads known, SnapshotChanges changes)
    {
        if (!changes.IsKnown)
        {
            return null;
        }

        try
        {
            var changed = (await changes.ReadAsync(mailbox.Chunks)).Values.Select(t => t.Thread).ToHashSet();
            if (changed.Count > MaxTouched || changed.Contains(0))
            {
                return null;
            }

            var rows = await threads.WithTableAsync(table => mailbox.State.ModSeq == run.Snapshot.ModSeq ? changed.SelectMany(table.RowsOf).ToArray() : null);
            if (rows is null)
            {
                return null;
            }

            var heads = run.HeadsOf((await run.FindAsync(rows)).Values.Where(run.Matches));
            return await Task.Run(() => known.With(run.Snapshot.ModSeq, changed, heads));
        }
        catch (BlobMissingException)
        {
            // A sweep of a build that does not know the log of what left took part of it.
            return null;
        }
    }

    private static string KeyOf(EmailQuery query)
    {
        var key = new StringBuilder(query.Sort is [{ Ascending: true }] ? "+" : "-");
        Write(query.Filter);
        return key.ToString();

        void Write(EmailFilter filter)
        {
            key.Append((int)filter.Kind).Append('(').AppendJoin(' ', filter.Folders).Append(' ').Append(filter.Number).Append(' ').Append(filter.Keyword.Length).Append(filter.Keyword);
            foreach (var condition in filter.Conditions)
            {
                Write(condition);
            }

            key.Append(')');
        }
    }
}
