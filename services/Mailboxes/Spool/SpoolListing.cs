using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Spool;

/// <summary>
/// One page of a listing, of the shard as it was at one moment. Pages are read in the order of their first keys, and no further than the listing goes; what their lines in the manifest rule out is not
/// read, and nothing that is read stays.
/// </summary>
internal sealed class SpoolListing
{
    private static readonly Comparer<string> HighestFirst = Comparer<string>.Create((a, b) => string.CompareOrdinal(b, a));

    private readonly SpoolFilter filter;
    private readonly string after;
    private readonly int count;
    private readonly PriorityQueue<(string Key, SpoolEntry Entry), string> lowest = new(HighestFirst);
    private readonly SpoolPage[] pages;

    public SpoolListing(SpoolShard shard, SpoolFilter filter, string after, int count)
    {
        (this.filter, this.after, this.count) = (filter, after, count);
        foreach (var entry in shard.Entries.Values)
        {
            Add(entry.Key, entry.Entry);
        }

        pages = [.. shard.Unloaded
            .Where(page => string.CompareOrdinal(page.Manifest.LastKey, after) > 0 && page.MayMatch(filter))
            .OrderBy(page => page.Manifest.FirstKey, StringComparer.Ordinal)];
    }

    public async Task<SpoolEntry[]> RunAsync(Func<SpoolPage, Task<SpoolEntry[]>> read)
    {
        foreach (var page in pages.TakeWhile(page => !IsBeyond(page.Manifest.FirstKey)))
        {
            foreach (var stored in await read(page))
            {
                var key = stored.Key;
                if (page.Amended(key, stored) is { } entry)
                {
                    Add(key, entry);
                }
            }
        }

        var found = new SpoolEntry[lowest.Count];
        for (var i = found.Length - 1; i >= 0; i--)
        {
            found[i] = lowest.Dequeue().Entry;
        }

        return found;
    }

    private void Add(string key, SpoolEntry entry)
    {
        if (string.CompareOrdinal(key, after) > 0 && !IsBeyond(key) && Matches(entry))
        {
            lowest.Enqueue((key, entry), key);
            if (lowest.Count > count)
            {
                lowest.Dequeue();
            }
        }
    }

    private bool IsBeyond(string key) => count <= 0 || (lowest.Count == count && string.CompareOrdinal(key, lowest.Peek().Key) > 0);

    private bool Matches(SpoolEntry entry) =>
        (filter.Kind is not { } kind || entry.Kind == kind)
        && (filter.Tenant is not { } tenant || entry.Message.Tenant == tenant)
        && (filter.Destination is not { } destination || WaitingEntry.DestinationOf(entry) == destination)
        && (filter.Message is not { } message || entry.Message.Id == message)
        && (filter.AcceptedBefore is not { } before || entry.Message.Id.AcceptedAt < before);
}
