using MailCloud.Messages;
using MailCloud.Queue;

namespace MailCloud.StorageContracts;

/// <summary>What every <see cref="IMailQueue"/> promises.</summary>
public abstract class QueueContract
{
    protected abstract IMailQueue Queue { get; }

    protected abstract Task ReopenAsync();

    /// <summary>Lets a delay pass.</summary>
    protected abstract void Advance(TimeSpan time);

    [Fact]
    public async Task Entries_come_in_order_and_as_they_were_published()
    {
        var published = await PublishAsync(20);

        await using var consumer = new Consumer(Queue, prefetch: 20);
        foreach (var expected in published)
        {
            var delivery = await consumer.NextAsync();
            Assert.Equal(expected.Id, delivery.Message.Id);
            Assert.Equal(expected.Envelope.Recipients[0].Address, delivery.Message.Envelope.Recipients[0].Address);
            Assert.Equal(expected.Trace, delivery.Message.Trace);
            Assert.Equal(0, delivery.Failures);
            await delivery.AckAsync(default);
        }

        Assert.Equal(new QueueDepth(0, 0), await Queue.GetDepthAsync(default));
    }

    [Fact]
    public async Task A_waiting_consumer_is_woken_by_a_new_entry()
    {
        await using var consumer = new Consumer(Queue, prefetch: 1);
        var next = consumer.NextAsync();
        Assert.False(next.IsCompleted);

        var published = await PublishAsync(1);

        Assert.Equal(published[0].Id, (await next).Message.Id);
    }

    [Fact]
    public async Task No_more_than_the_prefetch_is_unsettled()
    {
        await PublishAsync(3);
        await using var consumer = new Consumer(Queue, prefetch: 2);
        var first = await consumer.NextAsync();
        await consumer.NextAsync();

        var third = consumer.NextAsync();
        Assert.False(third.IsCompleted);
        await first.AckAsync(default);

        Assert.NotNull(await third);
    }

    [Fact]
    public async Task A_consumer_that_is_far_behind_gets_every_entry_once_and_in_order()
    {
        var published = await PublishAsync(3000);
        await using var consumer = new Consumer(Queue, prefetch: 10);
        var late = new List<QueuedMessage>();
        var got = new List<DeliveryId>();
        for (var i = 0; i < 3500; i++)
        {
            var delivery = await consumer.NextAsync();
            got.Add(delivery.Message.Id);
            await delivery.AckAsync(default);
            if (i < 500)
            {
                late.AddRange(await PublishAsync(1));
            }
        }

        Assert.Equal(published.Concat(late).Select(m => m.Id), got);
    }

    [Fact]
    public async Task Unsettled_entries_come_again_after_a_restart_with_the_same_failures_and_settled_ones_do_not()
    {
        var published = await PublishAsync(3);
        await using (var consumer = new Consumer(Queue, prefetch: 3))
        {
            await (await consumer.NextAsync()).AckAsync(default);
            await (await consumer.NextAsync()).FailAsync(TimeSpan.FromMinutes(1), default);
            await consumer.NextAsync();
        }

        await ReopenAsync();
        Advance(TimeSpan.FromMinutes(2));
        await using var again = new Consumer(Queue, prefetch: 3);
        var got = new[] { await again.NextAsync(), await again.NextAsync() };

        Assert.Equal(new QueueDepth(2, 0), await Queue.GetDepthAsync(default));
        Assert.Equal(
            [(published[1].Id, 1), (published[2].Id, 0)], got.Select(d => (d.Message.Id, d.Failures)).OrderByDescending(d => d.Failures));
    }

    [Fact]
    public async Task What_a_consumer_leaves_unsettled_comes_again_to_another()
    {
        var published = await PublishAsync(2);
        await using (var dying = new Consumer(Queue, prefetch: 2))
        {
            await dying.NextAsync();
            await dying.NextAsync();
        }

        await using var consumer = new Consumer(Queue, prefetch: 2);
        var got = new[] { await consumer.NextAsync(), await consumer.NextAsync() };

        Assert.Equal(published.Select(m => m.Id), got.Select(d => d.Message.Id));
        Assert.All(got, d => Assert.Equal(0, d.Failures));
    }

    [Fact]
    public async Task Two_consumers_never_hold_the_same_entry()
    {
        await PublishAsync(100);
        var got = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            await using var consumer = new Consumer(Queue, prefetch: 50);
            var mine = new List<DeliveryId>();
            for (var i = 0; i < 50; i++)
            {
                var delivery = await consumer.NextAsync();
                mine.Add(delivery.Message.Id);
                await delivery.AckAsync(default);
            }

            return mine;
        })));

        Assert.Equal(100, got.SelectMany(g => g).Distinct().Count());
    }

    [Fact]
    public async Task A_failed_entry_comes_again_after_its_delay_and_not_before()
    {
        var published = await PublishAsync(1);
        await using var consumer = new Consumer(Queue, prefetch: 1);
        await (await consumer.NextAsync()).FailAsync(TimeSpan.FromSeconds(30), default);

        var again = consumer.NextAsync();
        Advance(TimeSpan.FromSeconds(29));
        Assert.False(again.IsCompleted);
        Advance(TimeSpan.FromSeconds(2));

        var delivery = await again;
        Assert.Equal((published[0].Id, 1), (delivery.Message.Id, delivery.Failures));
        await delivery.FailAsync(TimeSpan.FromSeconds(30), default);
        Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(2, (await consumer.NextAsync()).Failures);
    }

    [Fact]
    public async Task A_delayed_entry_holds_up_no_other()
    {
        var published = await PublishAsync(2);
        await using var consumer = new Consumer(Queue, prefetch: 1);
        await (await consumer.NextAsync()).FailAsync(TimeSpan.FromHours(1), default);

        Assert.Equal(published[1].Id, (await consumer.NextAsync()).Message.Id);
    }

    [Fact]
    public async Task A_parked_entry_is_off_the_queue_and_comes_back_when_replayed()
    {
        var published = await PublishAsync(1);
        await using var consumer = new Consumer(Queue, prefetch: 1);
        await (await consumer.NextAsync()).ParkAsync("it fails each time", default);
        await ReopenAsync();

        Assert.Equal(new QueueDepth(0, 1), await Queue.GetDepthAsync(default));
        var parked = Assert.Single(await Queue.ListParkedAsync(default).ToListAsync());
        Assert.Equal((published[0].Id, "it fails each time"), (parked.Message.Id, parked.Reason));
        Assert.Empty(await Queue.ListAsync(default).ToListAsync());

        Assert.True(await Queue.ReplayParkedAsync(published[0].Id, default));
        Assert.False(await Queue.ReplayParkedAsync(published[0].Id, default));
        Assert.Equal(new QueueDepth(1, 0), await Queue.GetDepthAsync(default));
        await using var again = new Consumer(Queue, prefetch: 1);
        Assert.Equal(published[0].Id, (await again.NextAsync()).Message.Id);
    }

    [Fact]
    public async Task The_list_has_waiting_held_and_delayed_entries()
    {
        var published = await PublishAsync(3);
        await using var consumer = new Consumer(Queue, prefetch: 2);
        await (await consumer.NextAsync()).FailAsync(TimeSpan.FromHours(1), default);
        await consumer.NextAsync();

        // In no order: it is for verification.
        Assert.Equal(published.Select(m => m.Id.ToString()).Order(), (await Queue.ListAsync(default).ToListAsync()).Select(m => m.Id.ToString()).Order());
    }

    public static QueuedMessage NewMessage(int number = 0)
    {
        var tenant = new TenantId("demo");
        var id = DeliveryId.New(DateTimeOffset.UtcNow);
        var recipient = new EnvelopeRecipient { Address = new($"bob{number}", "example.test"), Mailboxes = [new AccountId("demo/1")] };
        return new QueuedMessage
        {
            Id = id,
            Tenant = tenant,
            Body = new BodyRef(BodyRef.NameFor(tenant, id), 10),
            Envelope = new Envelope { Sender = new("alice", "example.test"), Recipients = [recipient] },
            Trace = "Received: from a by b; Tue, 24 Nov 2026 12:00:00 +0000\r\n",
        };
    }

    protected async Task<List<QueuedMessage>> PublishAsync(int count)
    {
        var messages = Enumerable.Range(0, count).Select(NewMessage).ToList();
        foreach (var message in messages)
        {
            await Queue.PublishAsync(message, default);
        }

        return messages;
    }

    /// <summary>A consumer that is pulled one entry at a time; disposing it is its death.</summary>
    public sealed class Consumer(IMailQueue queue, int prefetch) : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private IAsyncEnumerator<QueueDelivery>? entries;
        private Task<QueueDelivery>? pending;

        public Task<QueueDelivery> NextAsync() => pending = AfterAsync(pending);

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            if (pending is not null)
            {
                await pending.ContinueWith(_ => { }, TaskScheduler.Default);
            }

            if (entries is not null)
            {
                await entries.DisposeAsync();
            }

            stop.Dispose();
        }

        private async Task<QueueDelivery> AfterAsync(Task? earlier)
        {
            await (earlier ?? Task.CompletedTask);
            entries ??= queue.ConsumeAsync(prefetch, stop.Token).GetAsyncEnumerator(stop.Token);
            Assert.True(await entries.MoveNextAsync());
            return entries.Current;
        }
    }
}
