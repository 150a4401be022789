using System.Text;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.LocalDelivery.Tests;

/// <summary>Outcomes; entries are handed over by the test, so that it can hand them over twice.</summary>
public sealed class DeliveryTests : DeliveryHost
{
    [Fact]
    public async Task A_message_is_filed_with_its_return_path_and_once_however_often_it_comes()
    {
        var message = await AcceptAsync(To(Bob));

        Assert.Null(await DeliverAsync(message));
        Assert.Null(await DeliverAsync(message));

        var filed = Assert.Single(await InboxAsync(Bob));
        Assert.Equal("Return-Path: <alice@example.test>\r\nReceived: by test\r\n", Encoding.ASCII.GetString(filed.Content!.Prefix));
        Assert.Equal("hello", filed.Content.Summary.Envelope.Subject);
        Assert.Equal(0, (await Queue.GetDepthAsync(default)).Waiting);
    }

    [Fact]
    public async Task A_refused_recipient_gives_one_report_and_releases_the_body()
    {
        var message = await AcceptAsync(To(Bob), To(Nobody));

        await DeliverAsync(message);
        await DeliverAsync(message);
        await DeliverQueuedAsync();

        Assert.Single(await InboxAsync(Bob));
        var report = Assert.Single(await AliceAsync());
        Assert.Equal("Return-Path: <>\r\n", Encoding.ASCII.GetString(report.Content!.Prefix));
        Assert.Equal("Your message could not be delivered", report.Content.Summary.Envelope.Subject);
        var body = Assert.Single(await ListAsync(message.Body.Name));
        Assert.Equal([BodyOwner.Mailbox(Nobody)], body.Released);
    }

    [Theory]
    [InlineData(DsnReturn.Full, "message/rfc822", "hello")]
    [InlineData(DsnReturn.Headers, "text/rfc822-headers", null)]
    [InlineData(DsnReturn.Unspecified, "text/rfc822-headers", null)]
    public async Task A_failure_returns_what_the_sender_asked_for(DsnReturn what, string type, string? subject)
    {
        var message = await AcceptAsync(To(Nobody));
        await DeliverAsync(message with { Envelope = message.Envelope with { Return = what } });
        await DeliverQueuedAsync();

        var returned = Assert.Single(await AliceAsync()).Content!.Summary.Structure.Parts[2];
        Assert.Equal((type, subject), ($"{returned.Type}/{returned.Subtype}", returned.Envelope?.Subject));
    }

    [Theory]
    [InlineData(TlsDemand.Required, "text/rfc822-headers")]
    [InlineData(TlsDemand.NotRequired, "message/rfc822")]
    [InlineData(TlsDemand.Unspecified, "message/rfc822")]
    public async Task A_report_is_protected_and_urgent_as_its_message_is(TlsDemand tls, string type)
    {
        var message = await AcceptAsync(To(Nobody));
        await DeliverAsync(message with { Envelope = message.Envelope with { Return = DsnReturn.Full, Tls = tls, Priority = 3 } });
        var report = Assert.Single(await QueuedAsync());
        Assert.Equal((tls, 3, Time.GetUtcNow()), (report.Envelope.Tls, report.Envelope.Priority, report.ReleasedAt));
        await DeliverQueuedAsync();

        var returned = Assert.Single(await AliceAsync()).Content!.Summary.Structure.Parts[2];
        Assert.Equal(type, $"{returned.Type}/{returned.Subtype}");
    }

    [Theory]
    [InlineData(DsnNotify.Success, 1)]
    [InlineData(DsnNotify.Never, 0)]
    [InlineData(DsnNotify.Unspecified, 0)]
    public async Task A_delivered_report_comes_only_when_it_was_asked_for(DsnNotify notify, int reports)
    {
        await DeliverAsync(await AcceptAsync(To(Bob) with { Notify = notify }));

        Assert.Equal(reports, (await Queue.GetDepthAsync(default)).Waiting);
    }

    [Fact]
    public async Task A_full_mailbox_waits_in_the_spool_once_and_remote_recipients_with_it()
    {
        await Grains.GetGrain<IMailboxGrain>(Bob.Value).CreateAsync(new() { QuotaBytes = 1 });
        var message = await AcceptAsync(To(Bob) with { Remote = [new("far", "example.org")] });

        await DeliverAsync(message);
        await DeliverAsync(message);

        var local = await Grains.GetGrain<ISpoolGrain>(SpoolShards.Of("example.test")).GetPageAsync(SpoolFilter.Everything, "", 10);
        var remote = await Grains.GetGrain<ISpoolGrain>(SpoolShards.Of("example.org")).GetPageAsync(SpoolFilter.Everything, "", 10);
        Assert.Equal((SpoolKind.Local, "the mailbox is full"), (Assert.Single(local).Kind, local[0].LastError));
        Assert.Equal(SpoolKind.Outbound, Assert.Single(remote).Kind);
        Assert.Empty(await InboxAsync(Bob));
    }

    [Fact]
    public async Task Mail_older_than_mailboxes_remember_is_left_to_an_operator()
    {
        var message = await AcceptAsync(To(Bob));
        var old = message with { Id = DeliveryId.New(Time.GetUtcNow() - TimeSpan.FromDays(15)) };

        Assert.NotNull(await DeliverAsync(old));
        Assert.Empty(await InboxAsync(Bob));
    }

    [Fact]
    public async Task Dying_between_any_two_writes_loses_and_doubles_nothing()
    {
        for (var step = 1; step < 20; step++)
        {
            var message = await AcceptAsync(To(Bob), To(Nobody));
            var dying = new DyingStores(Blobs, Queue, dieAt: step);
            var died = await Record.ExceptionAsync(() => DeliverAsync(message, dying));

            await DeliverAsync(message);
            await DeliverQueuedAsync();
            Assert.Equal((step, step), ((await InboxAsync(Bob)).Count, (await AliceAsync()).Count));
            if (died is null)
            {
                Assert.True(step > 3, $"there were only {step - 1} steps to die at");
                return;
            }
        }

        Assert.Fail("the delivery never ran to its end");
    }
}
