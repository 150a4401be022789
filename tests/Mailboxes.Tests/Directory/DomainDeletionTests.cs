using MailCloud.Blobs;
using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Tests.Journaled;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Directory;

/// <summary>A domain or a tenant that is deleted is away at once, can be brought back for a time, and then leaves nothing.</summary>
public sealed class DomainDeletionTests
{
    private static readonly TimeSpan Kept = new MailboxesOptions().DeletedFor;
    private static readonly TenantId Demo = new("demo");

    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);

    [Fact]
    public async Task Until_its_time_is_over_a_deleted_domain_comes_back_with_all_that_it_has()
    {
        await using var silo = await StartAsync();
        await HostAsync(silo, "demo", "gone.test");
        var domain = Domain(silo, "gone.test");
        await domain.RouteAsync(new() { AliasOf = "example.test" });
        await silo.Grains.GetGrain<IDkimGrain>("gone.test").AddAsync(DkimAlgorithm.Ed25519, "one");
        var bob = await AddAsync(silo, "bob@gone.test");

        var until = await Deletion(silo, "gone.test").DeleteAsync();
        Assert.Equal(time.GetUtcNow() + Kept, until);
        Assert.Null(await domain.FindAsync());
        Assert.Null(await domain.GetTenantAsync());
        Assert.False(await domain.HostAsync(Demo));
        Assert.Equal(RouteDomainResult.NotHosted, await domain.RouteAsync(DomainRoute.None));
        Assert.Equal(HostDomainResult.Deleted, await Tenant(silo, "demo").HostDomainAsync("gone.test"));
        Assert.Equal(PutAddressResult.NotHosted, await silo.Grains.GetGrain<IAddressGrain>("new@gone.test").PutAsync(Record("new@gone.test")));
        await Tenant(silo, "other").CreateAsync();
        Assert.Equal(HostDomainResult.Taken, await Tenant(silo, "other").HostDomainAsync("gone.test"));
        Assert.Equal(new StandingChange(Demo, null, null, EndsSessions: true) { Domain = "gone.test" }, await LastToldAsync(silo));

        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(until, await Deletion(silo, "gone.test").DeleteAsync());
        Assert.Empty(await SweepAsync(silo));
        Assert.Equal(PurgeResult.NotYet, await Deletion(silo, "gone.test").ForgetAsync());
        Assert.Equal(PurgeResult.NotYet, await silo.Grains.GetGrain<IAddressDeletionGrain>("bob@gone.test").PurgeWithDomainAsync());
        Assert.False(await silo.Grains.GetGrain<ITenantDeletionGrain>("demo").RemoveDomainAsync("gone.test"));
        await silo.ForgetAsync();

        Assert.True(await Deletion(silo, "gone.test").RestoreAsync());
        Assert.False(await Deletion(silo, "gone.test").RestoreAsync());
        Assert.Equal(new DomainInfo(Demo, new() { AliasOf = "example.test" }), await domain.FindAsync());
        Assert.Equal(bob, (await silo.Grains.GetGrain<IAddressGrain>("bob@gone.test").GetAsync())!.Account);
        Assert.Single(await silo.Grains.GetGrain<IDkimGrain>("gone.test").GetAsync());
        Assert.Equal(new StandingChange(Demo, null, null, EndsSessions: false) { Domain = "gone.test" }, await LastToldAsync(silo));
        time.Advance(Kept);
        Assert.Empty(await SweepAsync(silo));
        Assert.NotNull(await domain.FindAsync());
    }

    [Fact]
    public async Task When_its_time_is_over_nothing_is_left_of_a_domain_and_its_name_is_free()
    {
        await using var silo = await StartAsync();
        var stored = await StoredAsync(silo);
        await FillAsync(silo, "demo", "gone.test");
        Assert.NotEqual(stored, await StoredAsync(silo));

        await Deletion(silo, "gone.test").DeleteAsync();
        time.Advance(Kept);
        Assert.False(await Deletion(silo, "gone.test").RestoreAsync());
        await SweepUntilGoneAsync(silo, async () => await Deletion(silo, "gone.test").FindDeletedAsync() is null);

        Assert.Equal(stored, await StoredAsync(silo));
        Assert.Equal(["example.test"], (await Tenant(silo, "demo").GetAsync())!.Domains);
        Assert.Equal(new TenantUsage(0, 0), await silo.Grains.GetGrain<ITenantUsageGrain>("demo").GetAsync());
        await Tenant(silo, "other").CreateAsync();
        Assert.Equal(HostDomainResult.Hosted, await Tenant(silo, "other").HostDomainAsync("gone.test"));
        Assert.Empty(await silo.Grains.GetGrain<IDkimGrain>("gone.test").GetAsync());
        Assert.Null(await silo.Grains.GetGrain<IAddressGrain>("user0@gone.test").GetAsync());
    }

    [Fact]
    public async Task A_purge_that_is_broken_off_anywhere_is_finished_by_the_next()
    {
        FaultyJournal faulty = null!;
        await using var silo = await StartAsync(journal => faulty = new FaultyJournal(journal, seed: 7489, kind: ""));
        var stored = await StoredAsync(silo);
        await silo.Grains.GetGrain<ITenantGrain>("late").CreateAsync();
        await FillAsync(silo, "late", "gone.test");
        await FillAsync(silo, "demo", "gone-too.test");
        await silo.Grains.GetGrain<ITenantDeletionGrain>("late").DeleteAsync();
        await Deletion(silo, "gone-too.test").DeleteAsync();

        // Before the clock is advanced: the silo's own timer sweeps then.
        faulty.Failing = true;
        time.Advance(Kept);
        for (var i = 0; i < 5; i++)
        {
            // One that finds its turn in doubt breaks off too.
            await Xunit.Record.ExceptionAsync(() => SweepAsync(silo));
        }

        Assert.True(faulty.Faults > 0);
        faulty.Failing = false;
        await SweepUntilGoneAsync(silo, async () => await StoredAsync(silo) == stored);
        Assert.Null(await silo.Grains.GetGrain<ITenantDeletionGrain>("late").FindDeletedAsync());
        Assert.Equal(["example.test"], (await Tenant(silo, "demo").GetAsync())!.Domains);
    }

    [Fact]
    public async Task A_deleted_tenant_does_nothing_and_comes_back_as_it_was()
    {
        await using var silo = await StartAsync();
        await HostAsync(silo, "demo", "earlier.test");
        await Deletion(silo, "earlier.test").DeleteAsync();
        await Tenant(silo, "demo").SetLimitsAsync(new() { Accounts = 7 });
        var deletion = silo.Grains.GetGrain<ITenantDeletionGrain>("demo");

        var until = await deletion.DeleteAsync();
        Assert.Equal(time.GetUtcNow() + Kept, until);
        Assert.Equal(new StandingChange(Demo, null, null, EndsSessions: true), await LastToldAsync(silo));
        Assert.Null(await Tenant(silo, "demo").GetAsync());
        Assert.Equal(AccountState.Suspended, (await Tenant(silo, "demo").GetTermsAsync()).State);
        Assert.False(await Tenant(silo, "demo").SetStateAsync(AccountState.Active));
        Assert.False(await Tenant(silo, "demo").SetLimitsAsync(TenantLimits.None));
        Assert.Equal(HostDomainResult.NoSuchTenant, await Tenant(silo, "demo").HostDomainAsync("new.test"));
        await Tenant(silo, "demo").CreateAsync();
        Assert.Null(await Tenant(silo, "demo").GetAsync());
        Assert.Equal(until, await deletion.DeleteAsync());
        Assert.Equal(PurgeResult.NotYet, await deletion.ForgetAsync());
        Assert.False(await Deletion(silo, "example.test").DeleteWithTenantAsync());
        await silo.ForgetAsync();

        Assert.True(await deletion.RestoreAsync());
        Assert.False(await deletion.RestoreAsync());
        Assert.Equal((AccountState.Active, 7), ((await Tenant(silo, "demo").GetAsync())!.State, (await Tenant(silo, "demo").GetAsync())!.Limits.Accounts));
        Assert.NotNull(await Domain(silo, "example.test").FindAsync());
        Assert.Null(await Domain(silo, "earlier.test").FindAsync());
    }

    [Fact]
    public async Task When_its_time_is_over_nothing_is_left_of_a_tenant_nor_of_its_mail_that_waits()
    {
        await using var silo = await StartAsync();
        var stored = await StoredAsync(silo);
        await Tenant(silo, "late").CreateAsync();
        await FillAsync(silo, "late", "one.test");
        await FillAsync(silo, "late", "two.test");
        await Deletion(silo, "two.test").DeleteAsync();
        var listed = new Suppression { Address = "gone@far.test", At = time.GetUtcNow(), Reason = "", ByAdministrator = true };
        await silo.Grains.GetGrain<ISuppressionGrain>(SuppressionList.GrainKey(new("late"), SuppressionList.BucketOf(listed.Address))).AddAsync(listed);
        await silo.Grains.GetGrain<ISendingGrain>("late").HoldAsync(time.GetUtcNow().AddHours(1), 10);
        await silo.Grains.GetGrain<ITenantOidcGrain>("late").SetAsync(new() { Issuer = "https://issuer.test", Audiences = ["mail"] });
        var spool = silo.Grains.GetGrain<ISpoolGrain>(SpoolShards.Of("far.test"));
        await spool.AddAsync([Waiting("late", "a@far.test"), Waiting("late", "b@far.test"), Waiting("demo", "c@far.test")]);

        await silo.Grains.GetGrain<ITenantDeletionGrain>("late").DeleteAsync();
        await SweepAsync(silo);
        Assert.Equal(3, (await spool.GetCountsAsync()).Outbound);
        time.Advance(Kept);
        await SweepUntilGoneAsync(silo, async () => await silo.Grains.GetGrain<ITenantDeletionGrain>("late").FindDeletedAsync() is null);

        Assert.Equal(stored, await StoredAsync(silo));
        Assert.Equal(["c@far.test"], (await spool.GetPageAsync(SpoolFilter.Everything, "", 10)).Select(entry => entry.Recipient.Address.ToString()));
        Assert.Equal(AccountState.Active, (await Tenant(silo, "late").GetTermsAsync()).State);
        await Tenant(silo, "late").CreateAsync();
        Assert.Empty((await Tenant(silo, "late").GetAsync())!.Domains);
        Assert.Equal(HostDomainResult.Hosted, await Tenant(silo, "late").HostDomainAsync("two.test"));
    }

    [Fact]
    public async Task What_does_not_exist_is_not_deleted()
    {
        await using var silo = await StartAsync();
        Assert.Null(await Deletion(silo, "nowhere.test").DeleteAsync());
        Assert.False(await Deletion(silo, "nowhere.test").RestoreAsync());
        Assert.False(await Deletion(silo, "nowhere.test").DeleteWithTenantAsync());
        Assert.Equal(PurgeResult.NotDeleted, await Deletion(silo, "nowhere.test").ForgetAsync());
        Assert.Null(await silo.Grains.GetGrain<ITenantDeletionGrain>("nobody").DeleteAsync());
        Assert.False(await silo.Grains.GetGrain<ITenantDeletionGrain>("nobody").RestoreAsync());
        Assert.Equal(PurgeResult.NotDeleted, await silo.Grains.GetGrain<ITenantDeletionGrain>("nobody").ForgetAsync());
    }

    private static ITenantGrain Tenant(TestSilo silo, string tenant) => silo.Grains.GetGrain<ITenantGrain>(tenant);

    private static IDomainGrain Domain(TestSilo silo, string domain) => silo.Grains.GetGrain<IDomainGrain>(domain);

    private static IDomainDeletionGrain Deletion(TestSilo silo, string domain) => silo.Grains.GetGrain<IDomainDeletionGrain>(domain);

    private static AddressRecord Record(string address, string tenant = "demo") =>
        new() { Address = new(address.Split('@')[0], address.Split('@')[1]), Tenant = new(tenant), Kind = AddressKind.Account, Verifier = "old", QuotaBytes = 10 };

    private static async Task<StandingChange> LastToldAsync(TestSilo silo)
    {
        var news = silo.Grains.GetGrain<IStandingNewsGrain>(0);
        var last = (await news.GetSinceAsync(0)).Last;
        return Assert.Single((await news.GetSinceAsync(last - 1)).Changes!);
    }

    private async Task<TestSilo> StartAsync(Func<IJournal, IJournal>? wrapJournal = null)
    {
        var silo = await TestSilo.StartAsync(wrapJournal, time: time);
        await Tenant(silo, "demo").CreateAsync();
        await HostAsync(silo, "demo", "example.test");
        return silo;
    }

    private static async Task HostAsync(TestSilo silo, string tenant, string domain) => Assert.Equal(HostDomainResult.Hosted, await Tenant(silo, tenant).HostDomainAsync(domain));

    private async Task<AccountId> AddAsync(TestSilo silo, string address, string tenant = "demo")
    {
        var grain = silo.Grains.GetGrain<IAddressGrain>(address);
        Assert.Equal(PutAddressResult.Created, await grain.PutAsync(Record(address, tenant)));
        var account = (await grain.GetAsync())!.Account!.Value;
        await silo.Mailbox(account.Value).FileAsync(Mail.For(account.Value, DeliveryId.New(time.GetUtcNow())));
        return account;
    }

    // Keys, an alias, a deleted address, and more accounts in one bucket of the index than a page holds.
    private async Task FillAsync(TestSilo silo, string tenant, string domain)
    {
        await HostAsync(silo, tenant, domain);
        await silo.Grains.GetGrain<IDkimGrain>(domain).AddAsync(DkimAlgorithm.Ed25519, "one");
        await silo.Grains.GetGrain<IAddressGrain>($"info@{domain}").PutAsync(Record($"info@{domain}", tenant) with { Kind = AddressKind.Alias, Targets = [new("user0", domain)] });
        var bucket = AddressIndex.BucketOf($"user0@{domain}");
        var users = Enumerable.Range(0, int.MaxValue).Select(i => $"user{i}@{domain}").Where(address => AddressIndex.BucketOf(address) == bucket).Take(110);
        foreach (var chunk in users.Chunk(20))
        {
            await Task.WhenAll(chunk.Select(address => AddAsync(silo, address, tenant)));
        }

        await silo.Grains.GetGrain<IAddressGrain>($"user0@{domain}").DeleteAsync();
    }

    private SpoolEntry Waiting(string tenant, string address)
    {
        var remote = new EmailAddress(address.Split('@')[0], address.Split('@')[1]);
        var id = DeliveryId.New(time.GetUtcNow());
        return new()
        {
            Kind = SpoolKind.Outbound,
            DueAt = time.GetUtcNow() + Kept + Kept,
            Message = new()
            {
                Id = id,
                Tenant = new(tenant),
                Body = new(BodyRef.NameFor(new(tenant), id), 1),
                Envelope = new() { Recipients = [new() { Address = remote, Remote = [remote] }] },
                Trace = "",
            },
        };
    }

    private static async Task<List<string>> SweepAsync(TestSilo silo) =>
        [.. (await silo.Grains.GetGrain<IUpkeepGrain>(0).SweepAsync(null, default).ToListAsync()).Where(r => r.Text.Contains("was deleted", StringComparison.Ordinal)).Select(r => r.Subject)];

    // The silo's own timer sweeps too, and what failed last may be on its way out.
    private static async Task SweepUntilGoneAsync(TestSilo silo, Func<Task<bool>> isGone)
    {
        for (var i = 0; i < 20 && !await isGone(); i++)
        {
            await SweepAsync(silo);
        }

        Assert.True(await isGone());
    }

    // All journals but those of lists and counts of everything, and the blobs of states. Bodies are for the sweep, when they are old.
    private static async Task<string> StoredAsync(TestSilo silo)
    {
        var journals = await silo.Services.GetRequiredService<IJournal>().ListAsync("", default).ToListAsync();
        var blobs = await silo.Services.GetRequiredService<IMessageBlobs>().ListAsync("", default).Select(blob => blob.Name).ToListAsync();
        var own = journals.Where(name => name.Split('/')[0] is not ("deletions" or "standing" or "spool" or "upkeep-turns") && name is not "usage/demo");
        return string.Join('\n', own.Concat(blobs).Order(StringComparer.Ordinal));
    }
}
