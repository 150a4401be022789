using System.Text;
using MailCloud.Blobs;
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

    [Fact]
    public async Task Held_mail_is_neither_filed_nor_due_before_its_time()
    {
        var release = Time.GetUtcNow().AddHours(5);
        var message = await HeldAsync(release, To(Bob) with { Notify = DsnNotify.Success, Remote = [new("far", "example.org")] });
        await DeliverAsync(message);
        await DeliverAsync(message);

        Assert.Equal((SpoolKind.Local, release), (Assert.Single(await WaitingAsync()).Kind, (await WaitingAsync())[0].DueAt));
        Assert.Equal(release, Assert.Single(await Grains.GetGrain<ISpoolGrain>(SpoolShards.Of("example.org")).GetPageAsync(SpoolFilter.Everything, "", 10)).DueAt);
        await RetryAfterAsync(TimeSpan.FromHours(5) - TimeSpan.FromSeconds(1));
        Assert.Empty(await InboxAsync(Bob));
        Assert.Empty(await SubjectsAsync());
        await RetryAfterAsync(TimeSpan.FromSeconds(1));

        Assert.Single(await InboxAsync(Bob));
        Assert.Equal(["Your message was delivered"], await SubjectsAsync());
        Assert.Empty(await WaitingAsync());
    }

    [Fact]
    public async Task A_hold_that_is_over_holds_nothing()
    {
        await DeliverAsync(await HeldAsync(Time.GetUtcNow(), To(Bob)));

        Assert.Single(await InboxAsync(Bob));
    }

    /// <summary>7 days are the longest hold, and mailboxes remember 14 days of deliveries: there is time for all that mail may wait after its release.</summary>
    [Fact]
    public async Task After_the_longest_hold_mail_waits_as_long_as_any()
    {
        await FullAsync();
        var message = await HeldAsync(Time.GetUtcNow().AddDays(7), To(Bob));
        await DeliverAsync(message);

        await RetryAfterAsync(TimeSpan.FromDays(7));
        await RetryAfterAsync(TimeSpan.FromHours(3));
        Assert.Empty(await SubjectsAsync());
        await RetryAfterAsync(TimeSpan.FromHours(1));
        Assert.Equal(["Your message is delayed"], await SubjectsAsync());
        await RetryAfterAsync(TimeSpan.FromDays(4.5));
        Assert.Single(await SubjectsAsync());
        await Grains.GetGrain<IMailboxGrain>(Bob.Value).CreateAsync(new() { QuotaBytes = 0 });
        await RetryAfterAsync(TimeSpan.FromHours(4));

        Assert.Single(await InboxAsync(Bob));
        Assert.Empty(await WaitingAsync());
    }

    [Fact]
    public async Task Held_mail_is_given_up_five_days_after_its_release()
    {
        await FullAsync();
        await DeliverAsync(await HeldAsync(Time.GetUtcNow().AddDays(7), To(Bob)));

        await RetryAfterAsync(TimeSpan.FromDays(7));
        await RetryAfterAsync(TimeSpan.FromDays(5));

        Assert.Equal(["Your message could not be delivered"], await SubjectsAsync());
        Assert.Empty(await WaitingAsync());
    }

    [Fact]
    public async Task What_is_to_be_returned_in_time_is_given_up_then()
    {
        await FullAsync();
        var message = await TimedAsync(TimeSpan.FromMinutes(10), returned: true);
        await DeliverAsync(message);

        // The schedule has attempts after 10 s, 1 min and 5 min, and the next 15 min later.
        foreach (var seconds in (int[])[10, 60, 300, 229])
        {
            await RetryAfterAsync(TimeSpan.FromSeconds(seconds));
        }

        Assert.Empty(await SubjectsAsync());
        await RetryAfterAsync(TimeSpan.FromSeconds(1));

        Assert.Equal(["Your message could not be delivered"], await SubjectsAsync());
        Assert.Contains("Status: 5.4.7\r\n", await ReportAsync(), StringComparison.Ordinal);
        Assert.Empty(await WaitingAsync());
        Assert.Equal([BodyOwner.Mailbox(Bob)], Assert.Single(await ListAsync(message.Body.Name)).Released);
    }

    [Fact]
    public async Task What_is_in_time_is_filed_without_a_word()
    {
        await DeliverAsync(await TimedAsync(TimeSpan.FromMinutes(10), returned: true));

        Assert.Single(await InboxAsync(Bob));
        Assert.Empty(await SubjectsAsync());
    }

    [Theory]
    [InlineData(10)]
    [InlineData(600)]
    public async Task Whoever_wants_to_be_told_is_told_once_at_that_time_and_delivery_goes_on(int minutes)
    {
        await FullAsync();
        await DeliverAsync(await TimedAsync(TimeSpan.FromMinutes(minutes), returned: false));

        await RetryAfterAsync(TimeSpan.FromMinutes(minutes - 1));
        Assert.Empty(await SubjectsAsync());
        await RetryAfterAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(["Your message is delayed"], await SubjectsAsync());
        Assert.Contains("Status: 4.4.7\r\n", await ReportAsync(), StringComparison.Ordinal);
        await RetryAfterAsync(TimeSpan.FromHours(6));
        Assert.Single(await SubjectsAsync());
        await Grains.GetGrain<IMailboxGrain>(Bob.Value).CreateAsync(new() { QuotaBytes = 0 });
        await RetryAfterAsync(TimeSpan.FromHours(6));

        Assert.Single(await InboxAsync(Bob));
    }

    [Fact]
    public async Task A_time_that_had_passed_before_is_told_by_nobody_here()
    {
        await FullAsync();
        await DeliverAsync(await TimedAsync(TimeSpan.FromMinutes(-10), returned: false));

        await RetryAfterAsync(TimeSpan.FromHours(1));

        Assert.Empty(await SubjectsAsync());
    }

    private async Task<QueuedMessage> HeldAsync(DateTimeOffset until, EnvelopeRecipient recipient)
    {
        var message = await AcceptAsync(recipient);
        return message with { Envelope = message.Envelope with { HoldUntil = until } };
    }

    private async Task<QueuedMessage> TimedAsync(TimeSpan time, bool returned)
    {
        var message = await AcceptAsync(To(Bob));
        return message with { Envelope = message.Envelope with { DeliverBy = new(Time.GetUtcNow() + time, returned, false) } };
    }

    /// <summary>The text of the report that alice has.</summary>
    private async Task<string> ReportAsync()
    {
        var stored = (await ListAsync("demo/body/")).Where(body => body.Owners.Any(owner => owner.EndsWith(AliceAccount.Value, StringComparison.Ordinal)));
        return Encoding.ASCII.GetString((await Blobs.ReadAsync(Assert.Single(stored).Name, 0, 10_000, default)).Span);
    }

    private Task FullAsync() => Grains.GetGrain<IMailboxGrain>(Bob.Value).CreateAsync(new() { QuotaBytes = 1 });

    private async Task RetryAfterAsync(TimeSpan wait)
    {
        Time.Advance(wait);
        await Services.GetRequiredService<RetryWorker>().RoundAsync([Shard], default);
    }

    private Task<IReadOnlyList<SpoolEntry>> WaitingAsync() => Grains.GetGrain<ISpoolGrain>(Shard).GetPageAsync(SpoolFilter.Everything, "", 10);

    private async Task<IEnumerable<string?>> SubjectsAsync()
    {
        await DeliverQueuedAsync();
        return (await AliceAsync()).Select(m => m.Content!.Summary.Envelope.Subject);
    }
}
