using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Tokens;

/// <summary>
/// Ends all tokens of a tenant or an account that goes for good, by pages of their list, and then the list, which says until then what is to be done. Nobody adds to it: who makes a token looks first
/// whether there is whom it is for.
/// </summary>
internal static class TokenPurge
{
    private const int Page = 50;

    public static async Task RunAsync(IGrainFactory grains, string listKey)
    {
        var list = grains.GetGrain<IApiTokenListGrain>(listKey);
        for (var page = await list.GetPageAsync("", Page); page.Count > 0; page = await list.GetPageAsync(page[^1], Page))
        {
            await Task.WhenAll(page.Select(id => grains.GetGrain<IApiTokenGrain>(id).RevokeAsync()));
        }

        await list.DestroyAsync();
    }
}
