using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Limits;

/// <summary>
/// When a silo was lost last, or left, or this one started: what a grain there had given away in memory may still be in use. A grain that is made anew waits that out, and needs no store for it.
/// </summary>
internal sealed class SiloLosses(IServiceProvider services, MailboxesOptions options, TimeProvider time) : ILifecycleParticipant<ISiloLifecycle>, ISiloStatusListener
{
    /// <summary>A silo may be told of a loss a moment after it got the grain that the lost one had.</summary>
    private static readonly TimeSpan Gossip = TimeSpan.FromSeconds(2);

    private long lastTicks = DateTimeOffset.MinValue.Ticks;

    /// <summary>Until when a grain that was made anew at a time gives nothing away; a time in the past when nothing may be out.</summary>
    public DateTimeOffset QuietUntil(DateTimeOffset activatedAt)
    {
        var last = new DateTimeOffset(Interlocked.Read(ref lastTicks), TimeSpan.Zero);
        return last > activatedAt + Gossip ? DateTimeOffset.MinValue : last + ILimiterGrain.Lease;
    }

    public void Participate(ISiloLifecycle observer) => observer.Subscribe(nameof(SiloLosses), ServiceLifecycleStage.RuntimeGrainServices, StartAsync);

    public void SiloStatusChangeNotification(SiloAddress updatedSilo, SiloStatus status)
    {
        // Of this one there is nothing left to give once it ends.
        if (status.IsTerminating() && !updatedSilo.Equals(services.GetRequiredService<ILocalSiloDetails>().SiloAddress))
        {
            Note();
        }
    }

    private Task StartAsync(CancellationToken cancellationToken)
    {
        // Another may have gone before this one started, and relays live on.
        if (!options.RelaysInProcess)
        {
            Note();
        }

        services.GetRequiredService<ISiloStatusOracle>().SubscribeToSiloStatusEvents(this);
        return Task.CompletedTask;
    }

    private void Note() => Interlocked.Exchange(ref lastTicks, time.GetUtcNow().UtcTicks);
}
