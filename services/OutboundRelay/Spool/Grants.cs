using System.Collections.Concurrent;
using MailCloud.Cluster;
using MailCloud.MailboxContracts;

namespace MailCloud.OutboundRelay.Spool;

/// <summary>
/// The connections that limiters have granted to this relay, renewed while they are open. One whose grant is gone, or could not be renewed in time, is closed: another relay may have its place.
/// </summary>
internal sealed class Grants(IGrainFactory grains, GrainCalls calls, RelayOptions options, TimeProvider time, ILogger<Grants> logger) : BackgroundService
{
    private static readonly TimeSpan Renewal = ILimiterGrain.Lease / 3;

    private readonly ConcurrentDictionary<Guid, HeldGrant> held = new();

    /// <summary>Asks for a connection. When it is granted, <see cref="ReleaseAsync"/> follows.</summary>
    public async Task<(ConnectionGrant Answer, HeldGrant? Held)> AcquireAsync(string provider, ProviderLimits limits, CancellationToken cancellationToken)
    {
        var asked = time.GetTimestamp();
        var answer = await calls.CallAsync(() => Limiter(provider).AcquireAsync(new(limits)), cancellationToken);
        if (answer.Grant is not { } grant)
        {
            return (answer, null);
        }

        return (answer, held[grant] = new(grant, provider, answer.Messages, asked));
    }

    /// <summary>After the connection is closed. A grant that cannot be given back runs out.</summary>
    public async Task ReleaseAsync(HeldGrant grant, ConnectionReport report, CancellationToken cancellationToken)
    {
        held.TryRemove(grant.Id, out _);
        grant.Dispose();
        try
        {
            await calls.CallAsync(() => Limiter(grant.Provider).ReleaseAsync(grant.Id, report), cancellationToken);
        }
        catch (GrainUnavailableException e)
        {
            RelayLog.NotRenewed(logger, e);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Renewal, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await Task.WhenAll(held.Values.GroupBy(g => g.Provider).Select(provider => RenewAsync(provider.Key, [.. provider], stoppingToken)));
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is open is closed within one lease.
        }
    }

    private async Task RenewAsync(string provider, HeldGrant[] mine, CancellationToken cancellationToken)
    {
        var asked = time.GetTimestamp();
        try
        {
            var gone = await Limiter(provider).RenewAsync([.. mine.Select(g => g.Id)]).WaitAsync(Renewal, time, cancellationToken);
            foreach (var grant in mine)
            {
                if (!gone.Contains(grant.Id))
                {
                    grant.RenewedAt = asked;
                }
                else if (held.ContainsKey(grant.Id))
                {
                    // It was not given back meanwhile.
                    Lose(grant);
                }
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            RelayLog.NotRenewed(logger, e);
            foreach (var grant in mine.Where(g => time.GetElapsedTime(g.RenewedAt) + Renewal > ILimiterGrain.Lease))
            {
                Lose(grant);
            }
        }
    }

    private void Lose(HeldGrant grant)
    {
        RelayLog.GrantLost(logger, grant.Provider);
        grant.Lose();
    }

    private ILimiterGrain Limiter(string provider) => grains.GetGrain<ILimiterGrain>($"{options.Pool}/{provider}");
}

/// <summary>One connection that may be open.</summary>
/// <param name="id">The grant's name.</param>
/// <param name="provider">Whose limiter granted it.</param>
/// <param name="messages">So many messages may go on it.</param>
/// <param name="renewedAt">The clock's stamp when it was last asked for, successfully.</param>
internal sealed class HeldGrant(Guid id, string provider, int messages, long renewedAt) : IDisposable
{
    private readonly CancellationTokenSource lost = new();

    public Guid Id => id;

    public string Provider => provider;

    public int Messages => messages;

    public long RenewedAt { get; set; } = renewedAt;

    /// <summary>Ends when the connection must be closed.</summary>
    public CancellationToken Lost => lost.Token;

    public void Lose()
    {
        try
        {
            lost.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Its connection has just been closed.
        }
    }

    public void Dispose() => lost.Dispose();
}
