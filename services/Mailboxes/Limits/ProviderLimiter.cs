using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Limits;

/// <summary>
/// What is granted to one provider, and what was learnt from it: fewer connections after a refusal, one more after several that went well (as TCP finds its window), and a pause that grows
/// while it cannot be reached or refuses even a single one. After a pause one connection tries alone.
/// </summary>
[GenerateSerializer, Alias("mc.ProviderLimiter")]
internal sealed class ProviderLimiter
{
    /// <summary>Connections that went well before one more is tried: a provider that refuses every tenth costs little.</summary>
    private const int FineToRaise = 10;

    /// <summary>Refusals in a row of the only connection: one alone may be a host that restarts.</summary>
    private const int RefusalsToPause = 3;

    /// <summary>A minute's messages come in portions of ten seconds: a provider that counts by the minute sees at most a sixth more than its limit.</summary>
    private const double PortionsPerMinute = 6;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(1);

    /// <summary>Postfix' maximal_backoff_time is 4,000 s.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    /// <summary>A connection may be given back at any time.</summary>
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(1);

    [Id(0)] private Dictionary<Guid, Grant> grants = [];

    /// <summary>Connections at once as learnt; what configuration says holds beside it.</summary>
    [Id(1)] private int learnt = int.MaxValue;

    /// <summary>Rises whenever something was learnt from a refusal: what was granted before tells the same once more.</summary>
    [Id(2)] private int lesson;

    [Id(3)] private int fineInARow;
    [Id(4)] private int refusalsInARow;

    /// <summary>Null once a connection has gone well since.</summary>
    [Id(5)] private DateTimeOffset? pausedUntil;

    [Id(6)] private TimeSpan pause;
    [Id(7)] private double messages;
    [Id(8)] private DateTimeOffset messagesAt;
    [Id(9)] private int connections = 1;

    /// <summary>Until when it is left alone; null once a connection has gone well since.</summary>
    public DateTimeOffset? PausedUntil => pausedUntil;

    /// <summary>Connections at once, by what was learnt and what configuration says.</summary>
    public int Allowed => Math.Min(learnt, connections);

    /// <summary>Until then something is in here that must not be forgotten.</summary>
    public DateTimeOffset NeededUntil
    {
        get
        {
            var until = pausedUntil ?? DateTimeOffset.MinValue;
            foreach (var grant in grants.Values)
            {
                until = grant.Until > until ? grant.Until : until;
            }

            return until;
        }
    }

    public ConnectionGrant Acquire(ProviderLimits limits, DateTimeOffset now)
    {
        connections = Math.Max(1, limits.Connections);
        Expire(now);
        if (pausedUntil > now)
        {
            return new(null, 0, pausedUntil.Value - now, pausedUntil);
        }

        if (grants.Count >= (pausedUntil is null ? Allowed : 1))
        {
            return new(null, 0, AskAgain, null);
        }

        var (granted, wait) = TakeMessages(limits, now);
        if (granted == 0)
        {
            return new(null, 0, wait, null);
        }

        var id = Guid.NewGuid();
        grants[id] = new(now + ILimiterGrain.Lease, granted, limits.MessagesPerMinute is not null, lesson);
        return new(id, granted, TimeSpan.Zero, null);
    }

    /// <summary>Prolongs grants; returns those that have ended.</summary>
    /// <param name="renewed">Their ids.</param>
    /// <param name="now">The time.</param>
    /// <param name="adopt">What is not known may have been granted by an earlier activation: it holds on.</param>
    public IReadOnlyList<Guid> Renew(IReadOnlyList<Guid> renewed, DateTimeOffset now, bool adopt = false)
    {
        Expire(now);
        var ended = new List<Guid>();
        foreach (var id in renewed)
        {
            if (grants.TryGetValue(id, out var grant))
            {
                grants[id] = grant with { Until = now + ILimiterGrain.Lease };
            }
            else if (adopt)
            {
                grants[id] = new(now + ILimiterGrain.Lease, Messages: 0, Counted: false, lesson);
            }
            else
            {
                ended.Add(id);
            }
        }

        return ended;
    }

    public void Release(Guid id, ConnectionReport report, DateTimeOffset now)
    {
        // Of one that has expired all messages count as sent, and what it learnt is of now.
        var known = grants.Remove(id, out var grant);
        if (known && grant.Counted)
        {
            messages += Math.Max(0, grant.Messages - report.Messages);
        }

        var isNew = !known || grant.Lesson == lesson;
        switch (report.Verdict)
        {
            case ConnectionVerdict.Fine when report.Messages > 0:
                Fine(isNew);
                break;
            case ConnectionVerdict.TooMuch when isNew:
                Refused(now);
                break;
            case ConnectionVerdict.Unreachable when isNew:
                Pause(now);
                break;
        }
    }

    private void Expire(DateTimeOffset now)
    {
        foreach (var (id, grant) in grants)
        {
            if (grant.Until <= now)
            {
                grants.Remove(id);
            }
        }
    }

    // From half a portion on, so that a connection carries several.
    private (int Granted, TimeSpan Wait) TakeMessages(ProviderLimits limits, DateTimeOffset now)
    {
        if (limits.MessagesPerMinute is not { } perMinute)
        {
            return (limits.MessagesPerConnection, AskAgain);
        }

        var (perSecond, portion) = (perMinute / 60.0, Math.Max(1, perMinute / PortionsPerMinute));
        messages = Math.Min(portion, messages + ((now - messagesAt).TotalSeconds * perSecond));
        messagesAt = now;
        var enough = Math.Min(limits.MessagesPerConnection, Math.Max(1, portion / 2));
        if (messages < enough)
        {
            return (0, TimeSpan.FromSeconds((enough - messages) / perSecond));
        }

        var granted = Math.Min(limits.MessagesPerConnection, (int)messages);
        messages -= granted;
        return (granted, TimeSpan.Zero);
    }

    private void Fine(bool isNew)
    {
        (refusalsInARow, pausedUntil, pause) = (0, null, TimeSpan.Zero);
        fineInARow += isNew ? 1 : 0;
        if (fineInARow >= FineToRaise && learnt < connections)
        {
            learnt++;
            fineInARow = 0;
        }
    }

    private void Refused(DateTimeOffset now)
    {
        (fineInARow, lesson) = (0, lesson + 1);
        if (Allowed > 1 && pausedUntil is null)
        {
            learnt = Allowed / 2;
        }
        else if (++refusalsInARow >= RefusalsToPause || pausedUntil is not null)
        {
            Pause(now);
        }
    }

    private void Pause(DateTimeOffset now)
    {
        pause = pause == TimeSpan.Zero ? FirstPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;
        (pausedUntil, lesson, fineInARow, refusalsInARow) = (now + pause, lesson + 1, 0, 0);
    }

    /// <param name="Until">When it ends unless it is renewed.</param>
    /// <param name="Messages">So many may go on it.</param>
    /// <param name="Counted">They count for the minute, and those not sent are given back.</param>
    /// <param name="Lesson">What had been learnt when it was given.</param>
    [GenerateSerializer, Alias("mc.ProviderLimiter.Grant")]
    internal readonly record struct Grant(
        [property: Id(0)] DateTimeOffset Until, [property: Id(1)] int Messages, [property: Id(2)] bool Counted, [property: Id(3)] int Lesson);
}
