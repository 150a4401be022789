using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.LocalDelivery.Tests;

/// <summary>What waits for a mailbox: it is tried on the schedule, its sender is told of the delay once, and it is given up after five days.</summary>
public sealed class RetryWorkerTests : DeliveryHost
{
    private static readonly int Shard = SpoolShards.Of("example.test");

    [Fact]
    public async Task What_waited_is_filed_once_there_is_room()
    {
        await FullAsync();
        await DeliverAsync(await AcceptAsync(To(Bob) with { Notify = DsnNotify.Success }));

        await RetryAfterAsync(TimeSpan.FromSeconds(30));
        Assert.Empty(await InboxAsync(Bob));
        await Grains.GetGrain<IMailboxGrain>(Bob.Value).CreateAsync(new() { QuotaBytes = 0 });
        await RetryAfterAsync(TimeSpan.FromMinutes(1));
        await RetryAfterAsync(TimeSpan.FromHours(5));
        await DeliverQueuedAsync();

        Assert.Single(await InboxAsync(Bob));
        Assert.Equal("Your message was delivered", Assert.Single(await AliceAsync()).Content!.Summary.Envelope.Subject);
        Assert.Empty(await WaitingAsync());
    }

    [Fact]
    public async Task The_sender_is_told_of_a_delay_once_and_of_the_end_after_five_days()
    {
        await FullAsync();
        var message = await AcceptAsync(To(Bob));
        await DeliverAsync(message);

        await RetryAfterAsync(TimeSpan.FromHours(3));
        Assert.Empty(await SubjectsAsync());
        await RetryAfterAsync(TimeSpan.FromHours(3));
        await RetryAfterAsync(TimeSpan.FromHours(5));
        Assert.Equal(["Your message is delayed"], await SubjectsAsync());
        await RetryAfterAsync(TimeSpan.FromDays(5));

        Assert.Equal(["Your message is delayed", "Your message could not be delivered"], await SubjectsAsync());
        Assert.Empty(await WaitingAsync());
        Assert.Equal([BodyOwner.Mailbox(Bob)], Assert.Single(await ListAsync(message.Body.Name)).Released);
    }

    private Task FullAsync() => Grains.GetGrain<IMailboxGrain>(Bob.Value).CreateAsync(new() { QuotaBytes = 1 });

    private async Task RetryAfterAsync(TimeSpan wait)
    {
        Time.Advance(wait);
        await Services.GetRequiredService<RetryWorker>().RoundAsync([Shard], default);
    }

    private Task<IReadOnlyList<SpoolEntry>> WaitingAsync() => Grains.GetGrain<ISpoolGrain>(Shard).GetPageAsync("", 10);

    private async Task<IEnumerable<string?>> SubjectsAsync()
    {
        await DeliverQueuedAsync();
        return (await AliceAsync()).Select(m => m.Content!.Summary.Envelope.Subject);
    }
}
