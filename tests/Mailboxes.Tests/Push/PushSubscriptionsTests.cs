using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Push;

/// <summary>What is kept of an account's push subscriptions, how accounts that have some are found, and who pushes.</summary>
public sealed class PushSubscriptionsTests
{
    private static readonly AccountId Account = new("demo/0123456789abcdef0123456789abcdef");

    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);

    [Fact]
    public async Task One_is_kept_as_it_was_changed_until_it_is_removed()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var grain = silo.Grains.GetGrain<IPushSubscriptionsGrain>(Account.Value);
        var phone = New("phone");
        Assert.True(await grain.AddAsync(phone));
        Assert.True(await grain.AddAsync(phone));
        Assert.True(await grain.UpdateAsync(new() { Id = phone.Id, IsCodeSent = true }));
        Assert.True(await grain.UpdateAsync(new() { Id = phone.Id, IsVerified = true, Expires = phone.Expires.AddDays(1), ChangesTypes = true, Types = ["Email"] }));
        Assert.False(await grain.UpdateAsync(new() { Id = Guid.NewGuid(), IsVerified = true }));
        await silo.ForgetAsync();

        var kept = Assert.Single(await grain.ListAsync());
        Assert.Equal((true, true, phone.Expires.AddDays(1)), (kept.IsCodeSent, kept.IsVerified, kept.Expires));
        Assert.Equal(["Email"], kept.Types!);
        Assert.Equal([Account], await ShardOf(silo).GetPageAsync(null, 10));

        Assert.True(await grain.RemoveAsync(phone.Id));
        Assert.False(await grain.RemoveAsync(phone.Id));
        await silo.ForgetAsync();
        Assert.Empty(await grain.ListAsync());
        Assert.Empty(await ShardOf(silo).GetPageAsync(null, 10));
    }

    [Fact]
    public async Task There_is_room_for_so_many_and_what_has_run_out_takes_none()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var grain = silo.Grains.GetGrain<IPushSubscriptionsGrain>(Account.Value);
        for (var i = 0; i < PushSubscription.Most; i++)
        {
            Assert.True(await grain.AddAsync(New($"{i}")));
        }

        Assert.False(await grain.AddAsync(New("one more")));
        time.Advance(TimeSpan.FromDays(7));
        Assert.Empty(await grain.ListAsync());
        Assert.True(await grain.AddAsync(New("one more")));
        Assert.Equal("one more", Assert.Single(await grain.ListAsync()).DeviceClientId);
    }

    [Fact]
    public async Task One_process_pushes_at_a_time_and_is_told_of_what_changes()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var (first, second) = (new Pusher(silo), new Pusher(silo));
        Assert.True(await first.LeaseAsync());
        Assert.False(await second.LeaseAsync());
        await silo.Grains.GetGrain<IPushSubscriptionsGrain>(Account.Value).AddAsync(New("phone"));
        Assert.Equal(Account, await first.Touched.Task.WaitAsync(TimeSpan.FromSeconds(10)));

        // One that dies renews no more.
        time.Advance(PushShards.Lease / 2);
        Assert.True(await first.LeaseAsync());
        time.Advance(PushShards.Lease / 2);
        Assert.False(await second.LeaseAsync());
        time.Advance(PushShards.Lease / 2);
        Assert.True(await second.LeaseAsync());
        Assert.False(await first.LeaseAsync());

        // One that stops gives it back.
        await ShardOf(silo).ReleaseAsync(first.Id);
        Assert.False(await first.LeaseAsync());
        await ShardOf(silo).ReleaseAsync(second.Id);
        Assert.True(await first.LeaseAsync());
    }

    [Fact]
    public async Task What_a_pusher_was_not_told_of_comes_with_the_next_renewal()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var pusher = new Pusher(silo);
        var shard = ShardOf(silo);

        // Whoever is new knows nothing, and looks at all.
        var first = await pusher.RenewAsync(default);
        Assert.Null(first.Touched);
        await shard.TouchAsync(Account);
        await shard.TouchAsync(Account);
        var second = await pusher.RenewAsync(first.Seen);
        Assert.Equal([Account], second.Touched!);
        Assert.Empty((await pusher.RenewAsync(second.Seen)).Touched!);

        // Another has the lease, and is told nothing of what this one has heard.
        Assert.Equal((false, null), (await new Pusher(silo).RenewAsync(second.Seen)) is var other ? (other.IsLeased, other.Touched) : default);

        // More than are remembered.
        for (var i = 0; i <= 1000; i++)
        {
            await shard.RemoveAsync(Account);
        }

        Assert.Null((await pusher.RenewAsync(second.Seen)).Touched);

        // The grain is made anew, with a lease for whoever comes first: what was touched while nobody had it is not known.
        await silo.ForgetAsync();
        await ShardOf(silo).TouchAsync(Account);
        var anew = await pusher.RenewAsync(second.Seen);
        Assert.Equal((true, null), (anew.IsLeased, anew.Touched));
    }

    [Fact]
    public async Task Accounts_are_listed_in_pages()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var shard = silo.Grains.GetGrain<IPushShardGrain>(7);
        AccountId[] all = [.. Enumerable.Range(0, 5).Select(i => new AccountId($"demo/{i}"))];
        foreach (var account in all.Reverse())
        {
            await shard.TouchAsync(account);
        }

        Assert.Equal(all[..2], await shard.GetPageAsync(null, 2));
        Assert.Equal(all[2..4], await shard.GetPageAsync(all[1], 2));
        await shard.RemoveAsync(all[3]);
        await silo.ForgetAsync();
        Assert.Equal(all[4..], await shard.GetPageAsync(all[3], 2));
        Assert.Empty(await shard.GetPageAsync(all[4], 2));
    }

    private static IPushShardGrain ShardOf(TestSilo silo) => silo.Grains.GetGrain<IPushShardGrain>(PushShards.Of(Account));

    private PushSubscription New(string device) => new()
    {
        Id = Guid.NewGuid(),
        Account = Account,
        Address = "bob@example.test",
        Credential = "password",
        DeviceClientId = device,
        Url = "https://push.example.org/1",
        Code = "code",
        Expires = time.GetUtcNow().AddDays(7),
    };

    private sealed class Pusher : IPushPusher
    {
        private readonly IPushPusher told;
        private readonly TestSilo silo;

        public Pusher(TestSilo silo) => (this.silo, told) = (silo, silo.Grains.CreateObjectReference<IPushPusher>(this));

        public Guid Id { get; } = Guid.NewGuid();

        public TaskCompletionSource<AccountId> Touched { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task<bool> LeaseAsync() => (await RenewAsync(default)).IsLeased;

        public Task<PushRenewal> RenewAsync(PushSeen seen) => ShardOf(silo).RenewAsync(Id, told, seen);

        public Task TouchedAsync(AccountId account)
        {
            Touched.TrySetResult(account);
            return Task.CompletedTask;
        }
    }
}
