using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Watching;
using Microsoft.Extensions.Logging;

namespace MailCloud.Web.Jmap.Push;

/// <summary>What was read of an account, and a task that ends when there is something newer.</summary>
/// <param name="states">Null: nothing yet.</param>
/// <param name="noticedAt">A timestamp: when the change that led to it was heard of.</param>
internal sealed class FeedMoment(AccountStates? states, long noticedAt)
{
    private readonly TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public AccountStates? States => states;

    public long NoticedAt => noticedAt;

    public Task Over => over.Task;

    public void End() => over.SetResult();
}

/// <summary>
/// The states of one account, for all that follow it in this process: a notice of its mailbox is one look at it, whatever their number. A notice may be ahead of what is durable; what the mailbox
/// answers is not, so that nobody is told of a change that may still be lost.
/// </summary>
internal sealed class AccountFeed(AccountId account, MailboxWatches watches, IGrainFactory grains, GrainCalls calls, TimeProvider time, ILogger log) : IDisposable
{
    /// <summary>How long a mailbox that did not answer is left alone.</summary>
    private static readonly TimeSpan PauseAfterError = TimeSpan.FromSeconds(5);

    /// <summary>Of more changes than that since the last look some will be new Emails.</summary>
    private const int LookedAt = 256;

    private readonly CancellationTokenSource ending = new();
    private readonly IEmailGrain emails = grains.GetGrain<IEmailGrain>(account.Value);
    private FeedMoment current = new(null, 0);

    public AccountId Account => account;

    /// <summary>How many follow; guarded by <see cref="AccountFeeds"/>.</summary>
    public int Followers { get; set; }

    /// <summary>Ends when nobody follows any more.</summary>
    public CancellationToken Ended => ending.Token;

    public FeedMoment Current => Volatile.Read(ref current);

    /// <summary>Whether Emails came after a moment; yes when that is not known any more.</summary>
    /// <exception cref="GrainUnavailableException">The mailbox did not answer.</exception>
    public async Task<bool> HasDeliveryAsync(long since, CancellationToken cancellationToken)
    {
        var changes = await calls.CallAsync(() => emails.GetChangesAsync(new(since), LookedAt), cancellationToken);
        return !changes.Known || changes.HasMore || changes.Created.Length > 0;
    }

    /// <summary>Nobody follows any more.</summary>
    public void Dispose()
    {
        ending.Cancel();
        ending.Dispose();
    }

    public async Task RunAsync(CancellationToken ended)
    {
        var watch = watches.Enter(account);
        try
        {
            while (!ended.IsCancellationRequested)
            {
                // Taken before the mailbox is asked: what changes while it answers wakes us again.
                var next = watch.Next;
                var pause = await TryReadAsync(ended) ? Timeout.InfiniteTimeSpan : PauseAfterError;
                await WaitAsync(next, pause, ended);
            }
        }
        finally
        {
            watches.Leave(watch);
        }
    }

    // False: the mailbox did not answer. Those who follow see nothing of it; it is asked again.
    private async Task<bool> TryReadAsync(CancellationToken ended)
    {
        var noticedAt = time.GetTimestamp();
        try
        {
            var before = Current.States;
            var modSeq = await calls.CallAsync(emails.GetStateAsync, ended) ?? 0;
            if (before?.ModSeq != modSeq)
            {
                var isDelivery = before is null || await HasDeliveryAsync(before.ModSeq, ended);
                var now = new FeedMoment(new(modSeq, isDelivery ? modSeq : before!.Delivered), noticedAt);
                Interlocked.Exchange(ref current, now).End();
            }

            return true;
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            return true;
        }
        catch (GrainUnavailableException e)
        {
            log.NotFollowed(account.Value, e);
            return false;
        }
    }

    private async Task WaitAsync(Task next, TimeSpan pause, CancellationToken ended)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ended);
        await Task.WhenAny(next, Task.Delay(pause, time, end.Token));
        await end.CancelAsync();
    }
}

/// <summary>The accounts that are followed in this process.</summary>
internal sealed class AccountFeeds(MailboxWatches watches, IGrainFactory grains, GrainCalls calls, TimeProvider time, ILogger<AccountFeeds> log)
{
    private readonly Lock gate = new();
    private readonly Dictionary<AccountId, AccountFeed> feeds = [];

    /// <summary>Follows an account until <see cref="Leave"/>.</summary>
    public AccountFeed Enter(AccountId account)
    {
        lock (gate)
        {
            if (!feeds.TryGetValue(account, out var feed))
            {
                feed = new(account, watches, grains, calls, time, log);
                feeds.Add(account, feed);
                var (started, ended) = (feed, feed.Ended);

                // It outlives the connection that comes first, whose context it must not keep.
                using (ExecutionContext.SuppressFlow())
                {
                    _ = Task.Run(() => started.RunAsync(ended));
                }
            }

            feed.Followers++;
            return feed;
        }
    }

    public void Leave(AccountFeed feed)
    {
        lock (gate)
        {
            if (--feed.Followers > 0)
            {
                return;
            }

            feeds.Remove(feed.Account);
        }

        feed.Dispose();
    }
}
