using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Mailbox;

public sealed class FilingTests
{
    private const string Account = "demo/filing";

    [Fact]
    public async Task A_delivery_is_filed_once_however_often_it_is_handed_over()
    {
        await using var silo = await TestSilo.StartAsync();
        var mailbox = silo.Mailbox(Account);
        await mailbox.CreateAsync(new());
        var request = Mail.For(Account);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => mailbox.FileAsync(request)));
        await silo.ForgetAsync();
        var late = await mailbox.FileAsync(request);

        Assert.Single(outcomes, o => o.Result == FilingResult.Filed);
        Assert.Equal(FilingResult.AlreadyFiled, late.Result);
        Assert.Equal(1, (await mailbox.GetStatusAsync("INBOX"))!.Messages);
    }

    [Fact]
    public async Task A_late_repeat_is_recognised_on_another_day_and_after_seals()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var silo = await TestSilo.StartAsync(time: time);
        var mailbox = silo.Mailbox(Account);
        await mailbox.CreateAsync(new());
        var first = Mail.For(Account, DeliveryId.New(time.GetUtcNow()));
        await mailbox.FileAsync(first);
        for (var day = 0; day < 13; day++)
        {
            time.Advance(TimeSpan.FromDays(1));
            await Task.WhenAll(Enumerable.Range(0, 1100).Select(_ => mailbox.FileAsync(Mail.For(Account, DeliveryId.New(time.GetUtcNow())))));
            await silo.ForgetAsync();
        }

        Assert.Equal(FilingResult.AlreadyFiled, (await mailbox.FileAsync(first)).Result);
        time.Advance(TimeSpan.FromDays(2));
        Assert.Equal(FilingResult.TooOld, (await mailbox.FileAsync(first)).Result);
        Assert.Equal(1 + (13 * 1100), (await mailbox.GetStatusAsync("INBOX"))!.Messages);
    }

    [Fact]
    public async Task Without_a_mailbox_it_is_refused_for_good()
    {
        await using var silo = await TestSilo.StartAsync();

        Assert.Equal(FilingResult.NoSuchMailbox, (await silo.Mailbox("demo/nobody").FileAsync(Mail.For("demo/nobody"))).Result);
        Assert.Null(await silo.Mailbox("demo/nobody").GetQuotaAsync());
    }

    [Fact]
    public async Task Over_quota_and_its_grace_it_is_deferred_and_uses_nothing()
    {
        await using var silo = await TestSilo.StartAsync();
        var mailbox = silo.Mailbox(Account);
        await mailbox.CreateAsync(new() { QuotaBytes = 1000 });

        var within = await mailbox.FileAsync(Mail.For(Account, bodyLength: 1000));
        var beyond = await mailbox.FileAsync(Mail.For(Account, bodyLength: 200));

        Assert.Equal((FilingResult.Filed, FilingResult.OverQuota), (within.Result, beyond.Result));
        var quota = await mailbox.GetQuotaAsync();
        Assert.Equal((1000 + "Return-Path: <>\r\n".Length, false), ((int)quota!.Value.UsedBytes, quota.Value.Allows(1)));
    }

    [Fact]
    public async Task A_body_of_another_tenant_is_never_filed()
    {
        await using var silo = await TestSilo.StartAsync();
        await silo.Mailbox(Account).CreateAsync(new());
        var foreign = Mail.For("other/account");

        await Assert.ThrowsAsync<ArgumentException>(() => silo.Mailbox(Account).FileAsync(foreign));
    }

    [Fact]
    public async Task Prefix_and_content_come_back_as_they_were_filed()
    {
        await using var silo = await TestSilo.StartAsync();
        var mailbox = silo.Mailbox(Account);
        await mailbox.CreateAsync(new());
        var request = Mail.For(Account, prefix: "Return-Path: <a@b.example>\r\nReceived: by mail.example.test\r\n", subject: "=?utf-8?B?5Lit5paH?=");
        await mailbox.FileAsync(request);
        await silo.ForgetAsync();

        var message = Assert.Single(await Folders.AllAsync(mailbox, "INBOX", withContent: true));
        Assert.Equal(request.Prefix, message.Content!.Prefix);
        Assert.Equal(request.Summary.Envelope.Subject, message.Content.Summary.Envelope.Subject);
        Assert.Equal(request.Summary.Header, message.Content.Summary.Header);
        Assert.Equal(request.Body, message.Body);
        Assert.Equal(request.Prefix.Length + request.Body.Length, message.Size);
        Assert.Equal(request.InternalDate.ToUnixTimeMilliseconds(), message.InternalDate.ToUnixTimeMilliseconds());
    }
}
