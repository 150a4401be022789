using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Tests.Journaled;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using OtpNet;

namespace MailCloud.Mailboxes.Tests.Directory;

/// <summary>An account's second factor: when it counts, that a code passes once whatever dies, and how many may be guessed.</summary>
public sealed class TotpTests
{
    private const string Bob = "bob@example.test";

    private static readonly TimeSpan Step = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider time = new(new(2026, 11, 27, 12, 30, 0, TimeSpan.Zero));

    [Fact]
    public async Task It_counts_once_it_is_confirmed_and_until_it_is_removed()
    {
        await using var silo = await StartAsync();
        var factor = FactorOf(silo);
        Assert.Equal(TotpAnswer.NoSecret, await factor.ConfirmAsync("123456", []));
        await factor.BeginAsync();
        var secret = await factor.BeginAsync();
        Assert.Equal(20, secret!.Octets.Length);
        Assert.Equal(new(true, null, 0), await factor.GetAsync());
        Assert.Equal(TotpAnswer.NoSecret, await UseAsync(factor, CodeOf(secret)));
        Assert.Equal(TotpAnswer.Wrong, await factor.ConfirmAsync("x", ["one"]));
        Assert.False(await HasSecondFactorAsync(silo));

        Assert.Equal(TotpAnswer.Right, await factor.ConfirmAsync(CodeOf(secret), ["one", "two"]));
        await silo.ForgetAsync();
        Assert.True(await HasSecondFactorAsync(silo));
        Assert.Equal(new(false, time.GetUtcNow(), 2), await factor.GetAsync());
        Assert.Null(await factor.BeginAsync());

        // A new password, and a new quota, leave it as it is.
        await AddressOf(silo).PutAsync((await AddressOf(silo).GetAsync())! with { QuotaBytes = 5, HasSecondFactor = false });
        Assert.True(await HasSecondFactorAsync(silo));

        await factor.RemoveAsync();
        await factor.RemoveAsync();
        Assert.False(await HasSecondFactorAsync(silo));
        time.Advance(Step);
        Assert.Equal(TotpAnswer.NoSecret, await UseAsync(factor, CodeOf(secret)));
        Assert.NotEqual(secret.Octets.ToArray(), (await factor.BeginAsync())!.Octets.ToArray());
    }

    [Fact]
    public async Task A_code_passes_once_within_a_step_of_its_time()
    {
        await using var silo = await StartAsync();
        var (factor, secret) = await ConfirmedAsync(silo);

        // That by which it was confirmed is used; that of the next step is early, and good.
        Assert.Equal(TotpAnswer.Wrong, await UseAsync(factor, CodeOf(secret)));
        var attempt = Guid.NewGuid();
        Assert.Equal(TotpAnswer.Right, await factor.UseAsync(attempt, CodeOf(secret, Step), null));
        Assert.Equal(TotpAnswer.Right, await factor.UseAsync(attempt, CodeOf(secret, Step), null));
        Assert.Equal(TotpAnswer.Wrong, await UseAsync(factor, CodeOf(secret, Step)));
        await silo.ForgetAsync();
        Assert.Equal(TotpAnswer.Wrong, await UseAsync(factor, CodeOf(secret, Step)));
        Assert.Equal(TotpAnswer.Wrong, await UseAsync(factor, CodeOf(secret, 2 * Step)));

        time.Advance(4 * Step);
        Assert.Equal(TotpAnswer.Wrong, await UseAsync(factor, CodeOf(secret, -2 * Step)));
        Assert.Equal(TotpAnswer.Right, await UseAsync(factor, CodeOf(secret, -Step)));
        Assert.Equal(TotpAnswer.Right, await UseAsync(factor, CodeOf(secret)));
        Assert.Equal(TotpAnswer.Wrong, await UseAsync(factor, CodeOf(secret, -Step)));
    }

    [Fact]
    public async Task A_recovery_code_passes_once()
    {
        await using var silo = await StartAsync();
        var (factor, secret) = await ConfirmedAsync(silo);
        Assert.Equal(TotpAnswer.Right, await UseAsync(factor, "abcd", "one"));
        await silo.ForgetAsync();
        Assert.Equal(TotpAnswer.Wrong, await UseAsync(factor, "abcd", "one"));
        Assert.Equal(TotpAnswer.Wrong, await UseAsync(factor, "abcd", "other"));
        Assert.Equal(1, (await factor.GetAsync()).RecoveryCodes);

        // Confirmed again there are others in their place, and it is the secret that there was.
        var confirmedAt = (await factor.GetAsync()).ConfirmedAt;
        time.Advance(Step);
        Assert.Equal(TotpAnswer.Wrong, await factor.ConfirmAsync(CodeOf(secret, -Step), ["three"]));
        Assert.Equal(TotpAnswer.Right, await factor.ConfirmAsync(CodeOf(secret), ["three", "four"]));
        Assert.Equal(TotpAnswer.Wrong, await UseAsync(factor, "abcd", "two"));
        Assert.Equal(TotpAnswer.Right, await UseAsync(factor, "abcd", "three"));
        Assert.Equal(new(false, confirmedAt, 1), await factor.GetAsync());
    }

    [Fact]
    public async Task Ten_wrong_codes_are_looked_at_and_one_more_each_five_minutes_and_the_owner_has_recovery_codes()
    {
        await using var silo = await StartAsync();
        var (factor, secret) = await ConfirmedAsync(silo);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(TotpAnswer.Wrong, await UseAsync(factor, "x"));
        }

        time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
        Assert.Equal(TotpAnswer.TooMany, await UseAsync(factor, CodeOf(secret)));
        Assert.Equal(TotpAnswer.Right, await UseAsync(factor, "abcd", "one"));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TotpAnswer.Wrong, await UseAsync(factor, "x"));
        Assert.Equal(TotpAnswer.TooMany, await UseAsync(factor, CodeOf(secret)));
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(TotpAnswer.Right, await UseAsync(factor, CodeOf(secret)));
    }

    /// <summary>A fault is what an activation meets whose journal another one has written to, or that dies before it hears what became of its append.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Of_two_who_use_a_code_at_once_one_passes_whatever_fails(int seed)
    {
        FaultyJournal journal = null!;
        await using var silo = await StartAsync(inner => journal = new FaultyJournal(inner, seed, "totp/"));
        var (factor, secret) = await ConfirmedAsync(silo);
        journal.Failing = true;
        for (var round = 0; round < 20; round++)
        {
            time.Advance(TimeSpan.FromMinutes(10));
            var code = CodeOf(secret);
            var answers = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => UseUntilAnsweredAsync(factor, code)));
            Assert.Equal([TotpAnswer.Right, TotpAnswer.Wrong], answers.Order());
        }

        Assert.True(journal.Faults > 0);
    }

    [Fact]
    public async Task Of_two_activations_one_takes_a_code()
    {
        await using var silo = await StartAsync();
        var (factor, secret) = await ConfirmedAsync(silo);

        // A silo that knows nothing of the first, on its journals.
        await using var apart = await TestSilo.StartAsync(_ => new FaultyJournal(silo.Services.GetRequiredService<IJournal>(), 1, "totp/"), time: time);
        var other = FactorOf(apart);
        Assert.Equal(2, (await other.GetAsync()).RecoveryCodes);

        time.Advance(Step);
        Assert.Equal(TotpAnswer.Right, await UseAsync(factor, CodeOf(secret)));
        await Assert.ThrowsAnyAsync<Exception>(() => UseAsync(other, CodeOf(secret)));
        Assert.Equal(TotpAnswer.Wrong, await UseUntilAnsweredAsync(other, CodeOf(secret)));
        for (var round = 0; round < 5; round++)
        {
            time.Advance(TimeSpan.FromMinutes(10));
            var code = CodeOf(secret);
            var answers = await Task.WhenAll(UseUntilAnsweredAsync(factor, code), UseUntilAnsweredAsync(other, code));
            Assert.Equal([TotpAnswer.Right, TotpAnswer.Wrong], answers.Order());
        }
    }

    [Fact]
    public async Task It_goes_with_its_account()
    {
        await using var silo = await StartAsync();
        var (factor, _) = await ConfirmedAsync(silo);
        var goneAt = await AddressOf(silo).DeleteAsync();
        time.Advance(goneAt!.Value - time.GetUtcNow());

        // The silo's own timer may have been first.
        await silo.Grains.GetGrain<IUpkeepGrain>(0).SweepAsync(null, default).ToListAsync();
        Assert.Equal(PurgeResult.NotDeleted, await AddressOf(silo).PurgeAsync());
        Assert.Null(await factor.BeginAsync());
        await PutAsync(silo);
        Assert.False(await HasSecondFactorAsync(silo));
        Assert.Equal(new(false, null, 0), await factor.GetAsync());
    }

    // As an edge does: again with the same id, until there is an answer.
    private static async Task<TotpAnswer> UseUntilAnsweredAsync(ITotpGrain factor, string code)
    {
        var attempt = Guid.NewGuid();
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await factor.UseAsync(attempt, code, null);
            }
            catch (Exception) when (tries < 100)
            {
                // Whether the code was used is not known.
            }
        }
    }

    private static Task<TotpAnswer> UseAsync(ITotpGrain factor, string code, string? recoveryDigest = null) => factor.UseAsync(Guid.NewGuid(), code, recoveryDigest);

    private string CodeOf(TotpSecret secret, TimeSpan from = default) => new Totp(secret.Octets.ToArray()).ComputeTotp((time.GetUtcNow() + from).UtcDateTime);

    private async Task<(ITotpGrain Factor, TotpSecret Secret)> ConfirmedAsync(TestSilo silo)
    {
        var factor = FactorOf(silo);
        var secret = await factor.BeginAsync();
        Assert.Equal(TotpAnswer.Right, await factor.ConfirmAsync(CodeOf(secret!), ["one", "two"]));
        return (factor, secret!);
    }

    private async Task<TestSilo> StartAsync(Func<IJournal, IJournal>? wrap = null)
    {
        var silo = await TestSilo.StartAsync(wrap, time: time);
        await silo.Grains.GetGrain<ITenantGrain>("demo").CreateAsync();
        await silo.Grains.GetGrain<ITenantGrain>("demo").AddDomainAsync("example.test");
        await PutAsync(silo);
        return silo;
    }

    private static Task<PutAddressResult> PutAsync(TestSilo silo) => AddressOf(silo).PutAsync(new() { Address = new("bob", "example.test"), Tenant = new("demo"), Kind = AddressKind.Account });

    private static async Task<bool> HasSecondFactorAsync(TestSilo silo) => (await AddressOf(silo).GetAsync())!.HasSecondFactor;

    private static IAddressGrain AddressOf(TestSilo silo) => silo.Grains.GetGrain<IAddressGrain>(Bob);

    private static ITotpGrain FactorOf(TestSilo silo) => silo.Grains.GetGrain<ITotpGrain>(Bob);
}
