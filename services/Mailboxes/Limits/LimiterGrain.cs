using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Limits;

/// <summary>
/// One provider's limits, for all relays. Nothing is stored: what it has granted ends by itself, and what it has learnt is learnt again. Invariants:
/// <list type="number">
/// <item>It stays in memory while a grant is out, and takes its grants along when it moves to another silo.</item>
/// <item>One made anew, after the loss of a silo or the start of its own, grants nothing before whatever an earlier one may have granted has ended, or was renewed (<see cref="SiloLosses"/>).</item>
/// </list>
/// </summary>
internal sealed class LimiterGrain(SiloLosses losses, LimiterTelemetry telemetry, TimeProvider time, ILogger<LimiterGrain> logger) : Grain, ILimiterGrain, IGrainMigrationParticipant
{
    private const string StateKey = "limiter";

    private ProviderLimiter limiter = new();
    private bool moved;
    private DateTimeOffset activatedAt;

    private DateTimeOffset QuietUntil => moved ? DateTimeOffset.MinValue : losses.QuietUntil(activatedAt);

    public Task<ConnectionGrant> AcquireAsync(ConnectionRequest request)
    {
        var now = time.GetUtcNow();
        if (QuietUntil is var until && until > now)
        {
            telemetry.Answered("quiet");
            return Task.FromResult(new ConnectionGrant(null, 0, until - now, null));
        }

        var answer = limiter.Acquire(request.Limits, now);
        telemetry.Answered(answer.Grant is not null ? "granted" : answer.SuspendedUntil is not null ? "paused" : "limited");
        Stay(now);
        return Task.FromResult(answer);
    }

    public Task<IReadOnlyList<Guid>> RenewAsync(IReadOnlyList<Guid> grants)
    {
        var now = time.GetUtcNow();
        var ended = limiter.Renew(grants, now, adopt: QuietUntil > now);
        Stay(now);
        return Task.FromResult(ended);
    }

    public Task ReleaseAsync(Guid grant, ConnectionReport report)
    {
        var now = time.GetUtcNow();
        var (paused, allowed) = (limiter.PausedUntil, limiter.Allowed);
        limiter.Release(grant, report, now);
        Tell(paused, allowed, report);
        Stay(now);
        return Task.CompletedTask;
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        activatedAt = time.GetUtcNow();
        Stay(activatedAt);
        return base.OnActivateAsync(cancellationToken);
    }

    public void OnDehydrate(IDehydrationContext dehydrationContext) => dehydrationContext.TryAddValue(StateKey, limiter);

    public void OnRehydrate(IRehydrationContext rehydrationContext)
    {
        if (rehydrationContext.TryGetValue<ProviderLimiter>(StateKey, out var state) && state is not null)
        {
            (limiter, moved) = (state, true);
        }
    }

    private void Tell(DateTimeOffset? paused, int allowed, ConnectionReport report)
    {
        var provider = this.GetPrimaryKeyString();
        if (limiter.PausedUntil is { } until && until != paused)
        {
            telemetry.Learnt("paused");
            MailboxesLog.ProviderPaused(logger, provider, until, report.Reply);
        }
        else if (limiter.Allowed < allowed)
        {
            telemetry.Learnt("fewer");
            MailboxesLog.ProviderLimited(logger, provider, limiter.Allowed, report.Reply);
        }
        else if (paused is not null && limiter.PausedUntil is null)
        {
            telemetry.Learnt("resumed");
            MailboxesLog.ProviderResumed(logger, provider);
        }
    }

    private void Stay(DateTimeOffset now)
    {
        if (limiter.NeededUntil - now is var left && left > TimeSpan.Zero)
        {
            DelayDeactivation(left);
        }
    }
}
