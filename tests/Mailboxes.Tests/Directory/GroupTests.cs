using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Directory;
using MailCloud.Mailboxes.Tests.Journaled;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Directory;

/// <summary>Members of a group on their pages, and how far a message to it has come.</summary>
public sealed class GroupTests
{
    private const string Key = "all@example.test";

    private static readonly EmailAddress group = new("all", "example.test");
    private static readonly EmailAddress inner = new("inner", "example.test");

    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);

    [Fact]
    public async Task A_walk_meets_everybody_once_who_is_there_the_whole_time()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        List<EmailAddress> stay = [.. Enumerable.Range(0, 900).Select(i => new EmailAddress($"Stay{i}", "far.test"))];
        await AddAsync(silo, [.. stay, .. Enumerable.Range(0, 100).Select(i => new EmailAddress($"go{i}", "far.test"))]);
        await silo.ForgetAsync();

        var met = new List<EmailAddress>();
        var page = await GroupOf(silo).GetPageAsync("", 64);
        for (var round = 0; page.Count > 0; round++)
        {
            met.AddRange(page);
            await RemoveAsync(silo, new($"go{round}", "far.test"));
            await AddAsync(silo, [new($"come{round}", "far.test")]);
            page = await GroupOf(silo).GetPageAsync(page[^1].Key, 64);
        }

        Assert.Equal(met.Count, met.Distinct().Count());
        Assert.Empty(stay.Except(met));
    }

    [Fact]
    public async Task The_last_of_a_page_may_have_left_when_the_walk_goes_on()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        await AddAsync(silo, [.. Enumerable.Range(0, 50).Select(i => new EmailAddress($"m{i}", "far.test"))]);
        var first = await GroupOf(silo).GetPageAsync("", 20);
        await RemoveAsync(silo, first[^1]);
        var rest = await GroupOf(silo).GetPageAsync(first[^1].Key, 100);
        Assert.Equal(50, first.Concat(rest).Distinct().Count());
        Assert.Equal(30, rest.Count);
    }

    [Fact]
    public async Task A_member_is_one_by_its_key_and_keeps_its_first_form()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        Assert.Equal(1, await AddAsync(silo, [new("Bob", "Far.test"), new("bob", "far.test")]));
        Assert.Equal(0, await AddAsync(silo, [new("BOB", "far.test")]));
        Assert.Equal([new EmailAddress("Bob", "Far.test")], await GroupOf(silo).GetPageAsync("", 10));
        Assert.True(await PageOf(silo, "bob@far.test").ContainsAsync("bob@far.test"));
        Assert.True(await RemoveAsync(silo, new("boB", "far.test")));
        Assert.False(await RemoveAsync(silo, new("bob", "far.test")));
        Assert.False(await PageOf(silo, "bob@far.test").ContainsAsync("bob@far.test"));
        Assert.Empty(await GroupOf(silo).GetPageAsync("", 10));
    }

    [Fact]
    public async Task A_page_is_full_and_takes_none_of_too_many()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var page = silo.Grains.GetGrain<IGroupPageGrain>(GroupPages.GrainKey(Key, 0));
        EmailAddress[] all = [.. Enumerable.Range(0, GroupPageGrain.MaxMembers).Select(i => new EmailAddress($"m{i}", "far.test"))];
        Assert.Null(await page.AddAsync([.. all, new("one", "far.test")]));
        Assert.Equal(all.Length, await page.AddAsync(all));
        Assert.Null(await page.AddAsync([new("one", "far.test")]));
        Assert.Equal(0, await page.AddAsync(all[..10]));
    }

    [Fact]
    public async Task A_deleted_group_comes_back_with_its_members_and_leaves_none_when_its_time_is_over()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        await silo.Grains.GetGrain<ITenantGrain>("demo").CreateAsync();
        await silo.Grains.GetGrain<ITenantGrain>("demo").AddDomainAsync("example.test");
        var address = silo.Grains.GetGrain<IAddressGrain>(Key);
        await address.PutAsync(new() { Address = group, Tenant = new("demo"), Kind = AddressKind.Group, Group = new() { Posting = GroupPosting.Members } });
        Assert.Null((await address.GetAsync())!.Account);
        await AddAsync(silo, [new("a", "far.test"), new("b", "far.test")]);

        await address.DeleteAsync();
        Assert.True(await address.RestoreAsync());
        Assert.Equal(GroupPosting.Members, (await address.GetAsync())!.Group!.Posting);
        Assert.Equal(2, (await GroupOf(silo).GetPageAsync("", 10)).Count);

        await address.DeleteAsync();
        time.Advance(new MailboxesOptions().DeletedFor);
        await silo.Grains.GetGrain<IUpkeepGrain>(0).SweepAsync(null, default).ToListAsync();
        Assert.Empty(await GroupOf(silo).GetPageAsync("", 10));
        Assert.DoesNotContain(await JournalsAsync(silo), name => name.StartsWith("group", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_page_is_fixed_once_and_the_last_one_is_kept()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var expansion = ExpansionOf(silo, DeliveryId.New(time.GetUtcNow()));
        var begun = await expansion.GetAsync(group);
        Assert.Equal((0, new GroupCursor(group, "", 0), ExpansionEnd.UnderWay), (begun.Number, begun.Next, begun.End));

        await expansion.FixAsync(Page(1, group, "a", "m"));
        var step = await expansion.FixAsync(Page(1, group, "z", "other"));
        Assert.Equal((1, "m"), (step.Number, Assert.Single(step.Recipients).Address.LocalPart));
        Assert.Equal(new GroupCursor(group, "a", 0), step.Next);

        // From one who was asleep: a page that is gone, and one that is not due.
        Assert.Equal(1, (await expansion.FixAsync(Page(3, group, "z", "other"))).Number);
        await expansion.FixAsync(Page(2, group, "b", "n"));
        await silo.ForgetAsync();
        step = await expansion.FixAsync(Page(1, group, "z", "other"));
        Assert.Equal((2, "n"), (step.Number, Assert.Single(step.Recipients).Address.LocalPart));
        Assert.Equal(step.Number, (await expansion.GetAsync(group)).Number);
    }

    [Fact]
    public async Task Groups_are_walked_once_each_one_after_the_other()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var expansion = ExpansionOf(silo, DeliveryId.New(time.GetUtcNow()));
        await expansion.FixAsync(Page(1, group, "a", "m") with { Groups = [inner, group] });
        var step = await expansion.FixAsync(Page(2, group, "b", "n") with { Groups = [inner], EndsGroup = true });
        Assert.Equal((new GroupCursor(inner, "", 1), 2), (step.Next, step.Groups));
        step = await expansion.FixAsync(new() { Number = 3, Recipients = [], Walked = new(inner, "c", 1), EndsGroup = true, Groups = [group] });
        Assert.Null(step.Next);

        Assert.Equal(ExpansionEnd.Expanded, await expansion.EndAsync(ExpansionEnd.Expanded));
        Assert.Equal(ExpansionEnd.Expanded, await expansion.EndAsync(ExpansionEnd.NoSuchGroup));
        await silo.ForgetAsync();
        var over = await expansion.GetAsync(group);
        Assert.Equal((ExpansionEnd.Expanded, null, 0), (over.End, over.Next, over.Recipients.Count));
        Assert.Equal(ExpansionEnd.Expanded, (await expansion.FixAsync(Page(4, group, "d", "o"))).End);
        Assert.Empty((await expansion.FixAsync(Page(1, group, "d", "o"))).Recipients);
    }

    [Fact]
    public async Task What_a_page_names_never_changes_though_the_journal_fails()
    {
        FaultyJournal faulty = null!;
        await using var silo = await TestSilo.StartAsync(journal => faulty = new FaultyJournal(journal, seed: 5321, kind: "expansion"), time: time);
        var expansion = ExpansionOf(silo, DeliveryId.New(time.GetUtcNow()));
        await expansion.GetAsync(group);
        var named = new Dictionary<int, string>();
        faulty.Failing = true;
        for (var attempt = 0; attempt < 200; attempt++)
        {
            try
            {
                var step = await expansion.GetAsync(group);
                step = await expansion.FixAsync(Page(step.Number + 1, group, $"{attempt}", $"m{attempt}"));
                var name = Assert.Single(step.Recipients).Address.LocalPart;
                Assert.Equal(name, named.GetValueOrDefault(step.Number, name));
                named[step.Number] = name;
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                // Whether it was fixed is not known; the next attempt asks.
            }
        }

        Assert.True(named.Count > 10, $"{named.Count} pages were fixed");
        Assert.Equal(named.Count, named.Values.Distinct().Count());
    }

    [Fact]
    public async Task A_sweep_removes_expansions_that_are_too_old_to_come_again()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var (old, recent) = (DeliveryId.New(time.GetUtcNow()), DeliveryId.New(time.GetUtcNow() + TimeSpan.FromDays(10)));
        await ExpansionOf(silo, old).FixAsync(Page(1, group, "a", "m"));
        await ExpansionOf(silo, recent).FixAsync(Page(1, group, "a", "m"));
        time.Advance(Expansions.Window + TimeSpan.FromDays(2));
        await silo.Grains.GetGrain<IUpkeepGrain>(0).SweepAsync(null, default).ToListAsync();

        Assert.Equal([$"expansion/{recent}/{Key}"], (await JournalsAsync(silo)).Where(name => name.StartsWith("expansion/", StringComparison.Ordinal)));
    }

    private static ExpansionPage Page(int number, EmailAddress of, string after, string member) => new()
    {
        Number = number,
        Recipients = [new() { Address = new(member, "far.test"), Remote = [new(member, "far.test")] }],
        Walked = new(of, after, 0),
    };

    private static IGroupGrain GroupOf(TestSilo silo) => silo.Grains.GetGrain<IGroupGrain>(Key);

    private static IGroupPageGrain PageOf(TestSilo silo, string member) => silo.Grains.GetGrain<IGroupPageGrain>(GroupPages.GrainKey(Key, GroupPages.PageOf(member)));

    private static IExpansionGrain ExpansionOf(TestSilo silo, DeliveryId id) => silo.Grains.GetGrain<IExpansionGrain>(Expansions.GrainKey(id, group));

    private static async Task<int> AddAsync(TestSilo silo, IReadOnlyList<EmailAddress> members) =>
        (await Task.WhenAll(members.GroupBy(member => GroupPages.PageOf(member.Key)).Select(page => PageOf(silo, page.First().Key).AddAsync([.. page])))).Sum(added => added!.Value);

    private static Task<bool> RemoveAsync(TestSilo silo, EmailAddress member) => PageOf(silo, member.Key).RemoveAsync(member.Key);

    private static async Task<List<string>> JournalsAsync(TestSilo silo) => await silo.Services.GetRequiredService<IJournal>().ListAsync("", default).ToListAsync();
}
