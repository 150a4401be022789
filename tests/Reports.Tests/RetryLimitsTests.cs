using MailCloud.Messages;

namespace MailCloud.Reports.Tests;

public sealed class RetryLimitsTests
{
    private static readonly DeliveryId Id = new(Guid.Parse("0193a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"));
    private static readonly RetryLimits Limits = new(TimeSpan.FromHours(4), TimeSpan.FromDays(5));

    [Theory]
    [InlineData(3.9, false, false)]
    [InlineData(4, true, false)]
    [InlineData(119.9, true, false)]
    [InlineData(120, true, true)]
    public void Mail_without_a_time_is_delayed_and_expires_by_its_age(double hours, bool delayed, bool expired)
    {
        var (message, now) = (Message(null), Id.AcceptedAt.AddHours(hours));
        Assert.Equal((delayed, expired, false), (Limits.IsDelayed(message, now), Limits.IsExpired(message, now), RetryLimits.IsOverdue(message, now)));
    }

    [Fact]
    public void A_hold_does_not_age_it()
    {
        var held = Message(null);
        held = held with { Envelope = held.Envelope with { HoldUntil = Id.AcceptedAt.AddDays(2) } };
        Assert.Equal(Id.AcceptedAt.AddDays(7), Limits.Until(held));
        Assert.False(Limits.IsDelayed(held, Id.AcceptedAt.AddHours(51)));
        Assert.True(Limits.IsDelayed(held, Id.AcceptedAt.AddHours(52)));
    }

    [Theory]
    [InlineData(false, 0.9, false, false)]
    [InlineData(false, 1, true, false)]
    [InlineData(true, 0.9, false, false)]
    [InlineData(true, 1, false, true)]
    public void Who_wants_it_by_a_time_is_told_then_or_gets_it_back(bool isReturned, double hours, bool delayed, bool overdue)
    {
        var (message, now) = (Message(new(Id.AcceptedAt.AddHours(1), isReturned, Trace: false)), Id.AcceptedAt.AddHours(hours));
        Assert.Equal((delayed, overdue), (Limits.IsDelayed(message, now), RetryLimits.IsOverdue(message, now)));
        Assert.Equal(!isReturned, RetryLimits.IsTimed(message));
    }

    [Fact]
    public void A_time_that_had_passed_before_was_an_earlier_hosts_to_tell_of()
    {
        var message = Message(new(Id.AcceptedAt.AddMinutes(-1), Return: false, Trace: false));
        Assert.False(RetryLimits.IsTimed(message));
        Assert.False(Limits.IsDelayed(message, Id.AcceptedAt.AddHours(1)));
    }

    private static QueuedMessage Message(DeliverBy? by) => new()
    {
        Id = Id,
        Tenant = new("demo"),
        Body = new("demo/body/x", 1),
        Envelope = new() { Recipients = [], DeliverBy = by },
        Trace = "",
    };
}
