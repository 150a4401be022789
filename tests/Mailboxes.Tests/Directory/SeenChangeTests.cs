using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Tests.Directory;

/// <summary>A change of what is not as it was seen is not made: whoever made the other one, whatever it was of.</summary>
public sealed class SeenChangeTests
{
    private static readonly TenantId Demo = new("demo");

    /// <summary>An address of which every member may be different.</summary>
    private static readonly AddressRecord Bob = new() { Address = new("bob", "example.test"), Tenant = Demo, Kind = AddressKind.Account, Verifier = "old", QuotaBytes = 10 };

    [Fact]
    public async Task An_address_is_put_as_it_was_seen_with_its_state_or_not_at_all()
    {
        await using var silo = await StartAsync();
        var bob = silo.Grains.GetGrain<IAddressGrain>("bob@example.test");
        Assert.Equal(PutAddressResult.NotAsSeen, await bob.PutSeenAsync(Bob, Bob, null));
        Assert.Equal(PutAddressResult.Created, await bob.PutSeenAsync(null, Bob, AccountState.ReceiveOnly));
        Assert.Equal(PutAddressResult.NotAsSeen, await bob.PutSeenAsync(null, Bob, null));
        var seen = (await bob.GetAsync())!;
        Assert.Equal(AccountState.ReceiveOnly, seen.State);
        await silo.ForgetAsync();

        Assert.Equal(PutAddressResult.Updated, await bob.PutSeenAsync(seen, seen with { SendAs = ["info@example.test"] }, AccountState.Active));
        Assert.Equal(PutAddressResult.NotAsSeen, await bob.PutSeenAsync(seen, seen, AccountState.Suspended));
        var now = (await bob.GetAsync())!;
        Assert.Equal((AccountState.Active, "info@example.test"), (now.State, Assert.Single(now.SendAs)));
        await bob.DeleteAsync();
        Assert.Equal(PutAddressResult.NotAsSeen, await bob.PutSeenAsync(now, now, null));
        Assert.Equal(PutAddressResult.Deleted, await bob.PutSeenAsync(null, now, null));
    }

    [Fact]
    public void Each_member_of_a_record_counts()
    {
        AddressRecord[] others =
        [
            Bob with { Address = new("bib", "example.test") }, Bob with { Tenant = new("other") }, Bob with { Kind = AddressKind.Alias }, Bob with { Account = new("demo/1") },
            Bob with { Targets = [new("a", "far.test")] }, Bob with { Verifier = "new" }, Bob with { QuotaBytes = 11 }, Bob with { SendAs = ["a@far.test"] },
            Bob with { State = AccountState.Suspended }, Bob with { Group = new() }, Bob with { HasSecondFactor = true },
        ];
        Assert.Equal(StoredMembersOf<AddressRecord>(), others.Length);
        Assert.All(others, other => Assert.False(Bob.IsSameAs(other)));
        Assert.True((Bob with { Targets = [new("a", "far.test")], SendAs = ["b"] }).IsSameAs(Bob with { Targets = [new("a", "far.test")], SendAs = ["b"] }));

        var tenant = new TenantInfo(Demo, ["a.test"]);
        Assert.True(tenant.IsSameAs(new(Demo, ["a.test"])));
        TenantInfo[] tenants = [tenant with { Id = new("other") }, new(Demo, ["b.test"]), tenant with { State = AccountState.Suspended }, tenant with { Limits = new() { Sessions = 1 } }];
        Assert.Equal(StoredMembersOf<TenantInfo>(), tenants.Length);
        Assert.All(tenants, other => Assert.False(tenant.IsSameAs(other)));
    }

    [Fact]
    public async Task A_domain_is_routed_as_it_was_seen_or_not_at_all()
    {
        await using var silo = await StartAsync();
        var domain = silo.Grains.GetGrain<IDomainGrain>("example.test");
        var seen = (await domain.FindAsync())!;
        Assert.Equal(RouteDomainResult.Routed, await domain.RouteSeenAsync(seen, new() { CatchAll = new("a", "example.test") }));
        Assert.Equal(RouteDomainResult.NotAsSeen, await domain.RouteSeenAsync(seen, DomainRoute.None));
        await silo.ForgetAsync();
        var now = (await domain.FindAsync())!;
        Assert.Equal("a", now.Route.CatchAll?.LocalPart);
        Assert.Equal(RouteDomainResult.Routed, await domain.RouteSeenAsync(now, DomainRoute.None));
        Assert.Equal(seen, await domain.FindAsync());
        Assert.Equal(RouteDomainResult.NotHosted, await silo.Grains.GetGrain<IDomainGrain>("nowhere.test").RouteSeenAsync(seen, DomainRoute.None));
    }

    [Fact]
    public async Task A_tenants_terms_are_set_as_it_was_seen_or_not_at_all()
    {
        await using var silo = await StartAsync();
        var tenant = silo.Grains.GetGrain<ITenantGrain>("demo");
        var seen = (await tenant.GetAsync())!;
        Assert.True(await tenant.SetTermsAsync(seen, AccountState.ReceiveOnly, new() { Accounts = 7 }));
        Assert.False(await tenant.SetTermsAsync(seen, AccountState.Active, TenantLimits.None));
        await silo.ForgetAsync();
        var now = (await tenant.GetAsync())!;
        Assert.Equal((AccountState.ReceiveOnly, 7), (now.State, now.Limits.Accounts));
        await tenant.HostDomainAsync("more.test");
        Assert.False(await tenant.SetTermsAsync(now, AccountState.Active, TenantLimits.None));
        Assert.False(await silo.Grains.GetGrain<ITenantGrain>("nobody").SetTermsAsync(now, AccountState.Active, TenantLimits.None));
    }

    private static int StoredMembersOf<T>() => typeof(T).GetProperties().Count(member => Attribute.IsDefined(member, typeof(IdAttribute)));

    private static async Task<TestSilo> StartAsync()
    {
        var silo = await TestSilo.StartAsync();
        await silo.Grains.GetGrain<ITenantGrain>("demo").CreateAsync();
        await silo.Grains.GetGrain<ITenantGrain>("demo").HostDomainAsync("example.test");
        return silo;
    }
}
