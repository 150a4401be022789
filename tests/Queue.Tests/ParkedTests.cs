using MailCloud.Messages;
using MailCloud.StorageContracts;

namespace MailCloud.Queue.Tests;

public sealed class ParkedTests(Broker broker) : RabbitMqTest(broker)
{
    [Fact]
    public async Task Two_listings_at_once_both_show_everything_oldest_first()
    {
        var one = NewProcess();
        var two = NewProcess();
        var published = await ParkAsync(one.Queue, 20);

        var listings = await Task.WhenAll(
            one.Queue.ListParkedAsync(default).ToListAsync().AsTask(), two.Queue.ListParkedAsync(default).ToListAsync().AsTask(), one.Queue.ListParkedAsync(default).ToListAsync().AsTask());

        Assert.All(listings, listing => Assert.Equal(published.Select(m => m.Id), listing.Select(p => p.Message.Id)));
    }

    [Fact]
    public async Task Replaying_one_from_the_middle_leaves_the_others_in_their_order()
    {
        var process = NewProcess();
        var published = await ParkAsync(process.Queue, 5);

        Assert.True(await process.Queue.ReplayParkedAsync(published[2].Id, default));

        var left = await process.Queue.ListParkedAsync(default).ToListAsync();
        Assert.Equal(published.Where((_, i) => i != 2).Select(m => m.Id), left.Select(p => p.Message.Id));
    }

    [Fact]
    public async Task A_listing_that_is_given_up_halfway_loses_nothing()
    {
        var process = NewProcess();
        var published = await ParkAsync(process.Queue, 5);

        await foreach (var parked in process.Queue.ListParkedAsync(default))
        {
            Assert.Equal(published[0].Id, parked.Message.Id);
            break;
        }

        Assert.Equal(published.Select(m => m.Id), (await process.Queue.ListParkedAsync(default).ToListAsync()).Select(p => p.Message.Id));
    }

    [Fact]
    public async Task A_long_reason_is_cut_and_its_failures_are_forgotten_by_a_replay()
    {
        var process = NewProcess();
        var published = await PublishAsync(process.Queue, 1);
        await using var consumer = new QueueContract.Consumer(process.Queue, prefetch: 1);
        await (await consumer.NextAsync()).FailAsync(TimeSpan.FromMilliseconds(1), default);
        await (await consumer.NextAsync()).ParkAsync(new string('ü', 100_000), default);

        var parked = Assert.Single(await process.Queue.ListParkedAsync(default).ToListAsync());
        Assert.Equal(new string('ü', 4096), parked.Reason);
        await process.Queue.ReplayParkedAsync(published[0].Id, default);
        Assert.Equal(0, (await consumer.NextAsync()).Failures);
    }

    private static async Task<List<QueuedMessage>> ParkAsync(IMailQueue queue, int count)
    {
        var published = await PublishAsync(queue, count);
        await using var consumer = new QueueContract.Consumer(queue, prefetch: count);
        for (var i = 0; i < count; i++)
        {
            await (await consumer.NextAsync()).ParkAsync("a test", default);
        }

        return published;
    }
}
