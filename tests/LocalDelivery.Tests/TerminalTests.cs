using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.LocalDelivery.Tests;

/// <summary>RFC 821 §3.4: what of the four transactions is shown, and what is filed.</summary>
public sealed class TerminalTests : DeliveryHost
{
    private const string Text = "Message from alice@example.test: hello: hello";

    private readonly TestEdge edge = new();

    public static TheoryData<TransactionKind> Kinds => [.. Enum.GetValues<TransactionKind>()];

    [Theory]
    [InlineData(TransactionKind.Mail, 0, 1)]
    [InlineData(TransactionKind.Send, 1, 0)]
    [InlineData(TransactionKind.SendOrMail, 1, 0)]
    [InlineData(TransactionKind.SendAndMail, 1, 1)]
    public async Task With_somebody_there(TransactionKind kind, int shown, int filed)
    {
        await AttachAsync();
        await DeliverAsync(As(kind, await AcceptAsync(To(Bob))));

        Assert.Equal(Enumerable.Repeat((Bob, Text), shown), edge.Given);
        Assert.Equal(filed, (await InboxAsync(Bob)).Count);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task With_nobody_there_it_is_filed(TransactionKind kind)
    {
        await DeliverAsync(As(kind, await AcceptAsync(To(Bob))));

        Assert.Single(await InboxAsync(Bob));
    }

    [Theory]
    [InlineData(TransactionKind.Send)]
    [InlineData(TransactionKind.SendOrMail)]
    public async Task What_a_session_did_not_show_is_filed(TransactionKind kind)
    {
        await AttachAsync();
        edge.Shows = _ => false;
        await DeliverAsync(As(kind, await AcceptAsync(To(Bob))));
        edge.Shows = _ => throw new InvalidOperationException("the edge dies");
        await DeliverAsync(As(kind, await AcceptAsync(To(Bob))));

        Assert.Equal(2, (await InboxAsync(Bob)).Count);
    }

    [Fact]
    public async Task What_was_shown_in_part_is_filed_too()
    {
        await AttachAsync();
        await DeliverAsync(As(TransactionKind.Send, await AcceptAsync(new string('x', 300) + "\r\n", To(Bob))));

        Assert.Equal($"Message from alice@example.test: hello: {new string('x', 200)} … (the rest is in your mailbox)", Assert.Single(edge.Given).Text);
        Assert.Single(await InboxAsync(Bob));
    }

    [Fact]
    public async Task Each_recipient_gets_it_where_he_is()
    {
        await AttachAsync();
        var carol = new AccountId("demo/carol");
        await Grains.GetGrain<IMailboxGrain>(carol.Value).CreateAsync(new());
        edge.Shows = account => account == Bob;
        await DeliverAsync(As(TransactionKind.SendOrMail, await AcceptAsync(To(Bob), To(carol), To(Nobody))));
        await DeliverQueuedAsync();

        Assert.Equal((0, 1), ((await InboxAsync(Bob)).Count, (await InboxAsync(carol)).Count));
        Assert.Equal("Your message could not be delivered", Assert.Single(await AliceAsync()).Content!.Summary.Envelope.Subject);
    }

    [Fact]
    public async Task What_was_shown_was_delivered_and_its_body_keeps_its_owner()
    {
        await AttachAsync();
        var message = As(TransactionKind.Send, await AcceptAsync(To(Bob) with { Notify = DsnNotify.Success }));
        await DeliverAsync(message);
        await DeliverQueuedAsync();

        Assert.Equal("Your message was delivered", Assert.Single(await AliceAsync()).Content!.Summary.Envelope.Subject);
        Assert.Empty(Assert.Single(await ListAsync(message.Body.Name)).Released);
    }

    [Fact]
    public async Task A_full_mailbox_waits_in_the_spool_as_mail()
    {
        await AttachAsync();
        await Grains.GetGrain<IMailboxGrain>(Bob.Value).CreateAsync(new() { QuotaBytes = 1 });
        await DeliverAsync(As(TransactionKind.SendAndMail, await AcceptAsync(To(Bob))));

        var waiting = Assert.Single(await Grains.GetGrain<ISpoolGrain>(SpoolShards.Of("example.test")).GetPageAsync(SpoolFilter.Everything, "", 10));
        Assert.Equal(TransactionKind.Mail, waiting.Message.Envelope.Kind);
        Assert.Single(edge.Given);
    }

    /// <summary>Whoever was there has left when the entry comes again: whatever he was shown, the copy is then in one place, once.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Dying_between_any_two_writes_loses_and_doubles_nothing(TransactionKind kind)
    {
        await AttachAsync();
        for (var step = 1; step < 20; step++)
        {
            edge.Shows = account => account == Bob;
            var message = As(kind, await AcceptAsync(To(Bob), To(Nobody)));
            var died = await Record.ExceptionAsync(() => DeliverAsync(message, new DyingStores(Blobs, Queue, dieAt: step)));
            edge.Shows = _ => false;
            if (died is not null)
            {
                await DeliverAsync(message);
                await DeliverAsync(message);
            }

            await DeliverQueuedAsync();
            var shownOnly = died is null && kind is TransactionKind.Send or TransactionKind.SendOrMail ? 1 : 0;
            Assert.Equal((step - shownOnly, step), ((await InboxAsync(Bob)).Count, (await AliceAsync()).Count));
            if (died is null)
            {
                Assert.True(step > 3, $"there were only {step - 1} steps to die at");
                return;
            }
        }

        Assert.Fail("the delivery never ran to its end");
    }

    private Task AttachAsync() => Grains.GetGrain<ITerminalsGrain>(0).AttachAsync(Grains.CreateObjectReference<ITerminalEdge>(edge));

    private static QueuedMessage As(TransactionKind kind, QueuedMessage message) => message with { Envelope = message.Envelope with { Kind = kind } };
}
