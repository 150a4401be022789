using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Backup;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.Serialization;

namespace MailCloud.Mailboxes.Tests.Backup;

/// <summary>States that JMAP's clients hold of what is restored without its changes since the backup: none of them comes again.</summary>
public sealed class RestoredStatesTests
{
    private const string Account = "demo/alice";

    private static readonly VacationResponse Away = new() { IsEnabled = true, TextBody = "away" };

    private readonly FakeTimeProvider time = new(new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task Who_has_seen_what_a_restore_undid_begins_anew()
    {
        await using var before = await TestSilo.StartAsync(time: time);
        await using var backup = await TestSilo.StartAsync(time: time);
        await using var after = await TestSilo.StartAsync(time: time);
        var (kept, undone) = (Identity("kept"), Identity("undone"));
        await Grain(before).PutIdentityAsync(kept, null);
        await CopyAsync(before, backup, "submissions");
        var atBackup = (await Grain(before).GetStatesAsync()).Identities;

        // A client has seen another identity made, and then the one of the backup changed.
        await Grain(before).PutIdentityAsync(undone, null);
        var seen = (await Grain(before).GetStatesAsync()).Identities;
        time.Advance(TimeSpan.FromMinutes(1));
        await CopyAsync(backup, after, "submissions");

        var restored = await Grain(after).GetIdentitiesAsync();
        Assert.True(restored.State > seen + 1, $"{restored.State} after {seen}");
        Assert.Equal([SendingIdentity.Own, kept.Id], restored.Identities.Select(identity => identity.Id));
        Assert.False((await Grain(after).GetIdentityChangesAsync(seen, 10)).Known);
        Assert.False((await Grain(after).GetIdentityChangesAsync(atBackup, 10)).Known);
        Assert.False((await Grain(after).GetChangesAsync(seen, 10)).Known);
        await Grain(after).PutIdentityAsync(kept with { Name = "changed" }, null);
        Assert.Equal([kept.Id], (await Grain(after).GetIdentityChangesAsync(restored.State, 10)).Updated);
        Assert.False((await Grain(after).GetIdentityChangesAsync(seen, 10)).Known);
        Assert.Equal([kept.Id], (await Grain(after).GetIdentityChangesAsync(0, 10)).Created);
    }

    [Fact]
    public async Task What_the_backup_had_nothing_of_begins_at_another_state_than_before()
    {
        await using var before = await TestSilo.StartAsync(time: time);
        await using var after = await TestSilo.StartAsync(time: time);
        await Grain(before).PutIdentityAsync(Identity("one"), null);
        await Grain(before).PutIdentityAsync(Identity("two"), null);
        var seen = (await Grain(before).GetStatesAsync()).Identities;
        time.Advance(TimeSpan.FromMinutes(1));

        Assert.False((await Grain(after).GetIdentityChangesAsync(seen, 10)).Known);
        await Grain(after).PutIdentityAsync(Identity("three"), null);
        Assert.NotEqual(seen, (await Grain(after).GetStatesAsync()).Identities);
        Assert.Equal(0, (await Grain(after).GetStatesAsync()).Submissions);
        Assert.False((await Grain(after).GetIdentityChangesAsync(seen, 10)).Known);
    }

    [Fact]
    public async Task The_state_of_a_vacation_response_is_another_after_a_restore_and_its_changes_too()
    {
        await using var before = await TestSilo.StartAsync(time: time);
        await using var backup = await TestSilo.StartAsync(time: time);
        await using var after = await TestSilo.StartAsync(time: time);
        await Vacation(before).SetAsync(Away, null);
        await CopyAsync(before, backup, "vacation");
        time.Advance(TimeSpan.FromSeconds(1));
        var seen = (await Vacation(before).SetAsync(Away with { TextBody = "undone" }, null)).State;
        time.Advance(TimeSpan.FromMinutes(1));
        await CopyAsync(backup, after, "vacation");

        var restored = await Vacation(after).GetAsync();
        Assert.Equal("away", restored.Response.TextBody);
        Assert.True(restored.State > seen, $"{restored.State} after {seen}");
        Assert.True((await Vacation(after).SetAsync(Away with { TextBody = "new" }, seen)).IsStateMismatch);
        Assert.True((await Vacation(after).SetAsync(Away with { TextBody = "new" }, restored.State)).State > restored.State);
    }

    private static SendingIdentity Identity(string name) => new() { Id = Guid.NewGuid(), Name = name, Email = $"{name}@example.test" };

    private static ISubmissionsGrain Grain(TestSilo silo) => silo.Grains.GetGrain<ISubmissionsGrain>(Account);

    private static IVacationGrain Vacation(TestSilo silo) => silo.Grains.GetGrain<IVacationGrain>(Account);

    private Task<long?> CopyAsync(TestSilo from, TestSilo to, string kind) => RestoredJournal.CopyAsync(
        from.Services.GetRequiredService<IJournal>(), to.Services.GetRequiredService<IJournal>(), to.Services.GetRequiredService<Serializer>(), $"{kind}/{Account}", time.GetUtcNow(), default);
}
