using MailCloud.MailboxContracts;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Upkeep;

/// <summary>Runs the walks where the stores are; it holds nothing between calls.</summary>
[Reentrant]
internal sealed class UpkeepGrain(Verifier verifier, Sweeper sweeper, MailboxesOptions options) : Grain, IUpkeepGrain
{
    public IAsyncEnumerable<UpkeepRecord> VerifyAsync(CancellationToken cancellationToken) => verifier.RunAsync(cancellationToken);

    public IAsyncEnumerable<UpkeepRecord> SweepAsync(TimeSpan? grace, CancellationToken cancellationToken) =>
        sweeper.RunAsync(grace ?? options.SweepReleasedAfter, grace ?? options.SweepAbandonedAfter, cancellationToken);
}
