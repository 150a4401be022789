using System.Collections.Concurrent;
using MailCloud.Messages;

namespace MailCloud.LocalDelivery;

/// <summary>
/// Filings under way per mailbox. A mailbox that answers takes as many as come; one that has not answered for some time gets no more than a few of the
/// places for entries in hand, and what comes further goes to the spool, so that it does not hold the mail of others.
/// </summary>
internal sealed class MailboxLanes(TimeProvider time)
{
    /// <summary>An eighth of the default prefetch.</summary>
    private const int PlacesOfSlowMailbox = 32;

    /// <summary>Longer than a cold mailbox takes to load, shorter than a sender's patience.</summary>
    private static readonly TimeSpan SlowAfter = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<AccountId, Lane> lanes = new();

    /// <summary>Takes a place; false when the mailbox is slow and has its share already. Each true is followed by one <see cref="Leave"/>.</summary>
    public bool TryEnter(AccountId account)
    {
        var now = time.GetTimestamp();
        while (true)
        {
            var lane = lanes.GetOrAdd(account, static _ => new());
            lock (lane)
            {
                if (lane.Left)
                {
                    continue;
                }

                if (lane.Filings == 0)
                {
                    lane.LastProgress = now;
                }
                else if (lane.Filings >= PlacesOfSlowMailbox && time.GetElapsedTime(lane.LastProgress, now) > SlowAfter)
                {
                    return false;
                }

                lane.Filings++;
                return true;
            }
        }
    }

    public void Leave(AccountId account)
    {
        var lane = lanes[account];
        lock (lane)
        {
            lane.LastProgress = time.GetTimestamp();
            lane.Filings--;
            if (lane.Filings == 0)
            {
                lane.Left = true;
                lanes.TryRemove(account, out _);
            }
        }
    }

    private sealed class Lane
    {
        public int Filings;
        public long LastProgress;

        /// <summary>It has been taken out of the table; who still holds it looks again.</summary>
        public bool Left;
    }
}
