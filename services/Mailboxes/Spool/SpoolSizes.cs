namespace MailCloud.Mailboxes.Spool;

/// <summary>How much of a shard is where. Tests make them small.</summary>
internal sealed record SpoolSizes
{
    /// <summary>Entries of a page: with their trace fields about 700 kB, which a few milliseconds read.</summary>
    public int PageEntries { get; init; } = 1000;

    /// <summary>Entries that stand in no page and that a seal leaves in memory, beside the leased ones, and writes into the manifest. When there are more it leaves half of it. A million entries in 256 shards have about a tenth of them in memory.</summary>
    public int InlineEntries { get; init; } = 500;

    /// <summary>
    /// Entries in memory that are not leased, from which on the shard is sealed before it loads more, and puts pages away down to half of it: a page each of sixteen tenants that send much to one destination,
    /// about 30 MB.
    /// </summary>
    public int EntriesInMemory { get; init; } = 16_000;

    /// <summary>Key hashes of a day that ride in the manifest, 16 octets each, before they go into a segment.</summary>
    public int RecentKeys { get; init; } = 1024;

    /// <summary>Key hashes of the largest segment: 1 MiB.</summary>
    public int SegmentKeys { get; init; } = 65_536;
}
