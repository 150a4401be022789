using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Web.Jmap.Push.Subscriptions;

/// <summary>
/// Pushes for those shards of accounts whose lease this process has. Each process asks for all of them: the first gets them, and another when it renews no more. Whoever lost a lease without knowing
/// pushes on until its next renewal; what is sent twice tells a client nothing new.
/// </summary>
internal sealed class PushWorker(PushServices services) : BackgroundService, IPushPusher
{
    private static readonly TimeSpan renewal = PushShards.Lease / 3;

    private const int Page = 1000;

    private readonly Guid id = Guid.NewGuid();
    private readonly Lock gate = new();
    private readonly Dictionary<AccountId, AccountPusher> pushers = [];
    private readonly HashSet<int> leased = [];
    private CancellationToken stopping;

    public Task TouchedAsync(AccountId account)
    {
        lock (gate)
        {
            if (leased.Contains(PushShards.Of(account)))
            {
                Find(account).Touch();
            }
        }

        return Task.CompletedTask;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        stopping = stoppingToken;
        using var timer = new PeriodicTimer(renewal, services.Time);
        IPushPusher? told = null;
        try
        {
            do
            {
                told = await RenewAsync(told);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await ReleaseAsync().WaitAsync(TimeSpan.FromSeconds(5), services.Time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // A task of its own, so that grains which are gone already, as the process ends, only end it.
    private async Task ReleaseAsync() => await Task.WhenAll(leased.Select(shard => services.Grains.GetGrain<IPushShardGrain>(shard).ReleaseAsync(id)));

    private async Task<IPushPusher?> RenewAsync(IPushPusher? told)
    {
        try
        {
            told ??= services.Grains.CreateObjectReference<IPushPusher>(this);
            await Task.WhenAll(Enumerable.Range(0, PushShards.Count).Select(shard => RenewAsync(shard, told)));
        }
        catch (Exception e)
        {
            // No silo, or one that has not begun yet; it is tried again, unless the process ends, whose grains may be gone already.
            if (!stopping.IsCancellationRequested)
            {
                services.Log.LeasesUnknown(e);
            }
        }

        return told;
    }

    private async Task RenewAsync(int shard, IPushPusher told)
    {
        var grain = services.Grains.GetGrain<IPushShardGrain>(shard);
        if (!await grain.LeaseAsync(id, told))
        {
            Leave(shard);
        }
        else if (!IsLeased(shard))
        {
            await EnterAsync(shard, grain);
        }
    }

    private async Task EnterAsync(int shard, IPushShardGrain grain)
    {
        lock (gate)
        {
            leased.Add(shard);
        }

        try
        {
            AccountId? after = null;
            while (await grain.GetPageAsync(after, Page) is { Count: > 0 } page)
            {
                lock (gate)
                {
                    foreach (var account in page)
                    {
                        Find(account);
                    }
                }

                after = page[^1];
            }
        }
        catch
        {
            // Half of it is not enough: the next renewal enters it again.
            Leave(shard);
            throw;
        }
    }

    private bool IsLeased(int shard)
    {
        lock (gate)
        {
            return leased.Contains(shard);
        }
    }

    private void Leave(int shard)
    {
        lock (gate)
        {
            if (leased.Remove(shard))
            {
                foreach (var account in pushers.Keys.Where(account => PushShards.Of(account) == shard).ToArray())
                {
                    pushers.Remove(account, out var pusher);
                    pusher!.End();
                }
            }
        }
    }

    private AccountPusher Find(AccountId account)
    {
        if (!pushers.TryGetValue(account, out var pusher))
        {
            pusher = new(account, services, stopping);
            pushers.Add(account, pusher);
            _ = Task.Run(pusher.RunAsync);
        }

        return pusher;
    }
}
