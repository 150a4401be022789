using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Tests.Journaled;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Directory;

/// <summary>An account's login history: what is one row of it, and what it forgets.</summary>
public sealed class LoginsTests
{
    private static readonly LoginKind Phone = new(LoginProtocols.Imap, "192.0.2.1", "PLAIN", "phone", LoginResult.Ok);

    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);

    [Fact]
    public async Task What_differs_in_time_only_is_one_row_of_a_day()
    {
        await using var silo = await StartAsync();
        var bob = LoginsOf(silo, "bob");
        await bob.AddAsync(Guid.NewGuid(), [Row(Phone, 0), Row(Phone with { Result = LoginResult.Wrong }, 1), Row(Phone, 2)]);
        await bob.AddAsync(Guid.NewGuid(), [Row(Phone, 23, 24) with { Count = 5 }]);
        await bob.AddAsync(Guid.NewGuid(), [Row(Phone, 25)]);
        await silo.ForgetAsync();
        Assert.Equal([Row(Phone with { Result = LoginResult.Wrong }, 1), Row(Phone, 0, 24) with { Count = 7 }, Row(Phone, 25)], await bob.ListAsync());
    }

    [Fact]
    public async Task Rows_that_come_late_have_their_place()
    {
        await using var silo = await StartAsync();
        var bob = LoginsOf(silo, "bob");
        await bob.AddAsync(Guid.NewGuid(), [Row(Phone with { Network = "192.0.2.2" }, 5)]);
        await bob.AddAsync(Guid.NewGuid(), [Row(Phone, 3)]);
        await bob.AddAsync(Guid.NewGuid(), [Row(Phone, 1)]);
        Assert.Equal([Row(Phone, 1, 3) with { Count = 2 }, Row(Phone with { Network = "192.0.2.2" }, 5)], await bob.ListAsync());
    }

    [Fact]
    public async Task A_telling_that_is_repeated_counts_once()
    {
        await using var silo = await StartAsync();
        var bob = LoginsOf(silo, "bob");
        var telling = Guid.NewGuid();
        await bob.AddAsync(telling, [Row(Phone, 0)]);
        await silo.ForgetAsync();
        await bob.AddAsync(telling, [Row(Phone, 0)]);
        Assert.Equal([Row(Phone, 0)], await bob.ListAsync());
    }

    [Fact]
    public async Task The_last_hundred_are_kept_and_failures_take_no_logins_away()
    {
        await using var silo = await StartAsync();
        var bob = LoginsOf(silo, "bob");
        await bob.AddAsync(Guid.NewGuid(), [.. Enumerable.Range(0, 3).Select(day => Row(Phone, day * 30))]);
        var guess = Phone with { AppPassword = null, Result = LoginResult.Wrong };
        await bob.AddAsync(Guid.NewGuid(), [.. Enumerable.Range(0, 200).Select(i => Row(guess with { Network = $"203.0.113.{i}" }, 100))]);
        await silo.ForgetAsync();
        var kept = await bob.ListAsync();
        Assert.Equal([0, 30, 60], kept.Where(row => row.Kind == Phone).Select(row => (row.FirstAt - Row(Phone, 0).FirstAt).TotalHours));
        Assert.Equal(Enumerable.Range(103, 97).Select(i => $"203.0.113.{i}"), kept.Where(row => row.Kind != Phone).Select(row => row.Kind.Network));
    }

    [Fact]
    public async Task What_is_no_account_has_none()
    {
        await using var silo = await StartAsync();
        await LoginsOf(silo, "nobody").AddAsync(Guid.NewGuid(), [Row(Phone, 0)]);
        Assert.Empty(await LoginsOf(silo, "nobody").ListAsync());
    }

    [Fact]
    public async Task What_is_told_while_its_account_is_removed_leaves_nothing()
    {
        HeldDeletes held = null!;
        await using var silo = await StartAsync(journal => held = new(journal));
        held.Held = $"mailbox/{(await silo.Grains.GetGrain<IAddressGrain>("bob@example.test").GetAsync())!.Account!.Value.Value}";
        await LoginsOf(silo, "bob").AddAsync(Guid.NewGuid(), [Row(Phone, 0)]);
        await silo.Grains.GetGrain<IDomainDeletionGrain>("example.test").DeleteAsync();
        time.Advance(new MailboxesOptions().DeletedFor);

        // Its history is gone by now, and its mailbox about to go.
        var purge = silo.Grains.GetGrain<IUpkeepGrain>(0).SweepAsync(null, default).ToListAsync().AsTask();
        await held.Asked;
        await LoginsOf(silo, "bob").AddAsync(Guid.NewGuid(), [Row(Phone, 1)]);
        Assert.Empty(await LoginsOf(silo, "bob").ListAsync());
        held.LetGo();
        await purge;
        Assert.Empty(await silo.Services.GetRequiredService<IJournal>().ListAsync("logins/", default).ToListAsync());
    }

    private static ILoginsGrain LoginsOf(TestSilo silo, string user) => silo.Grains.GetGrain<ILoginsGrain>($"{user}@example.test");

    // Hours from the beginning of the test.
    private LoginRow Row(LoginKind kind, int first, int? last = null) => new(kind, time.GetUtcNow().AddHours(first), time.GetUtcNow().AddHours(last ?? first), 1);

    private async Task<TestSilo> StartAsync(Func<IJournal, IJournal>? wrapJournal = null)
    {
        var silo = await TestSilo.StartAsync(wrapJournal, time: time);
        await silo.Grains.GetGrain<ITenantGrain>("demo").CreateAsync();
        await silo.Grains.GetGrain<ITenantGrain>("demo").AddDomainAsync("example.test");
        await silo.Grains.GetGrain<IAddressGrain>("bob@example.test").PutAsync(new() { Address = new("bob", "example.test"), Tenant = new("demo"), Kind = AddressKind.Account });
        return silo;
    }
}
