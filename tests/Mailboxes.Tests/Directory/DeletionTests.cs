using MailCloud.Blobs;
using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Tests.Journaled;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Directory;

/// <summary>What is deleted is away at once, can be brought back for a time, and then leaves nothing.</summary>
public sealed class DeletionTests
{
    private static readonly TimeSpan Kept = new MailboxesOptions().DeletedFor;

    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);

    [Fact]
    public async Task Until_its_time_is_over_a_deleted_account_comes_back_with_its_mail()
    {
        await using var silo = await StartAsync();
        var bob = silo.Grains.GetGrain<IAddressGrain>("bob@example.test");
        var before = (await bob.GetAsync())!;
        await silo.Mailbox(before.Account!.Value.Value).FileAsync(Mail.For(before.Account.Value.Value, DeliveryId.New(time.GetUtcNow())));

        var until = await bob.DeleteAsync();
        Assert.Equal(time.GetUtcNow() + Kept, until);
        Assert.Null(await bob.GetAsync());
        Assert.False(await bob.SetStateAsync(AccountState.Active));
        Assert.False(await bob.ReplaceVerifierAsync("old", "new"));
        Assert.Equal(PutAddressResult.Deleted, await bob.PutAsync(before));
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(until, await bob.DeleteAsync());
        Assert.Empty(await SweepAsync(silo));
        Assert.Equal(PurgeResult.NotYet, await bob.PurgeAsync());
        await silo.ForgetAsync();

        Assert.True(await bob.RestoreAsync());
        Assert.False(await bob.RestoreAsync());
        Assert.Equal((before.Account, before.Verifier), ((await bob.GetAsync())!.Account, (await bob.GetAsync())!.Verifier));
        Assert.Equal(1, (await silo.Mailbox(before.Account.Value.Value).GetStatusAsync("INBOX"))!.Messages);
        time.Advance(Kept);
        Assert.Empty(await SweepAsync(silo));
        Assert.NotNull(await bob.GetAsync());
    }

    [Fact]
    public async Task When_its_time_is_over_nothing_is_left_of_it_and_its_room_is_free()
    {
        await using var silo = await StartAsync();
        var stored = await StoredAsync(silo);
        var (anna, account) = await AddAnnaAsync(silo);
        Assert.NotEqual(stored, await StoredAsync(silo));

        await anna.DeleteAsync();
        time.Advance(Kept);
        Assert.False(await anna.RestoreAsync());

        // The silo's own timer may have been first.
        await SweepAsync(silo);
        Assert.Equal(PurgeResult.NotDeleted, await anna.PurgeAsync());

        Assert.Equal(stored, await StoredAsync(silo));
        Assert.Null(await anna.GetAsync());
        Assert.Null(await silo.Mailbox(account.Value).GetQuotaAsync());
        Assert.Equal(new TenantUsage(1, 0), await silo.Grains.GetGrain<ITenantUsageGrain>("demo").GetAsync());
        Assert.Empty(await SweepAsync(silo));

        // The name is free, and who gets it gets nothing of what was there.
        var (_, next) = await AddAnnaAsync(silo);
        Assert.NotEqual(account, next);
        Assert.Equal(new TenantUsage(2, 500), await silo.Grains.GetGrain<ITenantUsageGrain>("demo").GetAsync());
    }

    [Fact]
    public async Task A_purge_that_is_broken_off_anywhere_is_finished_by_the_next()
    {
        FaultyJournal faulty = null!;
        await using var silo = await StartAsync(journal => faulty = new FaultyJournal(journal, seed: 5233, kind: ""));
        var stored = await StoredAsync(silo);
        var (anna, _) = await AddAnnaAsync(silo);
        await anna.DeleteAsync();

        // Before the clock is advanced: the silo's own timer sweeps then.
        faulty.Failing = true;
        time.Advance(Kept);
        for (var i = 0; i < 5; i++)
        {
            // One that finds its turn in doubt breaks off too.
            await Xunit.Record.ExceptionAsync(() => SweepAsync(silo));
        }

        // What failed last may be on its way out.
        faulty.Failing = false;
        await SweepAsync(silo);
        await SweepAsync(silo);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(new TenantUsage(1, 0), await silo.Grains.GetGrain<ITenantUsageGrain>("demo").GetAsync());
        Assert.Equal(stored, await StoredAsync(silo));
    }

    [Fact]
    public async Task Who_does_not_exist_is_not_deleted()
    {
        await using var silo = await StartAsync();
        var nobody = silo.Grains.GetGrain<IAddressGrain>("nobody@example.test");
        Assert.Null(await nobody.DeleteAsync());
        Assert.False(await nobody.RestoreAsync());
        Assert.Equal(PurgeResult.NotDeleted, await nobody.PurgeAsync());
    }

    private async Task<TestSilo> StartAsync(Func<IJournal, IJournal>? wrapJournal = null)
    {
        var silo = await TestSilo.StartAsync(wrapJournal, time: time);
        await silo.Grains.GetGrain<ITenantGrain>("demo").CreateAsync();
        await silo.Grains.GetGrain<ITenantGrain>("demo").AddDomainAsync("example.test");
        await silo.Grains.GetGrain<IAddressGrain>("bob@example.test").PutAsync(Record("bob"));
        return silo;
    }

    private async Task<(IAddressGrain Anna, AccountId Account)> AddAnnaAsync(TestSilo silo)
    {
        var anna = silo.Grains.GetGrain<IAddressGrain>("anna@example.test");
        Assert.Equal(PutAddressResult.Created, await anna.PutAsync(Record("anna") with { QuotaBytes = 500, Group = GroupSettings.None }));
        var account = (await anna.GetAsync())!.Account!.Value;
        await silo.Mailbox(account.Value).FileAsync(Mail.For(account.Value, DeliveryId.New(time.GetUtcNow())));
        var password = new AppPassword { Id = Guid.NewGuid(), Name = "phone", Scopes = LoginProtocols.Imap, MadeAt = time.GetUtcNow() };
        Assert.Equal(AddAppPasswordResult.Added, await silo.Grains.GetGrain<IAppPasswordsGrain>("anna@example.test").AddAsync(password, "digest"));
        Assert.NotNull(await silo.Grains.GetGrain<ITotpGrain>("anna@example.test").BeginAsync());
        var login = new LoginRow(new(LoginProtocols.Imap, "192.0.2.1", "PLAIN", null, LoginResult.Ok), time.GetUtcNow(), time.GetUtcNow(), 1);
        await silo.Grains.GetGrain<ILoginsGrain>("anna@example.test").AddAsync(Guid.NewGuid(), [login]);
        await silo.Grains.GetGrain<IGroupPageGrain>(GroupPages.GrainKey("anna@example.test", 3)).AddAsync([new("bob", "example.test")]);
        await silo.Grains.GetGrain<ISendingGrain>(account.Value).HoldAsync(time.GetUtcNow().AddHours(1), 10);
        return (anna, account);
    }

    // The addresses that a sweep has removed.
    private static async Task<List<string>> SweepAsync(TestSilo silo) =>
        [.. (await silo.Grains.GetGrain<IUpkeepGrain>(0).SweepAsync(null, default).ToListAsync()).Where(r => r.Subject.Contains('@', StringComparison.Ordinal)).Select(r => r.Subject)];

    // Journals of an address or its account, index entries, and the blobs of states. Lists and counts of all stay.
    private static async Task<string> StoredAsync(TestSilo silo)
    {
        var journals = await silo.Services.GetRequiredService<IJournal>().ListAsync("", default).ToListAsync();
        var blobs = await silo.Services.GetRequiredService<IMessageBlobs>().ListAsync("", default).Select(blob => blob.Name).ToListAsync();
        var listed = await silo.Grains.GetGrain<IAddressIndexGrain>(AddressIndex.GrainKey("example.test", AddressIndex.BucketOf("anna@example.test"))).GetPageAsync("", 10);
        var own = journals.Where(name => name.Split('/')[0] is "address" or "mailbox" or "sending" or "app-passwords" or "totp" or "logins" or "group" or "group-page");
        return string.Join('\n', own.Concat(blobs).Concat(listed).Order(StringComparer.Ordinal));
    }

    private static AddressRecord Record(string user) => new() { Address = new(user, "example.test"), Tenant = new("demo"), Kind = AddressKind.Account, Verifier = "old" };
}
