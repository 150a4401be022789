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
/// answers is not, so that nobody is told of a change that may still be lost. What stands beside the mailbox is looked at when a notice says so and, as that may be lost and a submission ends its hold
/// by time alone, every few minutes. One that does not answer holds up nothing of the others.
/// </summary>
internal sealed class AccountFeed(AccountId account, MailboxWatches watches, IGrainFactory grains, GrainCalls calls, TimeProvider time, ILogger log) : IDisposable
{
    /// <summary>How long a mailbox that did not answer is left alone.</summary>
    private static readonly TimeSpan PauseAfterError = TimeSpan.FromSeconds(5);

    /// <summary>How long a change beside the mailbox, whose notice is lost, stays unknown: two calls of each account that is followed in that time.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromMinutes(5);

    /// <summary>Of more changes than that since the last look some will be new Emails.</summary>
    private const int LookedAt = 256;

    private readonly CancellationTokenSource ending = new();
    private readonly IEmailGrain emails = grains.GetGrain<IEmailGrain>(account.Value);
    private readonly IMailboxGrain mailbox = grains.GetGrain<IMailboxGrain>(account.Value);
    private readonly ISubmissionsGrain submissions = grains.GetGrain<ISubmissionsGrain>(account.Value);
    private readonly IVacationGrain vacation = grains.GetGrain<IVacationGrain>(account.Value);
    private Task others = Task.CompletedTask;

    // Being read, or read and not yet published.
    private Task<(SubmissionStates? Sent, long? Vacation)>? beside;
    private TimeSpan othersPause;
    private long othersReadAt;
    private FeedMoment current = new(null, 0);

    public AccountId Account => account;

    /// <summary>How many follow; guarded by <see cref="AccountFeeds"/>.</summary>
    public int Followers { get; set; }

    private TimeSpan UntilOthers => !others.IsCompleted && othersPause - time.GetElapsedTime(othersReadAt) is var rest && rest > TimeSpan.Zero ? rest : TimeSpan.Zero;

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
                var isRead = await TryReadAsync(watch, ended);
                var another = isRead ? beside ?? others : next;
                var pause = !isRead ? PauseAfterError : beside is null ? UntilOthers : Timeout.InfiniteTimeSpan;
                await WaitAsync(next, another, pause, ended);
            }
        }
        finally
        {
            watches.Leave(watch);
        }
    }

    // False: the mailbox did not answer. Those who follow see nothing of it; it is asked again.
    private async Task<bool> TryReadAsync(MailboxWatch watch, CancellationToken ended)
    {
        var noticedAt = time.GetTimestamp();
        try
        {
            var before = Current.States;
            if (beside is null && UntilOthers == TimeSpan.Zero)
            {
                beside = ReadOthersAsync(watch, before, ended);
            }

            var now = (await ReadMailboxAsync(before, beside is not null, ended)) with { Sent = before?.Sent, Vacation = before?.Vacation };

            // Mail is told of without waiting for what stands beside it. Only the first time all is one: what was unknown at first would be told as a change.
            if (beside is not null && (before is null || beside.IsCompleted))
            {
                var (sent, vacant) = await beside;
                beside = null;
                now = now with { Sent = sent, Vacation = vacant };
            }

            if (now != before)
            {
                Interlocked.Exchange(ref current, new(now, noticedAt)).End();
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

    // The quota's limit is no change of the mailbox: it is read with what stands beside that, too.
    private async Task<AccountStates> ReadMailboxAsync(AccountStates? before, bool isOfAll, CancellationToken ended)
    {
        var modSeq = await calls.CallAsync(emails.GetStateAsync, ended) ?? 0;
        var isSame = before?.ModSeq == modSeq;
        if (isSame && !isOfAll)
        {
            return before!;
        }

        var isDelivery = !isSame && (before is null || await HasDeliveryAsync(before.ModSeq, ended));
        var quota = await calls.CallAsync(mailbox.GetQuotaAsync, ended);
        return new(modSeq, isDelivery ? modSeq : before!.Delivered, new(quota?.UsedBytes ?? 0, quota?.LimitBytes ?? 0));
    }

    // One attempt, so that mail is told of although they do not answer; they are asked again.
    private async Task<(SubmissionStates? Sent, long? Vacation)> ReadOthersAsync(MailboxWatch watch, AccountStates? before, CancellationToken ended)
    {
        // Taken before they are asked, as above.
        others = watch.NextOfOthers;
        try
        {
            var (sent, vacant) = (submissions.GetStatesAsync(), vacation.GetStateAsync());
            await Task.WhenAll(sent, vacant).WaitAsync(GrainCalls.AttemptLimit, time, ended);
            (othersReadAt, othersPause) = (time.GetTimestamp(), LookAgain);
            return (await sent, await vacant);
        }
        catch (Exception e) when (!ended.IsCancellationRequested)
        {
            log.NotFollowed(account.Value, e);
            (othersReadAt, othersPause) = (time.GetTimestamp(), PauseAfterError);
            return (before?.Sent, before?.Vacation);
        }
    }

    private async Task WaitAsync(Task next, Task another, TimeSpan pause, CancellationToken ended)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(ended);
        await Task.WhenAny(next, another, Task.Delay(pause, time, end.Token));
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
