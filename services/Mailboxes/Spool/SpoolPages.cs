using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Spool;

/// <summary>How entries become pages.</summary>
internal static class SpoolPages
{
    /// <summary>Names that a page's line in the manifest lists; of more it says only the lowest and the highest destination.</summary>
    private const int MaxNames = 8;

    public static SpoolPage Create(int number, string blob, IReadOnlyList<WaitingEntry> entries)
    {
        var destinations = entries.Select(entry => WaitingEntry.DestinationOf(entry.Entry)).Distinct().Order(StringComparer.Ordinal).ToArray();
        var tenants = entries.Select(entry => entry.Entry.Message.Tenant.Value).Distinct().ToArray();
        var local = entries.Count(entry => entry.Entry.Kind == SpoolKind.Local);
        var page = new SpoolPage(new()
        {
            Number = number,
            Blob = blob,
            Local = local,
            Outbound = entries.Count - local,
            MinDue = entries.Min(entry => entry.Entry.DueAt),
            FirstKey = entries.Aggregate(entries[0].Key, (first, entry) => string.CompareOrdinal(entry.Key, first) < 0 ? entry.Key : first),
            LastKey = entries.Aggregate(entries[0].Key, (last, entry) => string.CompareOrdinal(entry.Key, last) > 0 ? entry.Key : last),
            MaxPriority = entries.Max(entry => entry.Entry.Message.Envelope.Priority),
            Tenants = tenants.Length <= MaxNames ? tenants : null,
            Destinations = destinations.Length <= MaxNames ? destinations : null,
            FirstDestination = destinations[0],
            LastDestination = destinations[^1],
        })
        {
            Unwritten = [.. entries.Select(entry => entry.Entry)],
        };
        page.Know(page.Unwritten);
        return page;
    }

    /// <summary>The queue that all entries of a page belong to; null when there are several.</summary>
    public static (string Destination, TenantId Tenant)? QueueOf(SpoolPage page) =>
        page.Manifest is { Destinations: [var destination], Tenants: [var tenant] } ? (destination, new(tenant)) : null;
}
