using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;
using Orleans.Serialization;

namespace MailCloud.Mailboxes.Spool;

/// <summary>
/// Turns a shard into blobs. Of what stands in no page the heads of all queues stay in memory, as deep as there is room, what is due before what is due later; the rest goes to pages: a queue with
/// much has pages of its own, the others share them, and what is due later stands apart in the order of when. A loaded page stays as it is, with its changes, until half of it has changed.
/// </summary>
internal sealed class SpoolSeal(SpoolShard shard, SpoolSizes sizes, Serializer serializer, string prefix, DateTimeOffset now)
{
    /// <summary>What is due within it is not kept apart by when: the schedule's first two steps are.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(10);

    /// <summary>So many small pages, of what is due soon or of what is due later, are merged by the next seal: each entry is written a few times, and pages stay few.</summary>
    private const int SmallPages = 4;

    /// <summary>Small pages of either kind that one seal loads: more than it makes.</summary>
    private const int MaxMerged = 8;

    private readonly List<(string, ReadOnlyMemory<byte>)> written = [];

    private int Today => DateOnly.FromDateTime(now.UtcDateTime).DayNumber;

    /// <summary>Pages to load before <see cref="Run"/>, which makes larger ones of them.</summary>
    public IReadOnlyList<SpoolPage> ToMerge() =>
        [.. shard.Unloaded
            .Where(IsSmall)
            .GroupBy(page => page.MinDue > now + Soon)
            .Where(alike => alike.Count() >= SmallPages)
            .SelectMany(alike => alike.Take(MaxMerged))];

    /// <summary>Segments to load before <see cref="Run"/>.</summary>
    public IReadOnlyList<TakenOver.Segment> SegmentsToMerge() => shard.Taken.ToLoadBeforeSeal(Today);

    public SealedState Run()
    {
        DissolvePages();
        MoveToPages();
        UnloadPages();
        shard.DropEndedLeases(now);
        var (taken, segments) = shard.Taken.Seal(Today, OldestDay(), () => NewBlob("taken-"));
        foreach (var segment in segments)
        {
            written.Add((segment.Manifest.Blob, serializer.Encode(new TakenOverKeys { Hashes = segment.Hashes! })));
        }

        var manifest = NewBlob("");
        written.Add((manifest, serializer.Encode(shard.ToState(taken))));
        return new(written, manifest);
    }

    /// <summary>The blobs are durable: from now on they are read from the store.</summary>
    public static void Finish(SpoolShard shard)
    {
        foreach (var page in shard.Pages)
        {
            page.Unwritten = null;
        }

        shard.Taken.Finish();
    }

    private bool IsSmall(SpoolPage page) => page.Entries < sizes.PageEntries / 4;

    private void DissolvePages()
    {
        var left = shard.Entries.Values.ToLookup(entry => entry.Page);
        foreach (var page in shard.Pages.Where(page => page.IsEmpty || (page.Loaded && (page.IsWorn || IsSmall(page)))).ToArray())
        {
            shard.Dissolve(page, left[page.Manifest.Number]);
        }
    }

    // The newest first: the others are nearer to their end.
    private void UnloadPages()
    {
        var left = shard.Entries.Values.ToLookup(entry => entry.Page);
        foreach (var page in shard.Pages.Where(page => page.Loaded).OrderByDescending(page => page.Manifest.Number).ToArray())
        {
            if (shard.Entries.Count - shard.Queues.Leased <= sizes.EntriesInMemory / 2)
            {
                return;
            }

            shard.Unload(page, [.. left[page.Manifest.Number]], now);
        }
    }

    private void MoveToPages()
    {
        var free = shard.Entries.Values.Where(entry => entry.Page == 0 && !(entry.LeasedUntil > now)).ToList();
        if (free.Count <= sizes.InlineEntries)
        {
            return;
        }

        var moved = free.GroupBy(entry => entry.Queue).SelectMany(Ranked)
            .OrderBy(ranked => ranked.Later).ThenBy(ranked => ranked.Rank)
            .Skip(sizes.InlineEntries / 2)
            .ToList();
        Write([.. moved.Where(ranked => !ranked.Later)], part => part
            .OrderBy(ranked => ranked.Entry.Queue.Destination.Name, StringComparer.Ordinal)
            .ThenByDescending(ranked => ranked.Entry.Entry.Message.Envelope.Priority)
            .ThenBy(ranked => ranked.Rank));
        Write([.. moved.Where(ranked => ranked.Later)], part => part.OrderBy(ranked => ranked.Entry.Entry.DueAt));
    }

    // A queue's entries in the order in which they will be leased.
    private IEnumerable<(WaitingEntry Entry, bool Later, int Rank)> Ranked(IGrouping<TenantQueue, WaitingEntry> queue)
    {
        var inOrder = queue.ToArray();
        Array.Sort(inOrder, WaitingEntry.InOrder);
        return inOrder.OrderBy(IsLater).Select((entry, rank) => (entry, IsLater(entry), rank));
    }

    // Tenants of a destination in turn, so that shared pages one after the other are fair to them.
    private void Write(
        List<(WaitingEntry Entry, bool Later, int Rank)> moved,
        Func<IEnumerable<(WaitingEntry Entry, bool Later, int Rank)>, IEnumerable<(WaitingEntry Entry, bool Later, int Rank)>> inOrder)
    {
        var shared = new List<(WaitingEntry Entry, bool Later, int Rank)>();
        foreach (var queue in moved.GroupBy(ranked => ranked.Entry.Queue))
        {
            if (queue.Count() >= sizes.PageEntries / 2)
            {
                WritePages([.. inOrder(queue).Select(ranked => ranked.Entry)]);
            }
            else
            {
                shared.AddRange(queue);
            }
        }

        WritePages([.. inOrder(shared).Select(ranked => ranked.Entry)]);
    }

    // Pages of about one length.
    private void WritePages(WaitingEntry[] entries)
    {
        var pages = (entries.Length + sizes.PageEntries - 1) / sizes.PageEntries;
        for (var i = 0; i < pages; i++)
        {
            var part = entries[(entries.Length * i / pages)..(entries.Length * (i + 1) / pages)];
            var page = shard.MoveToPage(part, NewBlob("page-"));
            written.Add((page.Manifest.Blob, serializer.Encode(new SpoolPageEntries { Entries = page.Unwritten! })));
        }
    }

    private bool IsLater(WaitingEntry entry) => entry.Entry.DueAt > now + Soon;

    private int OldestDay()
    {
        var oldest = int.MaxValue;
        foreach (var entry in shard.Entries.Values)
        {
            oldest = Math.Min(oldest, entry.Entry.Message.Id.AcceptDay.DayNumber);
        }

        return shard.Pages.Aggregate(oldest, (day, page) => Math.Min(day, DateOnly.FromDateTime(page.FirstAccepted.UtcDateTime).DayNumber));
    }

    private string NewBlob(string kind) => $"{prefix}{kind}{Guid.CreateVersion7():N}";
}
