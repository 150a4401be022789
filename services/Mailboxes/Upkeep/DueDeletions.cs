using System.Runtime.CompilerServices;
using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Upkeep;

/// <summary>Removes deleted addresses for good once their time is over. Only what is due is read.</summary>
internal sealed class DueDeletions(IGrainFactory grains, ILogger<DueDeletions> log)
{
    private const int Page = 100;

    /// <summary>The addresses, each when nothing is left of it.</summary>
    public async IAsyncEnumerable<string> PurgeAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var part = 0; part < Deletions.Parts; part++)
        {
            var list = grains.GetGrain<IDeletionsGrain>(part);
            var page = await list.GetDueAsync("", Page);
            while (page.Count > 0)
            {
                foreach (var key in page)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    if (await TryPurgeAsync(list, key))
                    {
                        yield return key;
                    }
                }

                page = await list.GetDueAsync(page[^1], Page);
            }
        }
    }

    // True: it is gone. One that was restored, or made anew, is only taken off the list.
    private async Task<bool> TryPurgeAsync(IDeletionsGrain list, string key)
    {
        try
        {
            var result = await grains.GetGrain<IAddressGrain>(key).PurgeAsync();
            if (result != PurgeResult.NotYet)
            {
                await list.RemoveAsync(key);
            }

            return result == PurgeResult.Gone;
        }
        catch (Exception e)
        {
            // It stays on the list, for the next sweep.
            MailboxesLog.NotPurged(log, key, e);
            return false;
        }
    }
}
