using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Limits;

namespace MailCloud.Mailboxes.Tests.Limits;

/// <summary>What one provider's limiter grants and learns, by a clock of the test's own.</summary>
public sealed class ProviderLimiterTests
{
    private static readonly ConnectionReport Sent = new(5, ConnectionVerdict.Fine, null);
    private static readonly ConnectionReport Refusal = new(0, ConnectionVerdict.TooMuch, "421 4.7.0 slow down");
    private static readonly ConnectionReport Away = new(0, ConnectionVerdict.Unreachable, null);

    private readonly ProviderLimiter limiter = new();
    private DateTimeOffset now = new(2026, 11, 27, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void No_more_connections_are_granted_than_configured()
    {
        var grants = Grants(new(2, 100, null), 2);
        Assert.Equal(2, grants.Distinct().Count());
        AssertRefused(new(2, 100, null));
        limiter.Release(grants[0], Sent, now);
        Assert.Equal(100, limiter.Acquire(new(2, 100, null), now).Messages);
    }

    [Fact]
    public void A_grant_ends_unless_it_is_renewed()
    {
        var grants = Grants(new(2, 100, null), 2);
        now += ILimiterGrain.Lease - TimeSpan.FromSeconds(1);
        Assert.Empty(limiter.Renew([grants[0]], now));
        now += TimeSpan.FromSeconds(1);
        Assert.Equal([grants[1]], limiter.Renew(grants, now));
        Assert.Single(Grants(new(2, 100, null), 1));
        AssertRefused(new(2, 100, null));
    }

    [Fact]
    public void What_an_earlier_activation_granted_counts_once_it_is_renewed()
    {
        var earlier = Guid.NewGuid();
        Assert.Empty(limiter.Renew([earlier], now, adopt: true));
        Assert.Empty(limiter.Renew([earlier], now));
        Grants(new(2, 100, null), 1);
        AssertRefused(new(2, 100, null));
    }

    [Fact]
    public void In_no_minute_are_more_messages_granted_than_the_limit_and_a_sixth()
    {
        var limits = new ProviderLimits(1000, 100, 60);
        var granted = new List<(DateTimeOffset At, int Messages)>();
        for (var second = 0; second < 300; second++, now += TimeSpan.FromSeconds(1))
        {
            while (limiter.Acquire(limits, now) is { Grant: not null } answer)
            {
                granted.Add((now, answer.Messages));
            }
        }

        var most = granted.Max(first => granted.Where(g => g.At >= first.At && g.At < first.At.AddMinutes(1)).Sum(g => g.Messages));
        Assert.InRange(most, 60, 70);
        Assert.InRange(granted.Sum(g => g.Messages), 295, 310);
    }

    [Fact]
    public void Messages_that_were_not_sent_are_given_back()
    {
        var limits = new ProviderLimits(10, 100, 60);
        var grant = limiter.Acquire(limits, now);
        Assert.Equal(10, grant.Messages);
        var refused = limiter.Acquire(limits, now);
        Assert.Equal((null, TimeSpan.FromSeconds(5)), (refused.Grant, refused.AskAgainAfter));
        limiter.Release(grant.Grant!.Value, new(2, ConnectionVerdict.Fine, null), now);
        Assert.Equal(8, limiter.Acquire(limits, now).Messages);
    }

    [Fact]
    public void A_refusal_halves_the_connections_once_for_all_that_were_granted_before()
    {
        var limits = new ProviderLimits(8, 100, null);
        foreach (var grant in Grants(limits, 8))
        {
            limiter.Release(grant, Refusal, now);
        }

        Assert.Equal(4, Grants(limits, 4).Count);
        AssertRefused(limits);
    }

    [Fact]
    public void Connections_that_go_well_bring_back_one_after_the_other()
    {
        var limits = new ProviderLimits(4, 100, null);
        limiter.Release(Grants(limits, 1)[0], Refusal, now);
        for (var i = 0; i < 10; i++)
        {
            limiter.Release(Grants(limits, 1)[0], Sent, now);
        }

        Grants(limits, 3);
        AssertRefused(limits);
    }

    [Fact]
    public void Several_refusals_of_the_only_connection_pause_and_then_one_tries_alone()
    {
        var limits = new ProviderLimits(1, 100, null);
        for (var i = 0; i < 3; i++)
        {
            limiter.Release(Grants(limits, 1)[0], Refusal, now);
        }

        AssertPaused(new(8, 100, null), TimeSpan.FromMinutes(1));
        now += TimeSpan.FromMinutes(1);
        var probe = Grants(new(8, 100, null), 1)[0];
        AssertRefused(new(8, 100, null));
        limiter.Release(probe, Refusal, now);
        AssertPaused(new(8, 100, null), TimeSpan.FromMinutes(2));
        now += TimeSpan.FromMinutes(2);
        limiter.Release(Grants(new(8, 100, null), 1)[0], Sent, now);
        limiter.Release(Grants(new(8, 100, null), 1)[0], Away, now);
        AssertPaused(new(8, 100, null), TimeSpan.FromMinutes(1));
    }

    [Fact]
    public void The_pause_doubles_up_to_an_hour_while_nobody_answers()
    {
        var limits = new ProviderLimits(8, 100, null);
        foreach (var minutes in (int[])[1, 2, 4, 8, 16, 32, 60, 60])
        {
            limiter.Release(Grants(limits, 1)[0], Away, now);
            AssertPaused(limits, TimeSpan.FromMinutes(minutes));
            now += TimeSpan.FromMinutes(minutes);
        }
    }

    [Fact]
    public void Several_that_find_nobody_at_once_pause_once()
    {
        var limits = new ProviderLimits(8, 100, null);
        foreach (var grant in Grants(limits, 8))
        {
            limiter.Release(grant, Away, now);
        }

        AssertPaused(limits, TimeSpan.FromMinutes(1));
        Assert.Equal(now + TimeSpan.FromMinutes(1), limiter.NeededUntil);
    }

    [Fact]
    public void A_probe_that_sent_nothing_proves_nothing()
    {
        var limits = new ProviderLimits(8, 100, null);
        limiter.Release(Grants(limits, 1)[0], Away, now);
        now += TimeSpan.FromMinutes(1);
        limiter.Release(Grants(limits, 1)[0], new(0, ConnectionVerdict.Fine, null), now);
        Grants(limits, 1);
        AssertRefused(limits);
    }

    private List<Guid> Grants(ProviderLimits limits, int count) => [.. Enumerable.Range(0, count).Select(_ => limiter.Acquire(limits, now).Grant!.Value)];

    private void AssertRefused(ProviderLimits limits)
    {
        var answer = limiter.Acquire(limits, now);
        Assert.Equal((null, 0, null), (answer.Grant, answer.Messages, answer.SuspendedUntil));
        Assert.True(answer.AskAgainAfter > TimeSpan.Zero);
    }

    private void AssertPaused(ProviderLimits limits, TimeSpan pause)
    {
        var answer = limiter.Acquire(limits, now);
        Assert.Equal((null, pause, now + pause), (answer.Grant, answer.AskAgainAfter, answer.SuspendedUntil));
    }
}
