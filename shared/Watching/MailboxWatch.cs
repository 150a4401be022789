using System.Diagnostics;
using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace MailCloud.Watching;

/// <summary>
/// One mailbox, watched for all of this edge's sessions that wait for news of it. A notice wakes them, and each asks the mailbox for itself what its client does
/// not know: nothing is queued for a session, and one that waits for its client's socket holds neither the grain nor the others.
/// </summary>
public sealed class MailboxWatch : IMailboxObserver
{
    /// <summary>A quarter of the time for which a mailbox remembers an edge (<see cref="IMailboxGrain.WatchAsync"/>).</summary>
    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(15);

    /// <summary>Sooner after an error: until it is told, the mailbox sends no notices.</summary>
    private static readonly TimeSpan RenewalAfterError = TimeSpan.FromSeconds(3);

    /// <summary>After the loss of a silo all watches of this edge are renewed within this time, not all at the same moment.</summary>
    private static readonly TimeSpan RenewalAfterLoss = TimeSpan.FromSeconds(1);

    /// <summary>What a call of a grain that is traced has with it.</summary>
    private const string TraceParent = "traceparent";

    private readonly AccountId account;
    private readonly IGrainFactory grains;
    private readonly GrainCalls calls;
    private readonly GatewayCount gateways;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private TaskCompletionSource next = NewSignal();
    private TaskCompletionSource nextOfOthers = NewSignal();
    private TaskCompletionSource moves = NewSignal();
    private long lastModSeq = -1;

    internal MailboxWatch(AccountId account, IGrainFactory grains, GrainCalls calls, GatewayCount gateways, TimeProvider time, ILogger log) =>
        (this.account, this.grains, this.calls, this.gateways, this.time, this.log) = (account, grains, calls, gateways, time, log);

    /// <summary>How many sessions wait; guarded by <see cref="MailboxWatches"/>.</summary>
    internal int Sessions { get; set; }

    public NoticeTraces Traces { get; } = new();

    /// <summary>Ends when there may be something new. Who takes it before asking the mailbox misses nothing.</summary>
    public Task Next => Volatile.Read(ref next).Task;

    /// <summary>Ends when what stands beside the mailbox may have changed. A notice of that is not made good when it is lost: who needs it asks by himself from time to time.</summary>
    public Task NextOfOthers => Volatile.Read(ref nextOfOthers).Task;

    public Task ChangedAsync(AccountId account, long modSeq)
    {
        if (RequestContext.Get(TraceParent) is string parent && ActivityContext.TryParse(parent, null, isRemote: true, out var trace) && trace.TraceFlags.HasFlag(ActivityTraceFlags.Recorded))
        {
            Traces.Add(trace);
        }

        Notice(modSeq);
        return Task.CompletedTask;
    }

    public Task OthersChangedAsync(AccountId account)
    {
        Interlocked.Exchange(ref nextOfOthers, NewSignal()).SetResult();
        return Task.CompletedTask;
    }

    public Task MovesAsync(AccountId account)
    {
        Interlocked.Exchange(ref moves, NewSignal()).SetResult();
        return Task.CompletedTask;
    }

    /// <summary>Registers and goes on registering until nobody waits any more.</summary>
    internal async Task RunAsync(Func<bool> isIdle)
    {
        var mailbox = grains.GetGrain<IMailboxGrain>(account.Value);
        IMailboxObserver? observer = null;
        while (!isIdle())
        {
            // Taken before the mailbox is told: what moves or is lost meanwhile counts.
            var (move, loss) = (Volatile.Read(ref moves).Task, gateways.NextLoss);
            var pause = Renewal;
            try
            {
                observer ??= grains.CreateObjectReference<IMailboxObserver>(this);
                var modSeq = await calls.CallAsync(() => mailbox.WatchAsync(observer), CancellationToken.None).ConfigureAwait(false);
                if (modSeq != Interlocked.Read(ref lastModSeq))
                {
                    // A notice was lost, or this is the first answer.
                    Notice(modSeq);
                }
            }
            catch (Exception e)
            {
                log.WatchFailed(account.Value, e);
                pause = RenewalAfterError;
                Forget(ref observer);
            }

            await WaitAsync(pause, move, loss).ConfigureAwait(false);
        }

        await LeaveAsync(mailbox, observer).ConfigureAwait(false);
    }

    // Until the next renewal: sooner when the mailbox's grain moves, or was perhaps on a silo that is lost.
    private async Task WaitAsync(TimeSpan pause, Task move, Task loss)
    {
        using var end = new CancellationTokenSource();
        var first = await Task.WhenAny(Task.Delay(pause, time, end.Token), move, loss).ConfigureAwait(false);
        await end.CancelAsync().ConfigureAwait(false);
        if (first == loss)
        {
            await Task.Delay(RenewalAfterLoss * Random.Shared.NextDouble(), time).ConfigureAwait(false);
        }
    }

    private async Task LeaveAsync(IMailboxGrain mailbox, IMailboxObserver? observer)
    {
        if (observer is null)
        {
            return;
        }

        // When this fails the mailbox forgets us by itself.
        await mailbox.UnwatchAsync(observer).WaitAsync(GrainCalls.AttemptLimit, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Forget(ref observer);
    }

    private void Forget(ref IMailboxObserver? observer)
    {
        if (observer is not null)
        {
            grains.DeleteObjectReference<IMailboxObserver>(observer);
            observer = null;
        }
    }

    private void Notice(long modSeq)
    {
        Interlocked.Exchange(ref lastModSeq, modSeq);
        Interlocked.Exchange(ref next, NewSignal()).SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
