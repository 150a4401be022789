using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Tests.Journaled;
using MailCloud.Messages;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Directory;

/// <summary>What a tenant may have: limits hold whoever comes at the same time and whatever dies in between, and no count drifts.</summary>
public sealed class TenantLimitTests
{
    private static readonly TenantId Demo = new("demo");

    [Fact]
    public async Task Of_accounts_that_are_made_at_the_same_time_as_many_are_made_as_there_may_be()
    {
        await using var silo = await StartAsync(new() { Accounts = 7 });
        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => PutAsync(silo, Record($"user{i}"))));
        Assert.Equal(7, results.Count(r => r == PutAddressResult.Created));
        Assert.Equal(13, results.Count(r => r == PutAddressResult.TooManyAccounts));
        await silo.ForgetAsync();

        Assert.Equal(new TenantUsage(7, 0), await UsageAsync(silo));
        Assert.Equal(7, await CountAsync(silo, 20));
        Assert.Equal(PutAddressResult.TooManyAccounts, await PutAsync(silo, Record("one-more")));
        Assert.True(await Tenant(silo).SetLimitsAsync(new() { Accounts = 8 }));
        Assert.Equal(PutAddressResult.Created, await PutAsync(silo, Record("one-more")));
    }

    [Fact]
    public async Task What_is_put_again_counts_once_and_what_is_no_account_any_more_not_at_all()
    {
        await using var silo = await StartAsync(new() { Accounts = 2 });
        await PutAsync(silo, Record("a"));
        await PutAsync(silo, Record("a") with { Verifier = "new" });
        await PutAsync(silo, Record("b"));
        Assert.Equal(PutAddressResult.TooManyAccounts, await PutAsync(silo, Record("c")));
        Assert.Equal(PutAddressResult.Created, await PutAsync(silo, Alias("info", "a")));

        Assert.Equal(PutAddressResult.Updated, await PutAsync(silo, Alias("a", "b")));
        Assert.Equal(PutAddressResult.Created, await PutAsync(silo, Record("c")));
        Assert.Equal(PutAddressResult.TooManyAccounts, await PutAsync(silo, Record("a")));
        Assert.Equal(new TenantUsage(2, 0), await UsageAsync(silo));
    }

    [Fact]
    public async Task Quotas_come_to_no_more_than_the_storage_and_each_account_has_one()
    {
        await using var silo = await StartAsync(new() { StorageBytes = 10_000, AccountBytes = 4000 });
        Assert.Equal(PutAddressResult.Created, await PutAsync(silo, Record("a")));
        Assert.Equal(4000, (await Address(silo, "a").GetAsync())!.QuotaBytes);
        Assert.Equal(PutAddressResult.Created, await PutAsync(silo, Record("b") with { QuotaBytes = 6000 }));
        Assert.Equal(PutAddressResult.TooMuchStorage, await PutAsync(silo, Record("c")));
        Assert.Null(await Address(silo, "c").GetAsync());
        Assert.Equal(PutAddressResult.QuotaNeeded, await PutAsync(silo, Record("a")));

        Assert.Equal(PutAddressResult.Updated, await PutAsync(silo, Record("b") with { QuotaBytes = 1000 }));
        Assert.Equal(PutAddressResult.Created, await PutAsync(silo, Record("c")));
        Assert.Equal(new TenantUsage(3, 9000), await UsageAsync(silo));

        // A limit that is lowered takes nothing away, and giving back is always possible.
        await Tenant(silo).SetLimitsAsync(new() { StorageBytes = 5000, Accounts = 1 });
        Assert.Equal(PutAddressResult.Updated, await PutAsync(silo, Record("c") with { QuotaBytes = 3000 }));
        Assert.Equal(PutAddressResult.TooMuchStorage, await PutAsync(silo, Record("c") with { QuotaBytes = 3001 }));
    }

    [Fact]
    public async Task Without_a_limit_of_storage_no_quota_is_needed_and_all_is_counted()
    {
        await using var silo = await StartAsync(TenantLimits.None);
        await PutAsync(silo, Record("a"));
        await PutAsync(silo, Record("b") with { QuotaBytes = 500 });
        Assert.Equal(new TenantUsage(2, 500), await UsageAsync(silo));
    }

    [Fact]
    public async Task A_tenant_has_so_many_domains_and_may_finish_those_it_has()
    {
        await using var silo = await StartAsync(new() { Domains = 2 });
        Assert.Equal(HostDomainResult.Hosted, await Tenant(silo).HostDomainAsync("second.test"));
        Assert.Equal(HostDomainResult.TooMany, await Tenant(silo).HostDomainAsync("third.test"));
        Assert.Equal(HostDomainResult.Hosted, await Tenant(silo).HostDomainAsync("second.test"));
        Assert.Null(await silo.Grains.GetGrain<IDomainGrain>("third.test").GetTenantAsync());
        Assert.Equal(HostDomainResult.NoSuchTenant, await silo.Grains.GetGrain<ITenantGrain>("nobody").HostDomainAsync("third.test"));
        await silo.ForgetAsync();
        Assert.Equal(2, (await Tenant(silo).GetAsync())!.Limits.Domains);
    }

    [Fact]
    public async Task A_claim_of_a_process_that_died_takes_room_until_its_address_is_asked()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var silo = await StartAsync(new() { Accounts = 2 }, time);
        var usage = silo.Grains.GetGrain<ITenantUsageGrain>("demo");
        await PutAsync(silo, Record("a"));
        var limits = new TenantLimits { Accounts = 2 };
        var (dead, next) = (Guid.NewGuid(), Guid.NewGuid());
        Assert.Equal(ClaimResult.Granted, await usage.ClaimAsync(new(dead, "b@example.test", 1, 0), limits));
        Assert.Equal(ClaimResult.Granted, await usage.ClaimAsync(new(dead, "b@example.test", 1, 0), limits));
        Assert.Equal(PutAddressResult.TooManyAccounts, await PutAsync(silo, Record("c")));

        // The address itself comes again at once.
        Assert.Equal(PutAddressResult.Created, await PutAsync(silo, Record("b")));
        Assert.Equal(new TenantUsage(2, 0), await UsageAsync(silo));

        await Tenant(silo).SetLimitsAsync(new() { Accounts = 3 });
        await usage.ClaimAsync(new(next, "d@example.test", 1, 0), new() { Accounts = 3 });
        Assert.Equal(PutAddressResult.TooManyAccounts, await PutAsync(silo, Record("c")));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(PutAddressResult.Created, await PutAsync(silo, Record("c")));
        Assert.Null(await Address(silo, "d").GetAsync());
        Assert.Equal(new TenantUsage(3, 0), await UsageAsync(silo));
    }

    [Fact]
    public async Task A_claim_that_was_applied_and_not_settled_is_counted_and_one_said_to_be_abandoned_is_never_applied()
    {
        await using var silo = await StartAsync(TenantLimits.None);
        await PutAsync(silo, Record("a"));
        Assert.Equal(ClaimState.Abandoned, await Address(silo, "a").ResolveClaimAsync(Guid.NewGuid()));
        Assert.Equal(ClaimState.Abandoned, await Address(silo, "nobody").ResolveClaimAsync(Guid.NewGuid()));
        await silo.ForgetAsync();

        Assert.Equal("old", (await Address(silo, "a").GetAsync())!.Verifier);
        Assert.Null(await Address(silo, "nobody").GetAsync());
        Assert.Equal(PutAddressResult.Created, await PutAsync(silo, Record("nobody")));
    }

    [Theory]
    [InlineData("address/")]
    [InlineData("usage/")]
    [InlineData("")]
    public async Task A_journal_that_fails_half_of_its_writes_makes_no_count_wrong(string kind)
    {
        const int Most = 12;
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        FaultyJournal faulty = null!;
        await using var silo = await StartAsync(new() { Accounts = Most, AccountBytes = 100 }, time, journal => faulty = new FaultyJournal(journal, seed: 6409, kind));
        faulty.Failing = true;
        await Parallel.ForEachAsync(Enumerable.Range(0, 20), async (i, _) =>
        {
            await UntilAnsweredAsync(() => PutAsync(silo, Record($"user{i}")));
            await UntilAnsweredAsync(() => PutAsync(silo, Record($"user{i}") with { QuotaBytes = 200 + i }));
        });
        faulty.Failing = false;
        Assert.True(faulty.Faults > 5, $"only {faulty.Faults} faults happened");

        // What failed on its way takes room for a minute. Then as many are made as there may be.
        time.Advance(TimeSpan.FromMinutes(1));
        for (var i = 0; i < 20; i++)
        {
            await UntilAnsweredAsync(() => PutAsync(silo, Record($"user{i}") with { QuotaBytes = 200 + i }));
        }

        await silo.ForgetAsync();
        var records = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Address(silo, $"user{i}").GetAsync()));
        Assert.Equal(Most, records.Count(r => r is not null));
        Assert.Equal(new TenantUsage(Most, records.Sum(r => r?.QuotaBytes ?? 0)), await UsageAsync(silo));
    }

    private static async Task<TestSilo> StartAsync(TenantLimits limits, TimeProvider? time = null, Func<Journal.IJournal, Journal.IJournal>? wrapJournal = null)
    {
        var silo = await TestSilo.StartAsync(wrapJournal, time: time);
        await Tenant(silo).CreateAsync();
        Assert.Equal(HostDomainResult.Hosted, await Tenant(silo).HostDomainAsync("example.test"));
        Assert.True(await Tenant(silo).SetLimitsAsync(limits));
        return silo;
    }

    private static async Task<T> UntilAnsweredAsync<T>(Func<Task<T>> call)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (Exception) when (attempt < 200)
            {
                await Task.Yield();
            }
        }
    }

    private static async Task<int> CountAsync(TestSilo silo, int asked) =>
        (await Task.WhenAll(Enumerable.Range(0, asked).Select(i => Address(silo, $"user{i}").GetAsync()))).Count(record => record is not null);

    private static ITenantGrain Tenant(TestSilo silo) => silo.Grains.GetGrain<ITenantGrain>("demo");

    private static Task<TenantUsage> UsageAsync(TestSilo silo) => silo.Grains.GetGrain<ITenantUsageGrain>("demo").GetAsync();

    private static IAddressGrain Address(TestSilo silo, string user) => silo.Grains.GetGrain<IAddressGrain>($"{user}@example.test");

    private static Task<PutAddressResult> PutAsync(TestSilo silo, AddressRecord record) => silo.Grains.GetGrain<IAddressGrain>(record.Address.Key).PutAsync(record);

    private static AddressRecord Record(string user) => new() { Address = new(user, "example.test"), Tenant = Demo, Kind = AddressKind.Account, Verifier = "old" };

    private static AddressRecord Alias(string user, string target) => Record(user) with { Kind = AddressKind.Alias, Targets = [new(target, "example.test")] };
}
