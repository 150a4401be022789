using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MailCloud.Standing;

/// <summary>
/// Keeps this edge told of the directory's changes: one call every 15 s for all of it. A notice says only that there is something to ask for, and the answer to a renewal says so too, so
/// that a lost notice costs seconds.
/// </summary>
internal sealed class StandingWatch(
    AccountSessions sessions, Standings standings, IGrainFactory grains, GrainCalls calls, GatewayCount gateways, TimeProvider time, ILogger<StandingWatch> log) : BackgroundService, IStandingEdge
{
    /// <summary>A quarter of the time for which the grain remembers an edge (<see cref="IStandingNewsGrain.AttachAsync"/>).</summary>
    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(15);

    /// <summary>Sooner after an error: until then nothing is told here.</summary>
    private static readonly TimeSpan RenewalAfterError = TimeSpan.FromSeconds(3);

    private readonly SemaphoreSlim turn = new(1);
    private IStandingEdge? edge;
    private TimeSpan pause;
    private Task nextLoss = Task.CompletedTask;

    /// <summary>The number of the last change that this edge acts by; null before the first answer, when it acts by none. Read and written in <see cref="turn"/>.</summary>
    private long? seen;

    // Not before the start: a client of a cluster learns only then which grains there are.
    private IStandingNewsGrain News => grains.GetGrain<IStandingNewsGrain>(0);

    public Task ToldAsync(long number) => CatchUpAsync(number, CancellationToken.None);

    /// <summary>Returns when the grain knows this edge, or did not answer: listeners open after that.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        pause = await RenewAsync(cancellationToken).ConfigureAwait(false);
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        if (edge is not null)
        {
            // When this fails the grain forgets us by itself.
            await News.DetachAsync(edge).WaitAsync(GrainCalls.AttemptLimit, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public override void Dispose()
    {
        turn.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await WaitAsync(stoppingToken).ConfigureAwait(false);
            pause = await RenewAsync(stoppingToken).ConfigureAwait(false);
        }
    }

    // With a silo the grain that knew us may be gone; it is made anew within seconds.
    private async Task WaitAsync(CancellationToken stoppingToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        await Task.WhenAny(Task.Delay(pause, time, end.Token), nextLoss).ConfigureAwait(false);
        await end.CancelAsync().ConfigureAwait(false);
        stoppingToken.ThrowIfCancellationRequested();
    }

    private async Task<TimeSpan> RenewAsync(CancellationToken cancellationToken)
    {
        nextLoss = gateways.NextLoss;
        try
        {
            edge ??= grains.CreateObjectReference<IStandingEdge>(this);
            var last = await News.AttachAsync(edge).WaitAsync(GrainCalls.AttemptLimit, time, cancellationToken).ConfigureAwait(false);
            await CatchUpAsync(last, cancellationToken).ConfigureAwait(false);
            return Renewal;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            log.NotTold(e);
            return RenewalAfterError;
        }
    }

    private async Task CatchUpAsync(long last, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (last == seen)
            {
                return;
            }

            var news = await calls.CallAsync(() => News.GetSinceAsync(seen ?? long.MaxValue), cancellationToken).ConfigureAwait(false);
            if (news.Changes is null)
            {
                sessions.ForgetAll();
                await standings.CheckAllAsync(cancellationToken).ConfigureAwait(false);
            }

            foreach (var change in news.Changes ?? [])
            {
                sessions.Apply(change);
            }

            seen = news.Last;
        }
        finally
        {
            turn.Release();
        }
    }
}
