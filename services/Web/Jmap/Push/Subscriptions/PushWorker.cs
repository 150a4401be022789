using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Web.Jmap.Push.Subscriptions;

/// <summary>
/// Pushes for those shards of accounts whose lease this process has. Each process asks for all of them: the first gets them, and another when it renews no more. Whoever lost a lease without knowing
/// pushes on until its next renewal; what is sent twice tells a client nothing new.
/// </summary>
internal sealed class PushWorker(PushServices services) : BackgroundService, IPushPusher
{
    private static readonly TimeSpan renewalPause = PushShards.Lease / 3;

    private const int Page = 1000;

    private readonly Guid id = Guid.NewGuid();
    private readonly Lock gate = new();
    private readonly Dictionary<AccountId, AccountPusher> pushers = [];
    private readonly Dictionary<int, PushSeen> leased = [];
    private CancellationToken stopping;

    public Task TouchedAsync(AccountId account)
    {
        lock (gate)
        {
            if (leased.ContainsKey(PushShards.Of(account)))
            {
                Find(account).Touch();
            }
        }

        return Task.CompletedTask;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        stopping = stoppingToken;
        using var timer = new PeriodicTimer(renewalPause, services.Time);
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
    private async Task ReleaseAsync() => await Task.WhenAll(leased.Keys.Select(shard => services.Grains.GetGrain<IPushShardGrain>(shard).ReleaseAsync(id)));

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

        // Not as long as Orleans would wait: one shard that does not answer would cost the others their leases.
        var renewal = await grain.RenewAsync(id, told, SeenOf(shard)).WaitAsync(renewalPause, services.Time, stopping);
        if (!renewal.IsLeased)
        {
            Leave(shard);
        }
        else if (renewal.Touched is { } touched)
        {
            Note(shard, renewal.Seen, touched);
        }
        else
        {
            await EnterAsync(shard, grain, renewal.Seen);
        }
    }

    // All of a shard: it is new here, or its grain has forgotten what this process may have missed. Until all of it is there nothing of it is seen, and the next renewal enters it again.
    private async Task EnterAsync(int shard, IPushShardGrain grain, PushSeen seen)
    {
        Note(shard, default, []);
        AccountId? after = null;
        while (await grain.GetPageAsync(after, Page).WaitAsync(renewalPause, services.Time, stopping) is { Count: > 0 } page)
        {
            Note(shard, default, page);
            after = page[^1];
        }

        Note(shard, seen, []);
    }

    private PushSeen SeenOf(int shard)
    {
        lock (gate)
        {
            return leased.GetValueOrDefault(shard);
        }
    }

    private void Note(int shard, PushSeen seen, IReadOnlyList<AccountId> touched)
    {
        lock (gate)
        {
            leased[shard] = seen;
            foreach (var account in touched)
            {
                Find(account).Touch();
            }
        }
    }

    private bool TryEnd(AccountPusher pusher, Task next)
    {
        lock (gate)
        {
            // Touched meanwhile: it looks again. One that has been left is over anyway.
            return !next.IsCompleted && ((ICollection<KeyValuePair<AccountId, AccountPusher>>)pushers).Remove(KeyValuePair.Create(pusher.Account, pusher));
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
            pusher = new(account, services, TryEnd, stopping);
            pushers.Add(account, pusher);
            _ = Task.Run(pusher.RunAsync);
        }

        return pusher;
    }
}
