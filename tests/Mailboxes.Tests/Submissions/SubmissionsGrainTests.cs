using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Submissions;
using MailCloud.Messages;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Submissions;

/// <summary>Identities and submissions of an account in a silo, with the spool that the mail of the latter waits in.</summary>
public sealed class SubmissionsGrainTests
{
    private static readonly TimeSpan Hold = TimeSpan.FromMinutes(1);

    private readonly FakeTimeProvider time = new(new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task What_is_held_is_taken_back_whole_and_for_good()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var (sent, entries) = await HoldAsync(silo);
        await silo.ForgetAsync();

        Assert.Equal(SentOutcome.Done, (await Grain(silo).CancelAsync(sent.Id)).Outcome);
        Assert.Equal(SentOutcome.Done, (await Grain(silo).CancelAsync(sent.Id)).Outcome);
        Assert.Equal(UndoStatus.Canceled, await UndoAsync(silo, sent));
        Assert.Empty(await WaitingAsync(silo, entries));

        // Whoever hands it over once more finds it taken over.
        await AddAsync(silo, entries);
        time.Advance(TimeSpan.FromHours(1));
        Assert.Empty(await WaitingAsync(silo, entries));
        await silo.ForgetAsync();
        Assert.Equal(UndoStatus.Canceled, await UndoAsync(silo, sent));
    }

    [Fact]
    public async Task What_has_left_is_not_taken_back_nor_is_what_is_about_to()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var (sent, entries) = await HoldAsync(silo);
        time.Advance(Hold);

        Assert.Equal(SentOutcome.Left, (await Grain(silo).CancelAsync(sent.Id)).Outcome);
        Assert.Equal(UndoStatus.Final, await UndoAsync(silo, sent));
        Assert.Equal(entries.Count, (await LeaseAsync(silo, entries)).Count);
    }

    [Fact]
    public async Task When_one_recipient_cannot_be_taken_back_all_get_it_at_its_time()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var (sent, entries) = await HoldAsync(silo);

        // An operator had one sent early.
        await Shard(silo, entries[0]).RetryAsync([entries[0].Key]);
        Assert.Equal(SentOutcome.Left, (await Grain(silo).CancelAsync(sent.Id)).Outcome);
        Assert.Equal(UndoStatus.Pending, await UndoAsync(silo, sent));
        Assert.Equal([sent.SendAt], (await WaitingAsync(silo, [.. entries.Skip(1)])).Select(entry => entry.DueAt).Distinct());
        time.Advance(Hold);
        Assert.Equal(entries.Count, (await LeaseAsync(silo, entries)).Count);
        Assert.Equal(UndoStatus.Final, await UndoAsync(silo, sent));
    }

    /// <summary>The end of the hold, and relays that wait for it, while the account takes its mail back: it is sent to all, or to nobody, and the answer says which.</summary>
    [Fact]
    public async Task Of_a_cancel_and_the_end_of_the_hold_one_wins()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        for (var round = 0; round < 30; round++)
        {
            var (sent, entries) = await HoldAsync(silo);
            time.Advance(Hold - TimeSpan.FromMilliseconds(1));
            var cancel = Grain(silo).CancelAsync(sent.Id);
            for (var i = 0; i < round % 7; i++)
            {
                await Task.Yield();
            }

            time.Advance(TimeSpan.FromMilliseconds(1));
            var left = await LeaseAsync(silo, entries);
            var outcome = (await cancel).Outcome;
            left.AddRange(await LeaseAsync(silo, entries));

            Assert.Equal(outcome == SentOutcome.Done ? 0 : entries.Count, left.Count);
            Assert.Equal(outcome == SentOutcome.Done ? UndoStatus.Canceled : UndoStatus.Final, await UndoAsync(silo, sent));
        }
    }

    [Fact]
    public async Task What_is_in_doubt_is_begun_once_and_is_no_submission_before_its_end()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var first = Submission(held: false);
        Assert.False((await Grain(silo).BeginAsync(first, null)).IsRepeat);
        Assert.Empty((await Grain(silo).GetRowsAsync()).Rows);
        await silo.ForgetAsync();

        var again = await Grain(silo).BeginAsync(Submission(held: false), null);
        Assert.True(again.IsRepeat);
        Assert.Equal((first.Id, first.Messages[0].Delivery), (again.Submission!.Id, again.Submission.Messages[0].Delivery));
        Assert.Equal(SentOutcome.Done, (await Grain(silo).FinishAsync(first.Id)).Outcome);
        Assert.Equal(SentOutcome.Done, (await Grain(silo).FinishAsync(first.Id)).Outcome);
        Assert.Equal([first.Id], (await Grain(silo).GetRowsAsync()).Rows.Select(row => row.Id));

        // Sent, it is sent again when somebody wants it; and what nobody came back for is forgotten.
        Assert.False((await Grain(silo).BeginAsync(Submission(held: false), null)).IsRepeat);
        time.Advance(MailSubmission.DoubtFor);
        Assert.False((await Grain(silo).BeginAsync(Submission(held: false), null)).IsRepeat);
        Assert.False((await Grain(silo).BeginAsync(Submission(held: false) with { To = [new("else@far.test", null)] }, null)).IsRepeat);
    }

    [Fact]
    public async Task Changes_are_those_since_a_state_and_may_be_cut_anywhere()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var grain = Grain(silo);
        var (one, two) = (Identity("one"), Identity("two"));
        await grain.PutIdentityAsync(one, null);
        await grain.PutIdentityAsync(two, null);
        await grain.PutIdentityAsync(two, null);
        var state = (await grain.GetStatesAsync()).Identities;
        Assert.Equal(2, state);
        await grain.PutIdentityAsync(new() { Id = SendingIdentity.Own, Name = "Alice" }, null);
        await grain.PutIdentityAsync(Identity("three"), null);
        await grain.RemoveIdentityAsync(one.Id, null);
        await grain.PutIdentityAsync(two with { Name = "second" }, null);

        var all = await grain.GetIdentityChangesAsync(state, 100);
        Assert.Equal((true, false, state + 4), (all.Known, all.HasMore, all.State));
        Assert.Equal([SendingIdentity.Own, two.Id], all.Updated);
        Assert.Equal([one.Id], all.Destroyed);
        Assert.Single(all.Created);

        var (seen, at) = (new List<Guid>(), state);
        for (var more = true; more;)
        {
            var page = await grain.GetIdentityChangesAsync(at, 1);
            seen.AddRange([.. page.Created, .. page.Updated, .. page.Destroyed]);
            (at, more) = (page.State, page.HasMore);
        }

        Assert.Equal([SendingIdentity.Own, all.Created[0], one.Id, two.Id], seen);
        Assert.Equal(SentOutcome.Forbidden, (await grain.RemoveIdentityAsync(SendingIdentity.Own, null)).Outcome);
        Assert.Equal(SentOutcome.StateMismatch, (await grain.RemoveIdentityAsync(two.Id, 1)).Outcome);
        Assert.False((await grain.GetIdentityChangesAsync(at + 1, 1)).Known);
    }

    [Fact]
    public void What_was_destroyed_long_ago_is_not_known_any_more()
    {
        var state = new SubmissionsState();
        for (var i = 0; i <= SentLog.MostGone; i++)
        {
            state.Apply(new IdentityPut(Identity("x")));
            state.Apply(new IdentityRemoved(state.Identities[0].Id));
        }

        Assert.False(state.IdentityLog.Since(0, 10, state.Identities).Known);
        Assert.False(state.IdentityLog.Since(1, 10, state.Identities).Known);
        Assert.True(state.IdentityLog.Since(2, 10, state.Identities).Known);
    }

    [Fact]
    public async Task Submissions_are_kept_for_a_month_and_their_number_is_bounded()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var first = await SendAsync(silo, 0);
        for (var i = 1; i <= MailSubmission.Most; i++)
        {
            await SendAsync(silo, i);
        }

        var before = (await Grain(silo).GetStatesAsync()).Submissions;
        Assert.Equal(MailSubmission.Most, (await Grain(silo).GetRowsAsync()).Rows.Length);
        Assert.DoesNotContain(first.Id, (await Grain(silo).GetRowsAsync()).Rows.Select(row => row.Id));
        time.Advance(MailSubmission.KeptFor);
        Assert.Empty((await Grain(silo).GetRowsAsync()).Rows);
        Assert.Equal(MailSubmission.Most, (await Grain(silo).GetChangesAsync(before, int.MaxValue)).Destroyed.Length);
    }

    private static SendingIdentity Identity(string name) => new() { Id = Guid.NewGuid(), Name = name, Email = $"{name}@example.test" };

    private static ISubmissionsGrain Grain(TestSilo silo) => silo.Grains.GetGrain<ISubmissionsGrain>("demo/alice");

    private static ISpoolGrain Shard(TestSilo silo, SpoolEntry entry) => silo.Grains.GetGrain<ISpoolGrain>(
        SpoolShards.Of(entry.Kind == SpoolKind.Local ? entry.Recipient.Address.AsciiDomain : entry.Recipient.Remote[0].AsciiDomain));

    private static async Task<UndoStatus> UndoAsync(TestSilo silo, MailSubmission sent) => (await Grain(silo).GetAsync([sent.Id])).Submissions.Single().Undo;

    private static Task AddAsync(TestSilo silo, IEnumerable<SpoolEntry> entries) => Task.WhenAll(entries.Select(entry => Shard(silo, entry).AddAsync([entry])));

    private static async Task<List<SpoolEntry>> WaitingAsync(TestSilo silo, List<SpoolEntry> entries)
    {
        var waiting = new List<SpoolEntry>();
        foreach (var shard in entries.Select(entry => Shard(silo, entry)).Distinct())
        {
            waiting.AddRange(await shard.GetPageAsync(SpoolFilter.Everything with { Message = entries[0].Message.Id }, "", 100));
        }

        return [.. waiting.Where(entry => entries.Any(e => e.Key == entry.Key))];
    }

    private static async Task<List<SpoolEntry>> LeaseAsync(TestSilo silo, List<SpoolEntry> entries)
    {
        var leased = new List<SpoolEntry>();
        foreach (var entry in entries)
        {
            leased.AddRange(entry.Kind == SpoolKind.Local
                ? await Shard(silo, entry).LeaseLocalAsync(100, TimeSpan.FromMinutes(5))
                : await Shard(silo, entry).LeaseOutboundAsync(entry.Recipient.Remote[0].AsciiDomain, 100, TimeSpan.FromMinutes(5)));
        }

        return [.. leased.Where(entry => entry.Message.Id == entries[0].Message.Id)];
    }

    private MailSubmission Submission(bool held, int email = 1)
    {
        var id = DeliveryId.New(time.GetUtcNow());
        EmailAddress[] far = [new("a", "far.test"), new("b", "further.test")];
        return new()
        {
            Id = id.Value,
            Identity = SendingIdentity.Own,
            Email = new(email, 0, 0, new byte[8]),
            Thread = 1,
            From = new("alice@example.test", null),
            To = [new("a@far.test", null), new("b@further.test", null), new("bob@example.test", null)],
            SendAt = held ? time.GetUtcNow() + Hold : time.GetUtcNow(),
            Undo = held ? UndoStatus.Pending : UndoStatus.Final,
            Messages =
            [
                new()
                {
                    Delivery = id,
                    Tenant = new("demo"),
                    Recipients = [.. far.Select(a => new EnvelopeRecipient { Address = a, Remote = [a] }), new() { Address = new("bob", "example.test"), Mailboxes = [new("demo/bob")] }],
                },
            ],
        };
    }

    private async Task<MailSubmission> SendAsync(TestSilo silo, int email)
    {
        var sent = Submission(held: false, email);
        await Grain(silo).BeginAsync(sent, null);
        await Grain(silo).FinishAsync(sent.Id);
        return sent;
    }

    private async Task<(MailSubmission Sent, List<SpoolEntry> Entries)> HoldAsync(TestSilo silo)
    {
        var sent = Submission(held: true);
        await Grain(silo).BeginAsync(sent, null);
        var message = sent.Messages[0];
        var entries = HeldPlace.Of(message.Delivery, message.Recipients).Select(held => new SpoolEntry
        {
            Kind = held.Kind,
            DueAt = sent.SendAt,
            Message = new()
            {
                Id = message.Delivery,
                Tenant = message.Tenant,
                Body = new(BodyRef.NameFor(message.Tenant, message.Delivery), 10),
                Trace = "",
                Envelope = new() { Recipients = [held.Recipient], HoldUntil = sent.SendAt },
            },
        }).ToList();
        Assert.Equal(HeldPlace.Of(message.Delivery, message.Recipients).Select(held => held.Place.Key), entries.Select(entry => entry.Key));
        await AddAsync(silo, entries);
        await Grain(silo).FinishAsync(sent.Id);
        return (sent, entries);
    }
}
