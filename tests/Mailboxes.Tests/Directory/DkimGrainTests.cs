using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Directory;

public sealed class DkimGrainTests
{
    private static readonly TenantId Demo = new("demo");

    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 27, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task A_key_signs_by_itself_after_two_days_and_its_predecessor_is_retired_and_listed_for_a_week()
    {
        await using var silo = await StartAsync();
        var keys = silo.Grains.GetGrain<IDkimGrain>("example.test");
        Assert.Equal(DkimKeyOutcome.Done, (await keys.AddAsync(DkimAlgorithm.Ed25519, "one")).Outcome);
        Assert.Empty(await keys.GetSigningKeysAsync(Demo));

        time.Advance(TimeSpan.FromDays(2));
        Assert.Equal("one", Assert.Single(await keys.GetSigningKeysAsync(Demo)).Selector);

        await keys.AddAsync(DkimAlgorithm.Ed25519, "two");
        Assert.Equal("one", Assert.Single(await keys.GetSigningKeysAsync(Demo)).Selector);
        time.Advance(TimeSpan.FromDays(2));
        await silo.ForgetAsync();
        Assert.Equal("two", Assert.Single(await keys.GetSigningKeysAsync(Demo)).Selector);
        Assert.Equal(["one Retired", "two Signing"], await StatesAsync(keys));

        time.Advance(TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1));
        Assert.Equal(["one Retired", "two Signing"], await StatesAsync(keys));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["two Signing"], await StatesAsync(keys));

        // The name is free again, and what it named is forgotten.
        Assert.Equal(DkimKeyOutcome.Done, (await keys.AddAsync(DkimAlgorithm.Rsa, "one")).Outcome);
        await silo.ForgetAsync();
        Assert.Equal(["two Signing", "one Published"], await StatesAsync(keys));
    }

    [Fact]
    public async Task A_key_of_each_algorithm_signs()
    {
        await using var silo = await StartAsync();
        var keys = silo.Grains.GetGrain<IDkimGrain>("example.test");
        await keys.AddAsync(DkimAlgorithm.Rsa, "r");
        await keys.AddAsync(DkimAlgorithm.Ed25519, "e");
        await keys.ActivateAsync("r");
        Assert.Equal(DkimKeyState.Signing, (await keys.ActivateAsync("e")).Key!.State);
        await silo.ForgetAsync();
        Assert.Equal(["r", "e"], (await keys.GetSigningKeysAsync(Demo)).Select(key => key.Selector));
        Assert.Empty(await keys.GetSigningKeysAsync(new("other")));
    }

    [Fact]
    public async Task An_older_key_does_not_take_the_place_of_a_newer_one_when_its_time_comes()
    {
        await using var silo = await StartAsync();
        var keys = silo.Grains.GetGrain<IDkimGrain>("example.test");
        await keys.AddAsync(DkimAlgorithm.Ed25519, "old");
        await keys.AddAsync(DkimAlgorithm.Ed25519, "new");
        await keys.ActivateAsync("new");
        Assert.Equal(DkimKeyOutcome.Retired, (await keys.ActivateAsync("old")).Outcome);
        time.Advance(TimeSpan.FromDays(3));
        Assert.Equal("new", Assert.Single(await keys.GetSigningKeysAsync(Demo)).Selector);
    }

    [Fact]
    public async Task What_is_retired_signs_no_more_and_does_not_come_back()
    {
        await using var silo = await StartAsync();
        var keys = silo.Grains.GetGrain<IDkimGrain>("example.test");
        await keys.AddAsync(DkimAlgorithm.Ed25519, "one");
        await keys.ActivateAsync("one");
        var retired = await keys.RetireAsync("one");
        Assert.Equal((DkimKeyState.Retired, time.GetUtcNow().AddDays(7)), (retired.Key!.State, retired.Key.ListedUntil));
        Assert.Empty(await keys.GetSigningKeysAsync(Demo));
        Assert.Equal(DkimKeyOutcome.Retired, (await keys.ActivateAsync("one")).Outcome);
        Assert.Equal(DkimKeyOutcome.SelectorTaken, (await keys.AddAsync(DkimAlgorithm.Ed25519, "one")).Outcome);
        Assert.Equal(DkimKeyOutcome.NoSuchKey, (await keys.RetireAsync("two")).Outcome);
    }

    [Fact]
    public async Task A_repeat_gives_the_key_that_is_there()
    {
        await using var silo = await StartAsync();
        var keys = silo.Grains.GetGrain<IDkimGrain>("example.test");
        var first = await keys.AddAsync(DkimAlgorithm.Ed25519, "one");
        var second = await keys.AddAsync(DkimAlgorithm.Ed25519, "one");
        Assert.Equal(first.Key!.PublicKey.ToArray(), second.Key!.PublicKey.ToArray());
        Assert.Single(await keys.GetAsync());
    }

    [Fact]
    public async Task A_domain_has_a_bound_of_keys_and_one_that_is_not_hosted_none()
    {
        await using var silo = await StartAsync();
        var keys = silo.Grains.GetGrain<IDkimGrain>("example.test");
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(DkimKeyOutcome.Done, (await keys.AddAsync(DkimAlgorithm.Ed25519, $"s{i}")).Outcome);
        }

        Assert.Equal(DkimKeyOutcome.TooMany, (await keys.AddAsync(DkimAlgorithm.Ed25519, "more")).Outcome);
        Assert.Equal(DkimKeyOutcome.NotHosted, (await silo.Grains.GetGrain<IDkimGrain>("nowhere.test").AddAsync(DkimAlgorithm.Rsa, "one")).Outcome);
    }

    [Fact]
    public async Task A_private_key_is_not_in_what_a_record_prints()
    {
        await using var silo = await StartAsync();
        var keys = silo.Grains.GetGrain<IDkimGrain>("example.test");
        await keys.AddAsync(DkimAlgorithm.Ed25519, "one");
        await keys.ActivateAsync("one");
        var key = Assert.Single(await keys.GetSigningKeysAsync(Demo));
        Assert.Equal("one (Ed25519)", key.ToString());
        Assert.NotEqual(0, key.PrivateKey.Length);
    }

    private static async Task<IEnumerable<string>> StatesAsync(IDkimGrain keys) => (await keys.GetAsync()).Select(key => $"{key.Selector} {key.State}");

    private async Task<TestSilo> StartAsync()
    {
        var silo = await TestSilo.StartAsync(time: time);
        await silo.Grains.GetGrain<ITenantGrain>("demo").CreateAsync();
        await silo.Grains.GetGrain<ITenantGrain>("demo").AddDomainAsync("example.test");
        return silo;
    }
}
