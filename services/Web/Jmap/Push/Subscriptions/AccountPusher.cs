using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Web.Jmap.Push.Subscriptions;

/// <summary>Pushes to the subscriptions of one account, and follows what becomes of these.</summary>
/// <param name="tryEnd">Called when the account has none: true unless it was touched since, which the task tells; then this one is over.</param>
internal sealed class AccountPusher(AccountId account, PushServices services, Func<AccountPusher, Task, bool> tryEnd, CancellationToken stopping)
{
    private static readonly TimeSpan pauseAfterError = TimeSpan.FromSeconds(5);

    /// <summary>What changed, and nobody was told of as a process died between both, is seen after this.</summary>
    private static readonly TimeSpan lookAgain = TimeSpan.FromMinutes(10);

    private readonly CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
    private readonly Dictionary<Guid, (PushSubscription Subscription, CancellationTokenSource End)> running = [];
    private TaskCompletionSource touched = NewSignal();

    public AccountId Account => account;

    /// <summary>Its subscriptions are others than they were.</summary>
    public void Touch() => Interlocked.Exchange(ref touched, NewSignal()).TrySetResult();

    public void End() => _ = ending.CancelAsync();

    public async Task RunAsync()
    {
        try
        {
            while (!ending.IsCancellationRequested)
            {
                // Taken before the list is asked for: what changes meanwhile is asked for again.
                var next = Volatile.Read(ref touched).Task;
                var isRead = await TryReadAsync();
                if (isRead && running.Count == 0 && tryEnd(this, next))
                {
                    return;
                }

                var pause = isRead ? lookAgain * (0.75 + (Random.Shared.NextDouble() / 2)) : pauseAfterError;
                using var end = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
                await Task.WhenAny(next, Task.Delay(pause, services.Time, end.Token));
                await end.CancelAsync();
            }
        }
        finally
        {
            foreach (var (_, (_, end)) in running)
            {
                await end.CancelAsync();
            }
        }
    }

    private async Task<bool> TryReadAsync()
    {
        try
        {
            var subscriptions = await services.Grains.GetGrain<IPushSubscriptionsGrain>(account.Value).ListAsync();
            foreach (var (id, (known, end)) in running.ToArray())
            {
                if (!subscriptions.Any(subscription => IsSame(subscription, known)))
                {
                    running.Remove(id);
                    await end.CancelAsync();
                }
            }

            foreach (var subscription in subscriptions.Where(subscription => !running.ContainsKey(subscription.Id)))
            {
                Start(subscription);
            }

            return true;
        }
        catch (Exception e) when (!ending.IsCancellationRequested)
        {
            services.Log.SubscriptionsUnknown(account.Value, e);
            return false;
        }
    }

    private void Start(PushSubscription subscription)
    {
        var end = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
        running[subscription.Id] = (subscription, end);
        _ = Task.Run(() => RunAsync(subscription, end.Token));
    }

    private async Task RunAsync(PushSubscription subscription, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await new SubscriptionPusher(subscription, services).RunAsync(cancellationToken);
                return;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                services.Log.PusherBroke(subscription.Id, account.Value, e);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(pauseAfterError, services.Time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // That the code was sent is this pusher's own doing.
    private static bool IsSame(PushSubscription one, PushSubscription other) =>
        one.Id == other.Id && one.IsVerified == other.IsVerified && one.Expires == other.Expires && (one.Types ?? []).SequenceEqual(other.Types ?? []) && one.Types is null == other.Types is null;

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
