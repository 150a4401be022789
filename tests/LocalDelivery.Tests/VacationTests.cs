using System.Text;
using MailCloud.LocalDelivery.Vacation;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;
using MimeKit;

namespace MailCloud.LocalDelivery.Tests;

/// <summary>Who writes to somebody who is away: bob, who has said so. What is in the queue afterwards is answers.</summary>
public sealed class VacationTests : DeliveryHost
{
    private static readonly EmailAddress Far = new("far", "elsewhere.example");
    private static readonly AddressRecord BobRecord = new() { Address = new("bob", "example.test"), Tenant = new("demo"), Kind = AddressKind.Account };

    private AccountId bob;

    [Fact]
    public async Task A_sender_is_answered_once_however_often_he_writes_and_the_message_comes()
    {
        await AwayAsync(new() { TextBody = "Je suis à la plage.\nÀ bientôt." });
        var message = await MailAsync("To: Bob <Bob@example.test>\r\nSubject: =?utf-8?q?caf=C3=A9?=\r\nMessage-ID: <m@far.test>\r\nReferences: <a@far.test>\r\n <b@far.test>");
        await DeliverAsync(message);
        await DeliverAsync(message);
        await DeliverAsync(await MailAsync("To: bob@example.test"));

        var answer = Assert.Single((await QueuedAsync()).DistinctBy(queued => queued.Id));
        Assert.Equal((message.Id.Derive($"vacation {bob}"), (string?)null, bob, Time.GetUtcNow()), (answer.Id, answer.Envelope.Sender?.ToString(), answer.Submitter!.Value, answer.ReleasedAt));
        Assert.Equal((AliceAccount, DsnNotify.Never), (answer.Envelope.Recipients.Single().Mailboxes.Single(), answer.Envelope.Recipients.Single().Notify));
        using var text = await ReadAsync(answer);
        Assert.Equal(("bob@example.test", "alice@example.test", "Auto: café"), (text.From.ToString(), text.To.ToString(), text.Subject));
        Assert.Equal(("auto-replied", "m@far.test", "a@far.test b@far.test m@far.test"), (text.Headers["Auto-Submitted"], text.InReplyTo, string.Join(' ', text.References)));
        Assert.Equal($"{answer.Id}@mail.example.test", text.MessageId);
        Assert.Equal("Je suis à la plage.\nÀ bientôt.", text.TextBody!.ReplaceLineEndings("\n").TrimEnd());
        Assert.Null(text.HtmlBody);

        await DeliverQueuedAsync();
        var got = Assert.Single(await AliceAsync());
        Assert.Equal("Return-Path: <>\r\n", Encoding.ASCII.GetString(got.Content!.Prefix));
        Assert.Equal(2, (await InboxAsync(bob)).Count);
    }

    [Theory]
    [InlineData("To: bob@example.test\r\nList-Id: <list.far.test>")]
    [InlineData("To: bob@example.test\r\nList-Unsubscribe: <https://far.test/>")]
    [InlineData("To: bob@example.test\r\nPrecedence: Bulk")]
    [InlineData("To: bob@example.test\r\nPrecedence: list")]
    [InlineData("To: bob@example.test\r\nPrecedence: junk")]
    [InlineData("To: bob@example.test\r\nAuto-Submitted: auto-replied (vacation)")]
    [InlineData("To: bob@example.test\r\nAuto-Submitted: auto-generated")]
    [InlineData("To: bob@example.test\r\nX-Auto-Response-Suppress: DR, OOF")]
    [InlineData("To: somebody@example.test")]
    [InlineData("Subject: nobody is named")]
    public async Task Lists_machines_and_mail_to_others_get_no_answer(string header)
    {
        await AwayAsync(new());
        await DeliverAsync(await MailAsync(header));
        Assert.Empty(await QueuedAsync());
        Assert.Single(await InboxAsync(bob));
    }

    [Theory]
    [InlineData("Cc: BOB+holiday@Example.Test\r\nAuto-Submitted: No")]
    [InlineData("Bcc: bob@example.test")]
    [InlineData("To: others:, alice@example.test;\r\nResent-To: (me) bob@example.test")]
    [InlineData("To: undisclosed-recipients:;\r\nResent-Cc: \"Bob\" <bob@example.test>\r\nPrecedence: first-class")]
    public async Task Whoever_is_named_answers(string header)
    {
        await AwayAsync(new());
        await DeliverAsync(await MailAsync(header, Far));
        var answer = Assert.Single(await QueuedAsync());
        Assert.Equal((Far, new TenantId("demo")), (answer.Envelope.Recipients.Single().Remote.Single(), answer.Tenant));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("MAILER-DAEMON@elsewhere.example")]
    [InlineData("owner-list@elsewhere.example")]
    [InlineData("list-request@elsewhere.example")]
    [InlineData("no-reply@elsewhere.example")]
    [InlineData("DoNotReply@elsewhere.example")]
    [InlineData("noreply+7@elsewhere.example")]
    [InlineData("bob@example.test")]
    [InlineData("bob+self@example.test")]
    [InlineData("nobody-there@example.test")]
    public async Task Some_senders_get_no_answer(string? sender)
    {
        await AwayAsync(new());
        var address = default(EmailAddress);
        Assert.True(sender is null || EmailAddress.TryParse(sender, out address));
        var message = await MailAsync("To: bob@example.test");
        await DeliverAsync(message with { Envelope = message.Envelope with { Sender = sender is null ? null : address } });
        Assert.Empty(await QueuedAsync());
    }

    [Fact]
    public async Task One_s_own_other_address_and_a_group_get_no_answer()
    {
        await Grains.GetGrain<IVacationGrain>(AliceAccount.Value).SetAsync(new() { IsEnabled = true, Address = new("alice", "example.test") }, null);
        await Grains.GetGrain<IAddressGrain>("sales@example.test").PutAsync(
            new() { Address = new("sales", "example.test"), Tenant = new("demo"), Kind = AddressKind.Alias, Targets = [new("alice", "example.test")] });
        var to = new EnvelopeRecipient { Address = new("alice", "example.test"), Mailboxes = [AliceAccount] };
        var own = await AcceptWholeAsync("To: alice@example.test\r\n\r\n", to);
        await DeliverAsync(own with { Envelope = own.Envelope with { Sender = new("sales", "example.test") } });
        var group = await AcceptWholeAsync("To: alice@example.test\r\n\r\n", to);
        await DeliverAsync(group with { Origin = DeliveryId.New(Time.GetUtcNow()), Envelope = group.Envelope with { Sender = Far } });
        Assert.Empty(await QueuedAsync());
        Assert.Equal(2, (await AliceAsync()).Count);
    }

    [Fact]
    public async Task Nobody_is_answered_once_it_is_over()
    {
        await AwayAsync(new() { ToDate = Time.GetUtcNow().AddDays(1) });
        Time.Advance(TimeSpan.FromDays(1) + TimeSpan.FromSeconds(1));
        await DeliverAsync(await MailAsync("To: bob@example.test"));
        await AwayAsync(new());
        await Grains.GetGrain<IVacationGrain>(bob.Value).SetAsync(new() { Address = BobRecord.Address }, null);
        await DeliverAsync(await MailAsync("To: bob@example.test"));
        Assert.Empty(await QueuedAsync());
    }

    [Fact]
    public async Task Where_nobody_is_away_nobody_is_asked()
    {
        await AwayAsync(new());
        await Grains.GetGrain<IVacationGrain>(bob.Value).SetAsync(new() { Address = BobRecord.Address }, null);
        await Grains.GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);
        await DeliverAsync(await MailAsync("To: bob@example.test"));
        Assert.Single(await InboxAsync(bob));
        Assert.DoesNotContain(await Grains.GetGrain<IManagementGrain>(0).GetSimpleGrainStatistics(), grain => grain.ActivationCount > 0 && grain.GrainType.Contains("Vacation", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(AccountState.ReceiveOnly)]
    [InlineData(AccountState.Suspended)]
    public async Task Who_may_not_send_answers_nobody(AccountState state)
    {
        await AwayAsync(new());
        await Grains.GetGrain<IAddressGrain>("bob@example.test").SetStateAsync(state);
        await DeliverAsync(await MailAsync("To: bob@example.test"));
        Assert.Single(await InboxAsync(bob));
        Assert.Empty(await QueuedAsync());
    }

    [Fact]
    public async Task HTML_alone_gets_a_text_beside_it()
    {
        await AwayAsync(new() { Subject = "去度假了", HtmlBody = "<title>x</title><p>Back on <b>Monday</b> &amp; happy.</p><ul><li>one<li>two</ul>" });
        await DeliverAsync(await MailAsync("To: bob@example.test\r\nSubject: hello"));
        using var text = await ReadAsync(Assert.Single(await QueuedAsync()));
        Assert.Equal("去度假了", text.Subject);
        Assert.True(text.Body!.ContentType.IsMimeType("multipart", "alternative"));
        Assert.Equal("Back on Monday & happy.\n\none\ntwo", text.TextBody!.ReplaceLineEndings("\n").TrimEnd());
        Assert.Contains("<b>Monday</b>", text.HtmlBody!, StringComparison.Ordinal);
        Assert.Null(text.InReplyTo);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("<style>p {}</style> <p></p>", "")]
    [InlineData("a<br>b<br><br>c", "a\nb\n\nc")]
    [InlineData("<div>a  \n b</div><div>c</div>", "a b\nc")]
    [InlineData("1 &lt; 2<script>x</script>&nbsp;!", "1 < 2 !")]
    public void Text_of_HTML_has_its_lines(string html, string text) => Assert.Equal(text, HtmlAsText.Convert(html));

    [Fact]
    public async Task An_address_that_is_not_ASCII_is_answered_in_UTF_8()
    {
        await AwayAsync(new());
        await DeliverAsync(await MailAsync("To: bob@example.test", new("用户", "elsewhere.example")));
        var answer = Assert.Single(await QueuedAsync());
        Assert.Equal((true, BodyType.EightBitMime), (answer.Envelope.SmtpUtf8, answer.Envelope.Body));
        Assert.Contains("\r\nTo: 用户@elsewhere.example\r\n", Encoding.UTF8.GetString((await Blobs.ReadAsync(answer.Body.Name, 0, (int)answer.Body.Length, default)).Span), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_waited_in_the_spool_is_answered_when_it_is_filed()
    {
        await AwayAsync(new());
        await Grains.GetGrain<IMailboxGrain>(bob.Value).CreateAsync(new() { QuotaBytes = 1 });
        await DeliverAsync(await MailAsync("To: bob@example.test"));
        Assert.Empty(await QueuedAsync());

        await Grains.GetGrain<IMailboxGrain>(bob.Value).CreateAsync(new());
        Time.Advance(TimeSpan.FromMinutes(1));
        await Services.GetRequiredService<RetryWorker>().RoundAsync([SpoolShards.Of("example.test")], default);
        Assert.Single(await InboxAsync(bob));
        Assert.Single(await QueuedAsync());
    }

    [Fact]
    public async Task Dying_at_any_write_of_an_answer_neither_loses_nor_doubles_it()
    {
        await AwayAsync(new());
        const int Steps = 8;
        for (var step = 1; step <= Steps; step++)
        {
            var message = await MailAsync("To: bob@example.test", new($"far{step}", "elsewhere.example"));
            Assert.Null(await DeliverAsync(message, new DyingStores(Blobs, Queue, dieAt: step)));
            Assert.Null(await DeliverAsync(message));
            Assert.Equal(step, (await QueuedAsync()).Select(answer => answer.Id).Distinct().Count());
        }

        Assert.Equal(Steps, (await InboxAsync(bob)).Count);
    }

    private async Task AwayAsync(VacationResponse response)
    {
        await Grains.GetGrain<IAddressGrain>("bob@example.test").PutAsync(BobRecord);
        bob = (await Grains.GetGrain<IAddressGrain>("bob@example.test").GetAsync())!.Account!.Value;
        await Grains.GetGrain<IVacationGrain>(bob.Value).SetAsync(response with { IsEnabled = true, Address = BobRecord.Address }, null);
    }

    private async Task<QueuedMessage> MailAsync(string header, EmailAddress? sender = null)
    {
        var message = await AcceptWholeAsync($"{header}\r\n\r\nhello\r\n", new EnvelopeRecipient { Address = BobRecord.Address, Mailboxes = [bob] });
        return sender is null ? message : message with { Envelope = message.Envelope with { Sender = sender } };
    }

    private async Task<MimeMessage> ReadAsync(QueuedMessage message)
    {
        await using var stream = await Blobs.OpenReadAsync(message.Body.Name, 0, null, default);
        return await MimeMessage.LoadAsync(stream);
    }
}
