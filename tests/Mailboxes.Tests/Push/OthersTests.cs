using System.Threading.Channels;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Tests.Push;

/// <summary>Who watches a mailbox is told when what stands beside it has changed, and of nothing else.</summary>
public sealed class OthersTests
{
    private static readonly AccountId Account = new("demo/0123456789abcdef0123456789abcdef");

    [Fact]
    public async Task Identities_and_the_vacation_response_tell_of_their_changes()
    {
        await using var silo = await TestSilo.StartAsync();
        var watcher = new Watcher();
        var reference = silo.Grains.CreateObjectReference<IMailboxObserver>(watcher);
        await silo.Mailbox(Account.Value).WatchAsync(reference);
        var (submissions, vacation) = (silo.Grains.GetGrain<ISubmissionsGrain>(Account.Value), silo.Grains.GetGrain<IVacationGrain>(Account.Value));

        var response = new VacationResponse { Subject = "away" };
        await vacation.SetAsync(response, null);
        await watcher.NextAsync();
        Assert.Equal((await vacation.GetAsync()).State, await vacation.GetStateAsync());

        var identity = new SendingIdentity { Id = Guid.NewGuid(), Email = "alice@example.test" };
        await submissions.PutIdentityAsync(identity, null);
        await watcher.NextAsync();
        await submissions.RemoveIdentityAsync(identity.Id, null);
        await watcher.NextAsync();

        // What is no change, and what only asks: the next that is told is of the change after these.
        await vacation.SetAsync(response, null);
        await submissions.GetStatesAsync();
        await vacation.SetAsync(response with { Subject = "back" }, null);
        await watcher.NextAsync();
        Assert.Equal(0, watcher.Left);
        GC.KeepAlive(watcher);
    }

    private sealed class Watcher : IMailboxObserver
    {
        private readonly Channel<AccountId> told = Channel.CreateUnbounded<AccountId>();

        public int Left => told.Reader.Count;

        public Task ChangedAsync(AccountId account, long modSeq) => Task.CompletedTask;

        public Task MovesAsync(AccountId account) => Task.CompletedTask;

        public async Task OthersChangedAsync(AccountId account) => await told.Writer.WriteAsync(account);

        public async Task NextAsync() => Assert.Equal(Account, await told.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
    }
}
