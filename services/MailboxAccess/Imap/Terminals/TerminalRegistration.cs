using MailCloud.Cluster;
using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Terminals;

/// <summary>Keeps <see cref="LiveSessions"/> known to the terminals' grain: one call for the whole edge, whatever the number of sessions.</summary>
internal sealed class TerminalRegistration(
    LiveSessions sessions, IGrainFactory grains, GatewayCount gateways, TimeProvider time, ILogger<TerminalRegistration> log) : BackgroundService
{
    /// <summary>A quarter of the time for which the grain remembers an edge (<see cref="ITerminalsGrain.AttachAsync"/>).</summary>
    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(15);

    /// <summary>Sooner after an error: until then nobody here is at a terminal.</summary>
    private static readonly TimeSpan RenewalAfterError = TimeSpan.FromSeconds(3);

    private ITerminalEdge? edge;
    private TimeSpan pause;
    private Task nextLoss = Task.CompletedTask;

    // Not before the start: a client of a cluster learns only then which grains there are.
    private ITerminalsGrain Terminals => grains.GetGrain<ITerminalsGrain>(0);

    /// <summary>Returns when the grain was told, or did not answer: listeners open after that.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        pause = await RenewAsync().ConfigureAwait(false);
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        if (edge is not null)
        {
            // When this fails the grain forgets us by itself.
            await Terminals.DetachAsync(edge).WaitAsync(GrainCalls.AttemptLimit, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            // With a silo the grain that knew us may be gone; it is made anew within seconds.
            await WaitAsync(stoppingToken).ConfigureAwait(false);
            pause = await RenewAsync().ConfigureAwait(false);
        }
    }

    private async Task WaitAsync(CancellationToken stoppingToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        await Task.WhenAny(Task.Delay(pause, time, end.Token), nextLoss).ConfigureAwait(false);
        await end.CancelAsync().ConfigureAwait(false);
        stoppingToken.ThrowIfCancellationRequested();
    }

    private async Task<TimeSpan> RenewAsync()
    {
        nextLoss = gateways.NextLoss;
        try
        {
            edge ??= grains.CreateObjectReference<ITerminalEdge>(sessions);
            await Terminals.AttachAsync(edge).WaitAsync(GrainCalls.AttemptLimit, time).ConfigureAwait(false);
            return Renewal;
        }
        catch (Exception e)
        {
            log.TerminalsUnknown(e);
            return RenewalAfterError;
        }
    }
}
