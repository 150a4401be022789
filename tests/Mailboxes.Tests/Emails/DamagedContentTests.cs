using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace MailCloud.Mailboxes.Tests.Emails;

/// <summary>A message whose stored content cannot be read keeps nobody from the others.</summary>
public sealed class DamagedContentTests
{
    private const string Account = "demo/damaged";
    private const string Journal = $"mailbox/{Account}";

    [Theory]
    [InlineData(0)]
    [InlineData(1005)]
    public async Task The_others_are_read_and_it_is_told_of(int filedAfter)
    {
        await using var silo = await TestSilo.StartAsync();
        var mailbox = silo.Mailbox(Account);
        await mailbox.CreateAsync(new());
        var sound = Mail.For(Account);
        await mailbox.FileAsync(sound);
        var emails = silo.Grains.GetGrain<IEmailGrain>(Account);
        var since = new EmailState((await emails.GetStateAsync())!.Value);
        var damaged = await AppendDamagedAsync(silo, uid: 2, since.ModSeq + 1);

        // In the tail, or sealed into a chunk.
        for (var i = 0; i < filedAfter; i++)
        {
            await mailbox.FileAsync(Mail.For(Account));
        }

        var changes = await emails.GetChangesAsync(since, 1);
        Assert.Equal([damaged], changes.Created);
        Assert.Equal([ThreadId.OfAlone(damaged)], changes.Threads);
        Guid[] both = [sound.Delivery.Value, damaged];
        var known = await emails.GetAsync(both, withContent: false);
        Assert.Equal(both, known.Emails.Select(e => e.Id));
        Assert.Equal(ThreadId.OfAlone(damaged), known.Emails[1].Thread);
        var read = await emails.GetAsync(both, withContent: true);
        Assert.Equal(sound.Delivery.Value, Assert.Single(read.Emails).Id);
        Assert.Empty(read.Left);
        Assert.Equal([damaged], Assert.Single(await emails.GetThreadsAsync([ThreadId.OfAlone(damaged)])).Emails);
    }

    private static async Task<Guid> AppendDamagedAsync(TestSilo silo, uint uid, long modSeq)
    {
        await silo.ForgetAsync();
        var id = DeliveryId.New(DateTimeOffset.UtcNow);
        MailboxEvent filed = new MessageFiled
        {
            FolderId = 1,
            Row = new(uid, 100, 100, id.AcceptedAt.ToUnixTimeMilliseconds(), id.Value),
            ModSeq = modSeq,
            Delivery = id,
            Content = new byte[] { MessageContent.FormatVersion, 1, 2, 3 },
        };
        var journal = silo.Services.GetRequiredService<IJournal>();
        var head = await journal.OpenAsync(Journal, CancellationToken.None);
        Assert.NotNull(await journal.AppendAsync(Journal, head, [silo.Services.GetRequiredService<Serializer>().Encode(filed)], CancellationToken.None));
        return id.Value;
    }
}
