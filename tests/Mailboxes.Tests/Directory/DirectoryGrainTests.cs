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

    [Fact]
    public async Task A_state_outlasts_reloads_and_other_changes_and_edges_are_told_of_it()
    {
        await using var silo = await TestSilo.StartAsync();
        var bob = await BobAsync(silo);
        var news = silo.Grains.GetGrain<IStandingNewsGrain>(0);
        var edge = new Edge();
        var seen = await news.AttachAsync(silo.Grains.CreateObjectReference<IStandingEdge>(edge));

        Assert.True(await bob.SetStateAsync(AccountState.Suspended));
        Assert.Equal(PutAddressResult.Updated, await bob.PutAsync(Record() with { Verifier = "new" }));
        Assert.True(await bob.ReplaceVerifierAsync("new", "newer"));
        Assert.True(await silo.Grains.GetGrain<ITenantGrain>("demo").SetStateAsync(AccountState.ReceiveOnly));
        await silo.ForgetAsync();

        var record = (await bob.GetAsync())!;
        Assert.Equal((AccountState.Suspended, "newer"), (record.State, record.Verifier));
        Assert.Equal(AccountState.ReceiveOnly, (await silo.Grains.GetGrain<ITenantGrain>("demo").GetTermsAsync()).State);
        Assert.Equal(AccountState.ReceiveOnly, (await silo.Grains.GetGrain<ITenantGrain>("demo").GetAsync())!.State);
        Assert.Equal([seen + 1, seen + 2], edge.Numbers);
        var told = (await news.GetSinceAsync(seen)).Changes!;
        Assert.Equal([new(Demo, "bob@example.test", record.Account, true), new(Demo, null, null, false)], told);
    }

    [Fact]
    public async Task A_domain_leads_to_another_one_of_its_tenant_or_to_one_address_and_edges_are_told()
    {
        await using var silo = await TestSilo.StartAsync();
        await BobAsync(silo);
        await silo.Grains.GetGrain<ITenantGrain>("demo").AddDomainAsync("named.test");
        await silo.Grains.GetGrain<ITenantGrain>("other").CreateAsync();
        await silo.Grains.GetGrain<ITenantGrain>("other").AddDomainAsync("other.test");
        var named = silo.Grains.GetGrain<IDomainGrain>("named.test");
        var alias = new DomainRoute { AliasOf = "example.test" };

        Assert.Equal(RouteDomainResult.Routed, await named.RouteAsync(alias));
        Assert.Equal(RouteDomainResult.NoTarget, await named.RouteAsync(new() { AliasOf = "other.test" }));
        Assert.Equal(RouteDomainResult.NoTarget, await named.RouteAsync(new() { AliasOf = "named.test" }));
        Assert.Equal(RouteDomainResult.NoTarget, await named.RouteAsync(new() { AliasOf = "nowhere.test" }));
        Assert.Equal(RouteDomainResult.NoTarget, await silo.Grains.GetGrain<IDomainGrain>("example.test").RouteAsync(new() { AliasOf = "named.test" }));
        Assert.Equal(RouteDomainResult.NotHosted, await silo.Grains.GetGrain<IDomainGrain>("nowhere.test").RouteAsync(alias));
        await silo.ForgetAsync();

        var info = (await named.FindAsync())!;
        Assert.Equal(new DomainInfo(Demo, alias), info);
        Assert.Equal(
            ["bob+lists@named.test", "bob@named.test", "bob+lists@example.test", "bob@example.test"], info.KeysOf(new("Bob+lists", "named.test")));
        Assert.Equal(RouteDomainResult.Routed, await named.RouteAsync(new() { CatchAll = new("bob", "example.test") }));
        Assert.Equal(["x@named.test"], (await named.FindAsync())!.KeysOf(new("x", "named.test")));
        Assert.Equal(2, (await silo.Grains.GetGrain<IStandingNewsGrain>(0).GetSinceAsync(0)).Changes!.Length);
    }

    [Fact]
    public async Task Who_does_not_exist_has_no_state()
    {
        await using var silo = await TestSilo.StartAsync();
        Assert.False(await silo.Grains.GetGrain<IAddressGrain>("nobody@example.test").SetStateAsync(AccountState.Suspended));
        Assert.False(await silo.Grains.GetGrain<ITenantGrain>("nobody").SetStateAsync(AccountState.Suspended));
        Assert.Equal(0, (await silo.Grains.GetGrain<IStandingNewsGrain>(0).GetSinceAsync(0)).Last);
    }

    [Fact]
    public async Task Edges_are_told_of_what_they_remember_and_of_nothing_else()
    {
        await using var silo = await TestSilo.StartAsync();
        var bob = await BobAsync(silo);
        var news = silo.Grains.GetGrain<IStandingNewsGrain>(0);
        await bob.PutAsync(Record() with { QuotaBytes = 5000, Verifier = "new" });
        Assert.Empty((await news.GetSinceAsync(0)).Changes!);

        await bob.PutAsync(Record() with { SendAs = ["office@example.test"] });
        await bob.PutAsync(Record() with { Kind = AddressKind.Alias, Targets = [new("anna", "example.test")] });
        Assert.Equal([false, true], (await news.GetSinceAsync(0)).Changes!.Select(change => change.EndsSessions));
    }

    [Fact]
    public async Task What_an_edge_has_missed_is_known_up_to_a_bound()
    {
        await using var silo = await TestSilo.StartAsync();
        var news = silo.Grains.GetGrain<IStandingNewsGrain>(0);
        await Task.WhenAll(Enumerable.Range(0, StandingNewsGrain.Kept + 1).Select(i => news.TellAsync(new(Demo, $"a{i}@example.test", null, false))));
        await silo.ForgetAsync();

        Assert.Null((await news.GetSinceAsync(0)).Changes);
        Assert.Equal(StandingNewsGrain.Kept, (await news.GetSinceAsync(1)).Changes!.Length);
        Assert.Single((await news.GetSinceAsync(StandingNewsGrain.Kept)).Changes!);

        // Of another store's numbers.
        Assert.Null((await news.GetSinceAsync(StandingNewsGrain.Kept + 2)).Changes);
    }

    [Fact]
    public async Task An_edge_that_is_told_may_ask_before_it_answers()
    {
        await using var silo = await TestSilo.StartAsync();
        var bob = await BobAsync(silo);
        var tenant = silo.Grains.GetGrain<ITenantGrain>("demo");
        var edge = new Edge { WhenTold = () => Task.WhenAll(bob.GetAsync(), tenant.GetTermsAsync()) };
        await silo.Grains.GetGrain<IStandingNewsGrain>(0).AttachAsync(silo.Grains.CreateObjectReference<IStandingEdge>(edge));

        Assert.True(await bob.SetStateAsync(AccountState.Suspended));
        Assert.True(await tenant.SetStateAsync(AccountState.Suspended));
        Assert.Equal(2, edge.Answered);
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

    private sealed class Edge : IStandingEdge
    {
        public List<long> Numbers { get; } = [];

        public Func<Task> WhenTold { get; init; } = () => Task.CompletedTask;

        public int Answered { get; private set; }

        public async Task ToldAsync(long number)
        {
            Numbers.Add(number);
            await WhenTold();
            Answered++;
        }
    }
}
