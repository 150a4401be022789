using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Directory;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Tests.Directory;

public sealed class DirectoryGrainTests
{
    private static readonly TenantId Demo = new("demo");

    [Fact]
    public async Task A_domain_belongs_to_one_tenant_and_has_a_postmaster()
    {
        await using var silo = await TestSilo.StartAsync();
        await silo.Grains.GetGrain<ITenantGrain>("demo").CreateAsync();
        await silo.Grains.GetGrain<ITenantGrain>("other").CreateAsync();

        Assert.True(await silo.Grains.GetGrain<ITenantGrain>("demo").AddDomainAsync("example.test"));
        Assert.True(await silo.Grains.GetGrain<ITenantGrain>("demo").AddDomainAsync("example.test"));
        Assert.False(await silo.Grains.GetGrain<ITenantGrain>("other").AddDomainAsync("example.test"));
        Assert.False(await silo.Grains.GetGrain<ITenantGrain>("nobody").AddDomainAsync("example.org"));
        await silo.ForgetAsync();

        Assert.Equal(Demo, await silo.Grains.GetGrain<IDomainGrain>("example.test").GetTenantAsync());
        var postmaster = await silo.Grains.GetGrain<IAddressGrain>("postmaster@example.test").GetAsync();
        Assert.NotNull(await silo.Mailbox(postmaster!.Account!.Value.Value).GetQuotaAsync());
        Assert.Equal(["example.test"], (await silo.Grains.GetGrain<ITenantGrain>("demo").GetAsync())!.Domains);
    }

    [Fact]
    public async Task An_account_keeps_its_mailbox_when_it_is_put_again()
    {
        await using var silo = await TestSilo.StartAsync();
        var bob = await BobAsync(silo);
        var first = (await bob.GetAsync())!.Account;

        Assert.Equal(PutAddressResult.Updated, await bob.PutAsync(Record() with { QuotaBytes = 5000 }));
        await silo.ForgetAsync();

        Assert.Equal(first, (await bob.GetAsync())!.Account);
        Assert.Equal(5000, (await silo.Mailbox(first!.Value.Value).GetQuotaAsync())!.Value.LimitBytes);
        Assert.Contains(await silo.Mailbox(first.Value.Value).ListFoldersAsync(), f => f.SpecialUse == "\\Sent");
    }

    [Fact]
    public async Task An_address_of_a_domain_hosted_for_another_tenant_is_not_made()
    {
        await using var silo = await TestSilo.StartAsync();
        var bob = await BobAsync(silo);

        Assert.Equal(PutAddressResult.NotHosted, await bob.PutAsync(Record() with { Tenant = new("other") }));
        Assert.Equal(
            PutAddressResult.NotHosted,
            await silo.Grains.GetGrain<IAddressGrain>("x@nowhere.test").PutAsync(Record() with { Address = new("x", "nowhere.test") }));
    }

    [Fact]
    public async Task A_verifier_is_replaced_only_if_it_is_the_expected_one()
    {
        await using var silo = await TestSilo.StartAsync();
        var bob = await BobAsync(silo);

        Assert.False(await bob.ReplaceVerifierAsync("something else", "new"));
        Assert.True(await bob.ReplaceVerifierAsync("old", "new"));
        await silo.ForgetAsync();
        Assert.Equal("new", (await bob.GetAsync())!.Verifier);
    }

    [Fact]
    public async Task Who_asks_for_names_that_do_not_exist_fills_no_memory()
    {
        await using var silo = await TestSilo.StartAsync();
        var bob = await BobAsync(silo);
        var asked = Enumerable.Range(0, UnknownNames.Kept);
        await Parallel.ForEachAsync(asked, async (i, _) =>
        {
            Assert.Null(await silo.Grains.GetGrain<IAddressGrain>($"nobody{i}@example.test").GetAsync());
            Assert.Null(await silo.Grains.GetGrain<IDomainGrain>($"nowhere{i}.test").GetTenantAsync());
        });

        // An activation ends in its own time.
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (await silo.CountActivationsAsync<AddressGrain>() + await silo.CountActivationsAsync<DomainGrain>() > UnknownNames.Kept + 10)
        {
            limit.Token.ThrowIfCancellationRequested();
        }

        Assert.NotNull(await bob.GetAsync());
    }

    [Fact]
    public async Task A_name_that_was_asked_for_before_it_was_made_is_there()
    {
        await using var silo = await TestSilo.StartAsync();
        var address = silo.Grains.GetGrain<IAddressGrain>("bob@example.test");
        Assert.Null(await address.GetAsync());
        await BobAsync(silo);
        await Parallel.ForEachAsync(Enumerable.Range(0, UnknownNames.Kept + 1), async (i, _) => await silo.Grains.GetGrain<IDomainGrain>($"nowhere{i}.test").GetTenantAsync());
        Assert.Equal("bob@example.test", (await address.GetAsync())!.Address.Key);
    }

    [Fact]
    public async Task Addresses_are_listed_by_bucket_in_order_and_once()
    {
        await using var silo = await TestSilo.StartAsync();
        await (await BobAsync(silo)).PutAsync(Record());
        var index = silo.Grains.GetGrain<IAddressIndexGrain>(AddressIndex.GrainKey("example.test", AddressIndex.BucketOf("bob@example.test")));
        await index.AddAsync("anna@example.test");
        await silo.ForgetAsync();

        Assert.Equal(["anna@example.test", "bob@example.test"], await index.GetPageAsync("", 10));
        Assert.Equal(["bob@example.test"], await index.GetPageAsync("anna@example.test", 10));
    }

    private static AddressRecord Record() => new() { Address = new("bob", "example.test"), Tenant = Demo, Kind = AddressKind.Account, Verifier = "old" };

    private static async Task<IAddressGrain> BobAsync(TestSilo silo)
    {
        await silo.Grains.GetGrain<ITenantGrain>("demo").CreateAsync();
        await silo.Grains.GetGrain<ITenantGrain>("demo").AddDomainAsync("example.test");
        var bob = silo.Grains.GetGrain<IAddressGrain>("bob@example.test");
        Assert.Equal(PutAddressResult.Created, await bob.PutAsync(Record()));
        return bob;
    }
}
