namespace MailCloud.Mailboxes.Upkeep;

internal static class Pages
{
    /// <summary>A stream in lists of at most this many.</summary>
    public static async IAsyncEnumerable<List<T>> InPagesAsync<T>(this IAsyncEnumerable<T> items, int size)
    {
        var page = new List<T>(size);
        await foreach (var item in items)
        {
            page.Add(item);
            if (page.Count == size)
            {
                yield return page;
                page = new(size);
            }
        }

        if (page.Count > 0)
        {
            yield return page;
        }
    }
}
