using System.Text;
using MailCloud.LocalDelivery.Groups;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.LocalDelivery.Tests;

/// <summary>A message to a group: its members get it as messages of their own, by pages of three here, once each, whatever dies in between.</summary>
public sealed class GroupTests : DeliveryHost
{
    private static readonly TenantId demo = new("demo");
    private static readonly EmailAddress all = new("all", "example.test");
    private static readonly EmailAddress inner = new("inner", "example.test");

    protected override void Replace(IServiceCollection services) => services.AddSingleton(new GroupSizes(Members: 3, Copies: 5));

    [Fact]
    public async Task Each_member_gets_one_copy_and_who_runs_the_group_is_told_of_those_who_do_not()
    {
        var owner = await AccountAsync("owner");
        var (ann, cid) = (await AccountAsync("ann"), await AccountAsync("cid"));
        await PutAsync("asleep", AddressKind.Account);
        await Grains.GetGrain<IAddressGrain>("asleep@example.test").SetStateAsync(AccountState.Suspended);
        await PutAsync("ann.alias", AddressKind.Alias, Member("ann"), new EmailAddress("far1", "example.org"));
        await PutAsync("away", AddressKind.Forwarded, new EmailAddress("far2", "example.org"));
        await GroupAsync(inner, null, Member("cid"), Member("ann"), new("far3", "example.org"), all);
        await GroupAsync(all, new("owner", "example.test"), Member("ann"), Member("ann.alias"), Member("asleep"), Member("gone"), Member("away"), inner, new("Far4", "example.org"));

        await DeliverAsync(await AcceptAsync(ToGroup()));
        await DeliverQueuedAsync();

        Assert.Equal("Return-Path: <owner@example.test>\r\nReceived: by test\r\n", Encoding.ASCII.GetString(Assert.Single(await InboxAsync(ann)).Content!.Prefix));
        Assert.Equal("Return-Path: <postmaster@example.test>\r\nReceived: by test\r\n", Encoding.ASCII.GetString(Assert.Single(await InboxAsync(cid)).Content!.Prefix));
        Assert.Equal(["Far4@example.org", "far1@example.org", "far2@example.org", "far3@example.org"], (await SpooledAsync()).Select(entry => entry.Recipient.Remote[0].ToString()));
        Assert.All(await SpooledAsync(), entry => Assert.Equal(DsnNotify.Failure, entry.Recipient.Notify));
        Assert.Equal("Your message could not be delivered", Assert.Single(await InboxAsync(owner)).Content!.Summary.Envelope.Subject);
        Assert.Empty(await AliceAsync());
    }

    [Fact]
    public async Task The_copies_are_of_the_same_octets_and_the_groups_body_is_let_go()
    {
        var ann = await AccountAsync("ann");
        await GroupAsync(all, null, Member("ann"));
        var message = await AcceptAsync(ToGroup());
        await DeliverAsync(message);
        await DeliverQueuedAsync();

        var copy = Assert.Single(await InboxAsync(ann)).Body;
        Assert.NotEqual(message.Body.Name, copy.Name);
        Assert.Equal(await ReadAsync(message.Body), await ReadAsync(copy));
        Assert.True(Assert.Single(await ListAsync(message.Body.Name)).IsReleased);
        Assert.Equal([BodyOwner.Mailbox(ann)], Assert.Single(await ListAsync(copy.Name)).Owners);
    }

    [Fact]
    public async Task Who_is_named_and_a_member_of_two_groups_gets_one_copy()
    {
        var ann = await AccountAsync("ann");
        await GroupAsync(all, null, Member("ann"));
        await GroupAsync(inner, null, Member("ann"));
        await DeliverAsync(await AcceptAsync(
            new EnvelopeRecipient { Address = Member("ann"), Mailboxes = [ann] },
            ToGroup(),
            new EnvelopeRecipient { Address = inner, Groups = [inner] },
            new EnvelopeRecipient { Address = Member("alias"), Groups = [inner, all] }));
        await DeliverQueuedAsync();

        Assert.Single(await InboxAsync(ann));
    }

    [Fact]
    public async Task Dying_between_any_two_writes_while_members_come_and_go_loses_and_doubles_nobody()
    {
        var locals = new List<AccountId>();
        for (var i = 0; i < 4; i++)
        {
            locals.Add(await AccountAsync($"local{i}"));
        }

        EmailAddress[] stay = [.. Enumerable.Range(0, 8).Select(i => new EmailAddress($"stay{i}", "example.org"))];
        await GroupAsync(inner, null, Member("local3"), stay[7]);
        await GroupAsync(all, null, [.. stay[..7], Member("local0"), Member("local1"), Member("local2"), inner, .. Enumerable.Range(1, 6).Select(Passing)]);
        for (var step = 1; step < 100; step++)
        {
            var message = await AcceptAsync(ToGroup() with { Notify = DsnNotify.Success });
            var died = await Record.ExceptionAsync(() => DeliverAsync(message, new DyingStores(Blobs, Queue, dieAt: step)));

            // Between the two tries the group is another one, before the page that was fixed and behind it.
            await PageOf(all, Passing(step)).RemoveAsync(Passing(step).Key);
            await AddAsync(all, [Passing(step + 6)]);
            await DeliverAsync(message);
            await DeliverAsync(message);
            await DeliverQueuedAsync();

            var copies = (await SpooledAsync()).Where(entry => entry.Message.Origin == message.Id).Select(entry => entry.Recipient.Remote[0]).ToList();
            Assert.Equal(copies.Count, copies.Distinct().Count());
            Assert.Empty(stay.Except(copies));
            Assert.Equal(Enumerable.Repeat(step, locals.Count), await Task.WhenAll(locals.Select(async account => (await InboxAsync(account)).Count)));
            Assert.Equal(step, (await AliceAsync()).Count);
            if (died is null)
            {
                Assert.True(step > 20, $"there were only {step - 1} steps to die at");
                return;
            }
        }

        Assert.Fail("the delivery never ran to its end");

        static EmailAddress Passing(int i) => new($"passing{i}", "example.org");
    }

    [Fact]
    public async Task A_message_that_comes_back_to_the_group_is_not_expanded_again()
    {
        await GroupAsync(all, null, new EmailAddress("far", "example.org"));
        var message = await AcceptAsync(ToGroup());
        await DeliverAsync(message);
        await DeliverQueuedAsync();
        var back = await AcceptAsync(ToGroup());
        await DeliverAsync(back with { Origin = message.Id });
        await DeliverQueuedAsync();

        Assert.Single(await SpooledAsync());
    }

    [Fact]
    public async Task A_group_that_is_gone_is_a_recipient_that_is_gone()
    {
        await GroupAsync(all, null, Member("bob"));
        await Grains.GetGrain<IAddressGrain>(all.Key).DeleteAsync();
        var message = await AcceptAsync(ToGroup());
        await DeliverAsync(message);

        // Whatever becomes of it: what was said stays.
        await Grains.GetGrain<IAddressGrain>(all.Key).RestoreAsync();
        await DeliverAsync(message);
        await DeliverQueuedAsync();
        Assert.Single(await AliceAsync());
        Assert.Empty(await SpooledAsync());
        Assert.True(Assert.Single(await ListAsync(message.Body.Name)).IsReleased);
    }

    [Fact]
    public async Task A_group_without_members_has_got_it()
    {
        await GroupAsync(all, null);
        await DeliverAsync(await AcceptAsync(ToGroup() with { Notify = DsnNotify.Success }));
        await DeliverQueuedAsync();
        Assert.Single(await AliceAsync());
    }

    [Fact]
    public async Task A_report_stays_one_and_a_message_to_a_terminal_is_mail()
    {
        var ann = await AccountAsync("ann");
        await GroupAsync(all, null, Member("ann"), Member("gone"));
        var message = await AcceptAsync(ToGroup());
        await DeliverAsync(message with { Envelope = message.Envelope with { Sender = null, Kind = TransactionKind.SendOrMail, EnvelopeId = "x" } });
        var copy = Assert.Single(await QueuedAsync()).Envelope;
        Assert.Equal((null, TransactionKind.Mail, null), (copy.Sender, copy.Kind, copy.EnvelopeId));
        await DeliverQueuedAsync();
        Assert.Equal("Return-Path: <>\r\nReceived: by test\r\n", Encoding.ASCII.GetString(Assert.Single(await InboxAsync(ann)).Content!.Prefix));
    }

    [Fact]
    public async Task What_its_sender_wants_held_waits_for_each_member()
    {
        var ann = await AccountAsync("ann");
        await GroupAsync(all, null, Member("ann"), new EmailAddress("far", "example.org"));
        var message = await AcceptAsync(ToGroup());
        var until = Time.GetUtcNow().AddHours(3);
        await DeliverAsync(message with { Envelope = message.Envelope with { HoldUntil = until } });
        await DeliverQueuedAsync();

        Assert.Empty(await InboxAsync(ann));
        Assert.Equal(until, Assert.Single(await SpooledAsync()).DueAt);
        Assert.Equal(until, Assert.Single(await Grains.GetGrain<ISpoolGrain>(SpoolShards.Of("example.test")).GetPageAsync(SpoolFilter.Everything, "", 10)).DueAt);
    }

    [Fact]
    public async Task Mail_older_than_expansions_are_remembered_is_left_to_an_operator()
    {
        await GroupAsync(all, null, new EmailAddress("far", "example.org"));
        var message = await AcceptAsync(ToGroup());
        Assert.NotNull(await DeliverAsync(message with { Id = DeliveryId.New(Time.GetUtcNow() - Expansions.Window - TimeSpan.FromMinutes(1)) }));
        Assert.Empty(await QueuedAsync());
        Assert.False(Assert.Single(await ListAsync(message.Body.Name)).IsReleased);
    }

    [Fact]
    public async Task Groups_are_followed_ten_levels_and_what_is_deeper_is_told()
    {
        var postmaster = (await Grains.GetGrain<IAddressGrain>("postmaster@example.test").GetAsync())!.Account!.Value;
        for (var i = 0; i < 13; i++)
        {
            await GroupAsync(Deep(i), null, Deep(i + 1), new($"far{i}", "example.org"));
        }

        await DeliverAsync(await AcceptAsync(new EnvelopeRecipient { Address = Deep(0), Groups = [Deep(0)] }));
        await DeliverQueuedAsync();
        Assert.Equal(Enumerable.Range(0, 11).Select(i => $"far{i}@example.org").Order(StringComparer.Ordinal), (await SpooledAsync()).Select(entry => entry.Recipient.Remote[0].Key));
        Assert.Single(await InboxAsync(postmaster));

        static EmailAddress Deep(int i) => new($"deep{i}", "example.test");
    }

    [Fact]
    public async Task A_report_to_a_groups_address_goes_to_who_runs_it()
    {
        var owner = await AccountAsync("owner");
        await GroupAsync(all, new("owner", "example.test"), new EmailAddress("far", "example.org"));
        var message = await AcceptAsync(To(Nobody));
        await DeliverAsync(message with { Envelope = message.Envelope with { Sender = all } });
        await DeliverQueuedAsync();

        Assert.Single(await InboxAsync(owner));
        Assert.Empty(await SpooledAsync());
    }

    private static EnvelopeRecipient ToGroup() => new() { Address = all, Groups = [all] };

    private static EmailAddress Member(string user) => new(user, "example.test");

    private async Task<AccountId> AccountAsync(string user)
    {
        await PutAsync(user, AddressKind.Account);
        return (await Grains.GetGrain<IAddressGrain>($"{user}@example.test").GetAsync())!.Account!.Value;
    }

    private Task<PutAddressResult> PutAsync(string user, AddressKind kind, params EmailAddress[] targets) =>
        Grains.GetGrain<IAddressGrain>($"{user}@example.test").PutAsync(new() { Address = Member(user), Tenant = demo, Kind = kind, Targets = targets });

    private async Task GroupAsync(EmailAddress group, EmailAddress? owner, params EmailAddress[] members)
    {
        await Grains.GetGrain<IAddressGrain>(group.Key).PutAsync(new() { Address = group, Tenant = demo, Kind = AddressKind.Group, Group = new() { Owner = owner } });
        await AddAsync(group, members);
    }

    private async Task AddAsync(EmailAddress group, EmailAddress[] members)
    {
        foreach (var member in members)
        {
            await PageOf(group, member).AddAsync([member]);
        }
    }

    private IGroupPageGrain PageOf(EmailAddress group, EmailAddress member) => Grains.GetGrain<IGroupPageGrain>(GroupPages.GrainKey(group.Key, GroupPages.PageOf(member.Key)));

    // What goes to example.org, by address.
    private async Task<List<SpoolEntry>> SpooledAsync()
    {
        var found = new List<SpoolEntry>();
        for (var after = ""; after is not null;)
        {
            var page = await Grains.GetGrain<ISpoolGrain>(SpoolShards.Of("example.org")).GetPageAsync(SpoolFilter.Everything, after, 256);
            found.AddRange(page);
            after = page.Count == 256 ? page[^1].Key : null;
        }

        return [.. found.OrderBy(entry => entry.Recipient.Remote[0].ToString(), StringComparer.Ordinal)];
    }

    private async Task<string> ReadAsync(BodyRef body) => Encoding.ASCII.GetString((await Blobs.ReadAsync(body.Name, 0, (int)body.Length, default)).Span);
}
