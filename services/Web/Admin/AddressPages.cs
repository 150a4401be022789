using MailCloud.MailboxContracts;

namespace MailCloud.Web.Admin;

/// <summary>
/// Pages of a domain's addresses in the order of their keys. The domain's index is split by hash, so that each part has about as many of a page: each is asked for its share and some more, and again
/// only where that was too little.
/// </summary>
internal static class AddressPages
{
    public static async Task<IReadOnlyList<string>> GetAsync(string domain, string prefix, string after, int count, IGrainFactory grains)
    {
        var share = Math.Min(count, (4 * count / AddressIndex.Buckets) + 4);
        var pages = await Task.WhenAll(Enumerable.Range(0, AddressIndex.Buckets).Select(bucket => AskAsync(bucket, share)));

        // Beyond the last key of a part that gave all it was asked for, nothing is known.
        var known = pages.Where(page => page.Count == share).Select(page => page[^1]).Min(StringComparer.Ordinal);
        if (share < count && known is not null && pages.Sum(page => page.Count(key => string.CompareOrdinal(key, known) <= 0)) < count)
        {
            pages = await Task.WhenAll(pages.Select((page, bucket) => page.Count < share ? Task.FromResult(page) : AskAsync(bucket, count)));
        }

        return [.. pages.SelectMany(page => page).Order(StringComparer.Ordinal).Take(count)];

        Task<IReadOnlyList<string>> AskAsync(int bucket, int most) => grains.GetGrain<IAddressIndexGrain>(AddressIndex.GrainKey(domain, bucket)).GetPageOfAsync(prefix, after, most);
    }

    /// <summary>What the keys stand for. An index entry whose address a crash kept from being made, or that is deleted, is passed over.</summary>
    public static async Task<IEnumerable<AddressRecord>> FindAsync(IReadOnlyList<string> keys, IGrainFactory grains) =>
        (await grains.GetGrain<IAddressReaderGrain>(0).FindAsync(keys)).OfType<AddressRecord>();
}
