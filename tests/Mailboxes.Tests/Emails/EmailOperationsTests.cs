using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Tests.Journaled;
using MailCloud.Mailboxes.Tests.Mailbox;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Mailboxes.Tests.Emails;

/// <summary>Whatever IMAP does to a mailbox, who follows by changes of Emails and folders has what is there, on a sound store and on one that fails half of its writes.</summary>
public sealed class EmailOperationsTests
{
    private const string Account = "demo/emails";

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, false)]
    [InlineData(4, true)]
    [InlineData(5, true)]
    public async Task A_follower_by_changes_has_what_is_there(int seed, bool faults)
    {
        FaultyJournal faulty = null!;
        await using var silo = await TestSilo.StartAsync(journal => faulty = new FaultyJournal(journal, seed));
        await silo.Mailbox(Account).CreateAsync(new());
        var random = new Random(seed);
        var follower = new EmailFollower(silo, Account, random);
        await follower.BeginAsync();
        faulty.Failing = faults;
        var model = new MailboxOperationsModel(silo, silo.Services.GetRequiredService<IMessageBlobs>(), Account, seed);
        await model.RunAsync(steps: 250, () => random.Next(10) switch
        {
            0 or 1 => follower.FollowAsync(),
            2 => follower.CheckAsync(),
            _ => Task.CompletedTask,
        });
        faulty.Failing = false;
        await follower.CheckAsync();
        await silo.ForgetAsync();
        await follower.CheckAsync();
    }
}
