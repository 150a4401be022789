using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap.Push;

/// <param name="Id">Of the states as they are now.</param>
/// <param name="NoticedAt">A timestamp: when the change was heard of.</param>
internal sealed record StateEvent(JsonObject Change, string Id, long NoticedAt);

/// <summary>
/// What one client is told: what is not as it was when it was last told, the latest state alone. A client that is slow, or a burst of changes, costs no memory: nothing is queued.
/// </summary>
/// <param name="types">Only these; null: all.</param>
internal sealed class StateStream(AccountFeed feed, string accountKey, IReadOnlySet<string>? types, TimeProvider time)
{
    /// <summary>Between two events: the first change goes out at once, and of a burst ten a second.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    private AccountStates? told;
    private long lastAt;

    /// <summary>The states of now, from which on changes are told.</summary>
    public async Task<AccountStates> BeginAsync(CancellationToken cancellationToken) => told ??= await FirstAsync(cancellationToken);

    /// <summary>The same for a client that knows an older moment: what has changed since then is told first.</summary>
    /// <param name="id"><see cref="AccountStates.Id"/> of then; whatever else it is, everything has changed.</param>
    /// <exception cref="Cluster.GrainUnavailableException">The mailbox did not answer.</exception>
    public async Task ResumeAsync(string id, CancellationToken cancellationToken)
    {
        var now = await FirstAsync(cancellationToken);
        var isKnown = AccountStates.TryParse(id, out var known);
        var hasDelivery = known.ModSeq != now.ModSeq && (!isKnown || known.ModSeq > now.ModSeq || await feed.HasDeliveryAsync(known.ModSeq, cancellationToken));
        told = hasDelivery ? known : known with { Delivered = now.Delivered };
    }

    public async Task<StateEvent> NextAsync(CancellationToken cancellationToken)
    {
        told ??= await FirstAsync(cancellationToken);
        if (lastAt != 0 && Pace - time.GetElapsedTime(lastAt) is var rest && rest > TimeSpan.Zero)
        {
            await Task.Delay(rest, time, cancellationToken);
        }

        while (true)
        {
            var moment = feed.Current;
            var change = moment.States!.ChangeFrom(told, accountKey, types);
            told = moment.States;
            if (change is not null)
            {
                lastAt = time.GetTimestamp();
                return new(change, told.Id, moment.NoticedAt);
            }

            await moment.Over.WaitAsync(cancellationToken);
        }
    }

    private async Task<AccountStates> FirstAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var moment = feed.Current;
            if (moment.States is { } states)
            {
                return states;
            }

            await moment.Over.WaitAsync(cancellationToken);
        }
    }
}
