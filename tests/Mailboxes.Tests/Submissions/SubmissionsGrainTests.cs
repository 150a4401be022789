using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Submissions;
using MailCloud.Messages;
using MailCloud.Testing;
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

    /// <summary>
    /// The process of the account's grain, or of a shard, dies at each append that a cancel makes, before or after it was made; or that of the bodies does. Then the account asks again, or nobody does before the mail's time
    /// and all the time that it was put off for are over. It is canceled, or somebody got it.
    /// </summary>
    [Theory]
    [InlineData(AppendFault.NotWritten, true)]
    [InlineData(AppendFault.NotWritten, false)]
    [InlineData(AppendFault.AnswerLost, true)]
    [InlineData(AppendFault.AnswerLost, false)]
    public async Task Dying_at_any_append_of_a_cancel_nothing_is_canceled_and_sent_nor_pending_for_ever(AppendFault fault, bool asksAgain)
    {
        var (appends, dieAt, died) = (0, 0, false);
        await using var silo = await TestSilo.StartAsync(
            inner => new FailingAppends(inner, (name, _) =>
            {
                var dies = (name.StartsWith("spool/", StringComparison.Ordinal) || name.StartsWith("submissions/", StringComparison.Ordinal)) && Interlocked.Increment(ref appends) == Volatile.Read(ref dieAt);
                died |= dies;
                return dies ? fault : AppendFault.None;
            }),
            time: time);
        for (var step = 1; ; step++)
        {
            var (sent, entries) = await HoldAsync(silo);
            (appends, died) = (0, false);
            Volatile.Write(ref dieAt, step);
            var first = await TryAsync(() => Grain(silo).CancelAsync(sent.Id));
            Volatile.Write(ref dieAt, 0);
            var again = asksAgain ? await TryAsync(() => Grain(silo).CancelAsync(sent.Id)) : first;
            time.Advance(Hold + TimeSpan.FromMinutes(20));
            var left = await LeaseAsync(silo, entries);
            var undo = await UndoAsync(silo, sent);
            left.AddRange(await LeaseAsync(silo, entries));

            // Nobody came back before its time: some may have been taken out by then.
            Assert.Equal(left.Count == 0 ? UndoStatus.Canceled : UndoStatus.Final, undo);
            Assert.True(!asksAgain || undo == UndoStatus.Canceled, $"{step}: {first}, {again}");
            Assert.True(again != SentOutcome.Done || undo == UndoStatus.Canceled, $"{step}: {again}");
            Assert.Equal(undo == UndoStatus.Canceled ? SentOutcome.Done : SentOutcome.Left, (await Grain(silo).CancelAsync(sent.Id)).Outcome);
            if (!died)
            {
                Assert.True(step > 8, "four entries' shards are asked twice, and the journal has it twice");
                return;
            }
        }
    }

    /// <summary>Two shards of three had given their mail back when the grain was lost, and nobody asked for it before the third let go of its own.</summary>
    [Fact]
    public async Task What_some_have_got_is_not_said_to_be_canceled()
    {
        var isDead = false;
        await using var silo = await TestSilo.StartAsync(
            inner => new FailingAppends(inner, (name, _) => isDead && name == $"spool/{SpoolShards.Of("far.test")}" ? AppendFault.NotWritten : AppendFault.None), time: time);
        var (sent, entries) = await HoldAsync(silo);
        var far = entries.Single(entry => entry.Key.EndsWith("far.test", StringComparison.Ordinal));
        var places = entries.GroupBy(entry => Shard(silo, entry)).ToArray();
        foreach (var place in places)
        {
            await place.Key.PutOffAsync([.. place.Select(entry => entry.Key)], sent.SendAt.AddMinutes(15));
        }

        // As the grain does it, and dies on the way.
        isDead = true;
        Assert.Null(await TryAsync(() => Grain(silo).CancelAsync(sent.Id)));
        isDead = false;
        foreach (var place in places.Where(place => !place.Contains(far)))
        {
            Assert.Equal(place.Count(), (await place.Key.PutOffAsync([.. place.Select(entry => entry.Key)], null)).Count);
        }

        time.Advance(Hold + TimeSpan.FromMinutes(20));
        Assert.Equal([far.Key], (await LeaseAsync(silo, entries)).Select(entry => entry.Key));
        Assert.Equal(UndoStatus.Final, await UndoAsync(silo, sent));
    }

    [Fact]
    public async Task What_is_taken_out_is_so_for_whoever_asks_again_and_an_operator_sends_nothing_that_is_taken_back()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var (sent, entries) = await HoldAsync(silo);
        var (shard, key) = (Shard(silo, entries[0]), entries[0].Key);
        Assert.Equal([key], await shard.PutOffAsync([key], sent.SendAt.AddMinutes(15)));
        Assert.Equal(1, await shard.RetryAsync([key]));
        Assert.DoesNotContain(await LeaseAsync(silo, entries), entry => entry.Key == key);
        Assert.Equal([key], await shard.PutOffAsync([key], null));
        await silo.ForgetAsync();
        Assert.Equal([key], await shard.PutOffAsync([key], null));
        Assert.Empty(await shard.PutOffAsync([key], sent.SendAt.AddMinutes(15)));
        Assert.Empty(await shard.PutOffAsync([$"{DeliveryId.New(time.GetUtcNow())}:a@far.test", "no key"], null));

        // Put off beyond it, and let go: an operator may send it then.
        var (late, others) = await HoldAsync(silo);
        await Shard(silo, others[0]).PutOffAsync([others[0].Key], late.SendAt.AddMinutes(15));
        time.Advance(Hold);
        Assert.Equal(1, await Shard(silo, others[0]).RetryAsync([others[0].Key]));
        Assert.Contains(await LeaseAsync(silo, others), entry => entry.Key == others[0].Key);
    }

    [Fact]
    public async Task Held_mail_is_counted_once_and_given_back_when_it_is_taken_back()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var grain = Grain(silo);
        var (first, second) = (Submission(held: true), Submission(held: true, email: 2));
        Assert.Equal(SentOutcome.Done, (await grain.BeginHeldAsync(first, null, 1)).Outcome);

        // Its answer was lost, and the client came again.
        Assert.Equal((SentOutcome.Done, false), Told(await grain.BeginHeldAsync(first, null, 1)));
        Assert.Equal((SentOutcome.Done, true), Told(await grain.BeginHeldAsync(Submission(held: true), null, 1)));
        await silo.ForgetAsync();
        Assert.Equal((SentOutcome.Done, true), Told(await grain.BeginHeldAsync(Submission(held: true), null, 1)));

        var refused = await grain.BeginHeldAsync(second, null, 1);
        Assert.Equal((SentOutcome.TooManyHeld, (MailSubmission?)null), (refused.Outcome, refused.Submission));
        Assert.Equal(new(2026, 11, 28, 13, 0, 0, TimeSpan.Zero), refused.FreeAt);
        Assert.Null(await grain.FindInDoubtAsync(second));
        Assert.Equal(first.Id, (await grain.FindInDoubtAsync(Submission(held: true)))!.Id);
        Assert.Equal(SentOutcome.StateMismatch, (await grain.BeginHeldAsync(second, 7, 1)).Outcome);

        await AddAsync(silo, EntriesOf(first));
        await grain.FinishAsync(first.Id);
        Assert.Equal(SentOutcome.Done, (await grain.CancelAsync(first.Id)).Outcome);
        Assert.Equal(SentOutcome.Done, (await grain.BeginHeldAsync(second, null, 1)).Outcome);
        await AddAsync(silo, EntriesOf(second));
        await grain.FinishAsync(second.Id);

        // Nothing of it is to be sent by whoever repeats it now.
        var finished = await grain.BeginHeldAsync(second, null, 1);
        Assert.Equal((SentOutcome.Done, false, true), (finished.Outcome, finished.IsRepeat, finished.IsFinished));
        var third = Submission(held: true, email: 3);
        Assert.Equal(SentOutcome.TooManyHeld, (await grain.BeginHeldAsync(third, null, 1)).Outcome);
        Assert.Equal(SentOutcome.Done, (await grain.CancelAsync(second.Id)).Outcome);
        Assert.Equal(SentOutcome.Done, (await grain.BeginHeldAsync(third, null, 1)).Outcome);

        // What goes at once is not held, however much is.
        Assert.Equal(SentOutcome.Done, (await grain.BeginHeldAsync(Submission(held: false, email: 4), null, 1)).Outcome);

        static (SentOutcome, bool) Told(SubmissionBegun begun) => (begun.Outcome, begun.IsRepeat);
    }

    /// <summary>Its count is over with its hour, and others have taken all the room by then: its mail may have left, and goes under no second id.</summary>
    [Fact]
    public async Task What_is_in_doubt_is_not_refused_for_what_is_held()
    {
        time.SetUtcNow(new(2026, 11, 28, 12, 58, 0, TimeSpan.Zero));
        await using var silo = await TestSilo.StartAsync(time: time);
        var grain = Grain(silo);
        var (first, second) = (Submission(held: true), Submission(held: true, email: 2));
        Assert.False((await grain.BeginHeldAsync(first, null, 1)).IsFinished);
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(SentOutcome.Done, (await grain.BeginHeldAsync(second with { SendAt = time.GetUtcNow() + Hold }, null, 1)).Outcome);
        Assert.Equal(SentOutcome.TooManyHeld, (await grain.BeginHeldAsync(Submission(held: true, email: 3), null, 1)).Outcome);
        await silo.ForgetAsync();
        Assert.Equal(SentOutcome.TooManyHeld, (await grain.BeginHeldAsync(Submission(held: true, email: 3), null, 1)).Outcome);

        var again = await grain.BeginHeldAsync(Submission(held: true), null, 1);
        Assert.Equal((SentOutcome.Done, true, first.Id), (again.Outcome, again.IsRepeat, again.Submission?.Id));
        Assert.Equal(first.Id, (await grain.FindInDoubtAsync(Submission(held: true)))?.Id);
    }

    /// <summary>Two addresses lead to one mailbox, and wait in two shards under one key: one was sent early.</summary>
    [Fact]
    public async Task A_mailbox_with_two_addresses_is_taken_back_in_both_places_or_not()
    {
        await using var silo = await TestSilo.StartAsync(time: time);
        var sent = Submission(held: true);
        var other = Enumerable.Range(0, 100).Select(i => $"other{i}.test").First(domain => SpoolShards.Of(domain) != SpoolShards.Of("example.test"));
        var message = sent.Messages[0] with { Recipients = [.. sent.Messages[0].Recipients, new() { Address = new("bob", other), Mailboxes = [new("demo/bob")] }] };
        sent = sent with { Messages = [message] };
        await Grain(silo).BeginAsync(sent, null);
        var entries = EntriesOf(sent);
        await AddAsync(silo, entries);
        await Grain(silo).FinishAsync(sent.Id);

        await Shard(silo, entries[^1]).RetryAsync([entries[^1].Key]);
        Assert.Equal(SentOutcome.Left, (await Grain(silo).CancelAsync(sent.Id)).Outcome);
        Assert.Equal(UndoStatus.Pending, await UndoAsync(silo, sent));
        Assert.Equal([sent.SendAt], (await WaitingAsync(silo, entries[..^1])).Where(entry => entry.Recipient.Address.AsciiDomain != other).Select(entry => entry.DueAt).Distinct());
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
        Assert.Equal([one.Id, two.Id], (await grain.GetIdentityChangesAsync(0, 100)).Created);
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

        Assert.False(state.IdentityLog.Since(1, 10, state.Identities).Known);
        Assert.Empty(state.IdentityLog.Since(0, 10, state.Identities).Destroyed);
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

    private static List<SpoolEntry> EntriesOf(MailSubmission sent)
    {
        var message = sent.Messages[0];
        return [.. HeldPlace.Of(message.Delivery, message.Recipients).Select(held => new SpoolEntry
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
        })];
    }

    private static async Task<SentOutcome?> TryAsync(Func<Task<SentResult>> cancel)
    {
        try
        {
            return (await cancel()).Outcome;
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            return null;
        }
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
        var entries = EntriesOf(sent);
        Assert.Equal(HeldPlace.Of(message.Delivery, message.Recipients).Select(held => held.Place.Key), entries.Select(entry => entry.Key));
        await AddAsync(silo, entries);
        await Grain(silo).FinishAsync(sent.Id);
        return (sent, entries);
    }
}
