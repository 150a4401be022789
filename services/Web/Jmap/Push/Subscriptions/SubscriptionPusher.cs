using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.Logging;

namespace MailCloud.Web.Jmap.Push.Subscriptions;

/// <summary>What pushing needs of the process.</summary>
internal sealed record PushServices(IGrainFactory Grains, AccountFeeds Feeds, PushPoster Poster, TimeProvider Time, ILogger<PushServices> Log);

/// <summary>Pushes to one subscription, as it is: when it is changed, another takes the place of this.</summary>
internal sealed class SubscriptionPusher(PushSubscription subscription, PushServices services)
{
    /// <summary>Between two pushes: a device is woken by each.</summary>
    private static readonly TimeSpan pace = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan firstPause = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan longestPause = TimeSpan.FromHours(1);

    private TimeProvider Time => services.Time;

    private IPushSubscriptionsGrain Subscriptions => services.Grains.GetGrain<IPushSubscriptionsGrain>(subscription.Account.Value);

    /// <summary>Until it has run out, is gone or is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var left = subscription.Expires - Time.GetUtcNow();
        var isOver = Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, Time, end.Token);
        var work = WorkAsync(end.Token);
        var first = await Task.WhenAny(isOver, work);
        await end.CancelAsync();
        await work.ConfigureAwait(first == isOver ? ConfigureAwaitOptions.SuppressThrowing : ConfigureAwaitOptions.None);
        if (first == isOver && !cancellationToken.IsCancellationRequested)
        {
            await Subscriptions.RemoveAsync(subscription.Id);
        }
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        // RFC 8620 §7.2.2: the code first and, until it comes back, nothing else.
        if (!subscription.IsCodeSent)
        {
            if (!await TryPostAsync(() => Verification(subscription), cancellationToken))
            {
                return;
            }

            await Subscriptions.UpdateAsync(new() { Id = subscription.Id, IsCodeSent = true });
        }

        await (subscription.IsVerified ? TellAsync(cancellationToken) : Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken));
    }

    // What was told before this began nobody knows: the state of now is told first, so that no change is lost with the process that pushed before.
    private async Task TellAsync(CancellationToken cancellationToken)
    {
        var (key, types) = (JmapUser.KeyOf(subscription.Account), subscription.Types?.ToHashSet(StringComparer.Ordinal));
        var told = AccountStates.Unknown;
        var feed = services.Feeds.Enter(subscription.Account);
        try
        {
            while (true)
            {
                var moment = feed.Current;
                if (moment.States?.ChangeFrom(told, key, types) is null)
                {
                    await moment.Over.WaitAsync(cancellationToken);
                    continue;
                }

                // The latest, when it is its turn.
                var sent = moment.States;
                if (!await TryPostAsync(() => (sent = feed.Current.States!).ChangeFrom(told, key, types)!, cancellationToken))
                {
                    return;
                }

                told = sent;
                PushTelemetry.Told(PushTelemetry.Subscription, Time.GetElapsedTime(moment.NoticedAt));
                await Task.Delay(pace, Time, cancellationToken);
            }
        }
        finally
        {
            services.Feeds.Leave(feed);
        }
    }

    // Again and again, the longer the later; false when the subscription is none any more, and is removed.
    private async Task<bool> TryPostAsync(Func<JsonObject> message, CancellationToken cancellationToken)
    {
        for (var pause = firstPause; ; pause = pause * 2 < longestPause ? pause * 2 : longestPause)
        {
            if (!await PushCredential.StandsAsync(subscription, services.Grains, Time.GetUtcNow()))
            {
                await Subscriptions.RemoveAsync(subscription.Id);
                return false;
            }

            var result = await services.Poster.PostAsync(subscription, message, cancellationToken);
            if (result.IsDelivered)
            {
                return true;
            }

            if (result.IsGone)
            {
                await Subscriptions.RemoveAsync(subscription.Id);
                return false;
            }

            var wait = result.RetryAfter is { } asked && asked > pause ? asked : pause;
            await Task.Delay((wait < longestPause ? wait : longestPause) * (0.75 + (Random.Shared.NextDouble() / 2)), Time, cancellationToken);
        }
    }

    private static JsonObject Verification(PushSubscription subscription) => new()
    {
        ["@type"] = "PushVerification",
        ["pushSubscriptionId"] = PushSubscriptionIds.Of(subscription.Id),
        ["verificationCode"] = subscription.Code,
    };
}
