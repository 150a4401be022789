using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap.Push.Subscriptions;

/// <summary>
/// Turns of requests to push services: of an account, of its tenant, of the push service's host and of all, taken in this order. So whoever waits for a slow host keeps places from nobody but
/// himself, and whoever has one of all is at work.
/// </summary>
internal sealed class PostTurns(KeyedTurns turns, JmapOptions options)
{
    /// <summary>Waits for a turn; disposing ends it.</summary>
    public Task<IDisposable> EnterAsync(PushSubscription subscription, CancellationToken cancellationToken)
    {
        var (all, half) = (options.Push.MaxPosts, Math.Max(1, options.Push.MaxPosts / 2));
        return turns.EnterAsync(
            [
                ($"post of account {subscription.Account.Value}", options.Push.MaxPostsPerAccount),
                ($"post of tenant {subscription.Account.Tenant.Value}", half),
                ($"post to {new Uri(subscription.Url).IdnHost}", half),
                ("post", all),
            ],
            cancellationToken);
    }
}
