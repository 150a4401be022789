using MailCloud.MailboxContracts;
using MailCloud.Testing;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Spool;

/// <summary>What the metrics say of waiting mail.</summary>
public sealed class SpoolTelemetryTests
{
    [Fact]
    public async Task Shards_tell_how_much_waits_how_old_it_is_and_what_nobody_works_on()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var silo = await TestSilo.StartAsync(time: time);
        using var measured = new MeasuredValues(silo.Services, "mailcloud.spool.");
        var (first, second) = (silo.Grains.GetGrain<ISpoolGrain>(7), silo.Grains.GetGrain<ISpoolGrain>(8));
        await first.AddAsync([SpooledMail.Outbound("a", due: time.GetUtcNow(), accepted: time.GetUtcNow()), SpooledMail.Local(due: time.GetUtcNow().AddHours(1), accepted: time.GetUtcNow())]);
        await second.AddAsync([SpooledMail.Outbound("b", due: time.GetUtcNow().AddHours(2), accepted: time.GetUtcNow())]);
        time.Advance(TimeSpan.FromMinutes(30));

        await LookAsync(first, second);
        var values = measured.Read();
        Assert.Equal((1, 2), (values["mailcloud.spool.entries local"], values["mailcloud.spool.entries outbound"]));
        Assert.Equal((1800, 1800), (values["mailcloud.spool.oldest local"], values["mailcloud.spool.oldest outbound"]), (a, b) => Math.Abs(a.Item1 - b.Item1) + Math.Abs(a.Item2 - b.Item2) < 1);
        Assert.Equal((0, 1800), (values["mailcloud.spool.overdue local"], values["mailcloud.spool.overdue outbound"]), (a, b) => Math.Abs(a.Item1 - b.Item1) + Math.Abs(a.Item2 - b.Item2) < 1);

        var leased = await first.LeaseOutboundAsync("example.org", 1, TimeSpan.FromMinutes(5));
        time.Advance(TimeSpan.FromMinutes(1));
        await LookAsync(first, second);
        Assert.Equal(0, measured.Read()["mailcloud.spool.overdue outbound"]);

        await first.ReportAsync([new() { Key = Assert.Single(leased).Key, Final = true }]);
        time.Advance(TimeSpan.FromMinutes(1));
        await LookAsync(first, second);
        Assert.Equal(1, measured.Read()["mailcloud.spool.entries outbound"]);
    }

    /// <summary>As delivery's retries do it all the time.</summary>
    private static async Task LookAsync(params ISpoolGrain[] shards)
    {
        foreach (var shard in shards)
        {
            await shard.LeaseLocalAsync(1, TimeSpan.FromMinutes(5));
        }
    }
}
