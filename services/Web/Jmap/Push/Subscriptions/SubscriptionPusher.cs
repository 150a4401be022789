using System.Text.Json.Nodes;
using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Standing;
using Microsoft.Extensions.Logging;

namespace MailCloud.Web.Jmap.Push.Subscriptions;

/// <summary>What pushing needs of the process.</summary>
internal sealed record PushServices(
    IGrainFactory Grains, GrainCalls Calls, Standings Standings, AccountFeeds Feeds, PostTurns Turns, PushPoster Poster, JmapOptions Options, TimeProvider Time, ILogger<PushServices> Log);

/// <summary>Pushes to one subscription, as it is: when it is changed, another takes the place of this.</summary>
internal sealed class SubscriptionPusher(PushSubscription subscription, PushServices services)
{
    /// <summary>Between two pushes: a device is woken by each.</summary>
    private static readonly TimeSpan pace = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan firstPause = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan longestPause = TimeSpan.FromHours(1);

    /// <summary>How soon after a suspension ends its account is told of changes again.</summary>
    private static readonly TimeSpan pauseWhileSuspended = TimeSpan.FromMinutes(5);

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
                if (!await TryPostAsync(() => (sent = feed.Current.States!).ChangeFrom(told, key, types), cancellationToken))
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
    private async Task<bool> TryPostAsync(Func<JsonObject?> message, CancellationToken cancellationToken)
    {
        for (var pause = firstPause; ;)
        {
            var result = await TryOnceAsync(message, cancellationToken);
            switch (result.Outcome)
            {
                case PostOutcome.Delivered:
                    return true;
                case PostOutcome.Gone:
                    await Subscriptions.RemoveAsync(subscription.Id);
                    return false;
                case PostOutcome.Suspended:
                    await Task.Delay(Spread(pauseWhileSuspended), Time, cancellationToken);
                    break;
                default:
                    var wait = result.RetryAfter is { } asked && asked > pause ? asked : pause;
                    await Task.Delay(Spread(wait < longestPause ? wait : longestPause), Time, cancellationToken);
                    pause = pause * 2 < longestPause ? pause * 2 : longestPause;
                    break;
            }
        }
    }

    // What is sent, and whether it may be, is looked at when it is the turn: the wait for it may be long.
    private async Task<PostResult> TryOnceAsync(Func<JsonObject?> message, CancellationToken cancellationToken)
    {
        using var turn = await services.Turns.EnterAsync(subscription, cancellationToken);
        try
        {
            return await TryInTurnAsync(message, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // The directory did not answer, or what nobody expected: what was told already need not be told again.
            services.Log.PusherBroke(subscription.Id, subscription.Account.Value, e);
            return new(PostOutcome.Later);
        }
    }

    private async Task<PostResult> TryInTurnAsync(Func<JsonObject?> message, CancellationToken cancellationToken)
    {
        var standing = await PushCredential.FindStandingAsync(subscription, services, cancellationToken).WaitAsync(services.Options.Push.PostTimeout, Time, cancellationToken);
        return standing switch
        {
            CredentialStanding.Ended => new(PostOutcome.Gone),
            CredentialStanding.Suspended => new(PostOutcome.Suspended),

            // What has become as it was told meanwhile is nothing to tell.
            _ => message() is { } latest ? await services.Poster.PostAsync(subscription, latest, cancellationToken) : new(PostOutcome.Delivered),
        };
    }

    private static TimeSpan Spread(TimeSpan pause) => pause * (0.75 + (Random.Shared.NextDouble() / 2));

    private static JsonObject Verification(PushSubscription subscription) => new()
    {
        ["@type"] = "PushVerification",
        ["pushSubscriptionId"] = PushSubscriptionIds.Of(subscription.Id),
        ["verificationCode"] = subscription.Code,
    };
}
