using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Sending;

/// <summary>Recipients by clock hour, and what limits leave of them. A sliding day moves by hours, so that 24 numbers are enough.</summary>
internal sealed class SendingCounts(Dictionary<long, int> hours)
{
    /// <summary>Hours of a day's limit, the current one included.</summary>
    private const int Day = 24;

    public static long HourOf(DateTimeOffset time) => time.ToUnixTimeSeconds() / 3600;

    /// <summary>Adds recipients to an hour, or takes them off, and forgets the hours that no limit looks at any more.</summary>
    public void Add(long hour, int recipients)
    {
        hours[hour] = hours.GetValueOrDefault(hour) + recipients;
        var newest = hours.Keys.Max();
        foreach (var (known, count) in hours.ToArray())
        {
            if (known <= newest - Day || count == 0)
            {
                hours.Remove(known);
            }
        }
    }

    /// <summary>How many of these recipients the limits leave room for, and which of them does not when it is none.</summary>
    public SendingGrant Allow(int recipients, SendingLimits limits, long hour, bool ofTenant)
    {
        var inHour = hours.GetValueOrDefault(hour);
        var inDay = hours.Where(h => h.Key > hour - Day).Sum(h => h.Value);
        var left = Math.Min(Left(limits.PerHour, inHour), Left(limits.PerDay, inDay));
        if (left > 0)
        {
            return new(Math.Min(recipients, left), null);
        }

        return new(0, Left(limits.PerDay, inDay) == 0
            ? new(ofTenant, limits.PerDay, Day, StartOf(FreeHour(inDay, limits.PerDay, hour)))
            : new(ofTenant, limits.PerHour, 1, StartOf(hour + 1)));
    }

    /// <summary>Takes recipients off, the latest first; returns by how much which hours change.</summary>
    public IEnumerable<HourCount> LatestOf(int recipients)
    {
        foreach (var (hour, count) in hours.OrderByDescending(h => h.Key))
        {
            var taken = Math.Min(recipients, count);
            if (taken <= 0)
            {
                yield break;
            }

            recipients -= taken;
            yield return new(hour, -taken);
        }
    }

    private static int Left(int limit, int counted) => limit == 0 ? int.MaxValue : Math.Max(0, limit - counted);

    /// <summary>The hour in which enough of the day's first hours are no longer counted.</summary>
    private long FreeHour(int inDay, int limit, long now)
    {
        foreach (var (hour, count) in hours.Where(h => h.Key > now - Day).OrderBy(h => h.Key))
        {
            inDay -= count;
            if (inDay < limit)
            {
                return hour + Day;
            }
        }

        return now + Day;
    }

    public static DateTimeOffset StartOf(long hour) => DateTimeOffset.FromUnixTimeSeconds(hour * 3600);
}
