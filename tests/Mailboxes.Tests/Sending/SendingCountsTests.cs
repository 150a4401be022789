using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Sending;

namespace MailCloud.Mailboxes.Tests.Sending;

/// <summary>What limits leave of the recipients counted so far, by a table: hour 100 is now.</summary>
public sealed class SendingCountsTests
{
    private const long Now = 100;

    [Theory]
    [InlineData("", 3, 10, 50, 3, 0, 0)]
    [InlineData("100:8", 3, 10, 50, 2, 0, 0)]
    [InlineData("100:10", 3, 10, 50, 0, 1, 101)]
    [InlineData("99:10", 3, 10, 50, 3, 0, 0)]
    [InlineData("77:20 90:25", 9, 10, 50, 5, 0, 0)]
    [InlineData("77:20 90:30", 9, 10, 50, 0, 24, 101)]
    [InlineData("76:20 90:50", 9, 10, 50, 0, 24, 114)]
    [InlineData("80:1 90:60 95:5", 9, 10, 50, 0, 24, 114)]
    [InlineData("100:50", 9, 10, 50, 0, 24, 124)]
    [InlineData("100:1000", 9, 0, 2000, 9, 0, 0)]
    [InlineData("100:1000", 9, 0, 1000, 0, 24, 124)]
    [InlineData("77:1000", 9, 10, 0, 9, 0, 0)]
    public void Limits_leave_so_many(string counted, int asked, int perHour, int perDay, int granted, int hours, long freeHour)
    {
        var grant = Counts(counted).Allow(asked, new(perHour, perDay), Now, ofTenant: false);

        Assert.Equal(granted, grant.Recipients);
        Assert.Equal(
            granted > 0 ? null : new SendingRefusal(false, hours == 1 ? perHour : perDay, hours, DateTimeOffset.FromUnixTimeSeconds(freeHour * 3600)), grant.Refusal);
    }

    [Fact]
    public void What_is_given_back_is_taken_off_the_latest_hours()
    {
        Assert.Equal([new(100, -2)], Counts("99:5 100:3").LatestOf(2));
        Assert.Equal([new(100, -3), new(99, -4)], Counts("98:1 99:5 100:3").LatestOf(7));
        Assert.Equal([new(100, -3)], Counts("100:3").LatestOf(9));
        Assert.Empty(Counts("100:3").LatestOf(0));
    }

    [Fact]
    public void Hours_that_no_limit_looks_at_are_forgotten()
    {
        var hours = new Dictionary<long, int> { [76] = 5, [77] = 6 };
        var counts = new SendingCounts(hours);
        counts.Add(100, 1);
        counts.Add(100, -1);

        Assert.Equal([77], hours.Keys);
    }

    private static SendingCounts Counts(string counted) =>
        new(counted.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(h => h.Split(':')).ToDictionary(h => long.Parse(h[0], null), h => int.Parse(h[1], null)));
}
