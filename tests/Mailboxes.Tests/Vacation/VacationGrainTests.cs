using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Mailboxes.Vacation;
using MailCloud.Messages;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Mailboxes.Tests.Vacation;

/// <summary>The response of an account, whom it has answered, and what its mailbox says of it when mail is filed.</summary>
public sealed class VacationGrainTests
{
    private const string Account = "demo/alice";

    private static readonly VacationResponse Away = new() { IsEnabled = true, TextBody = "away", Address = new("alice", "example.test") };

    private readonly FakeTimeProvider time = new(new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task Filing_says_so_while_a_response_is_enabled_and_not_of_spam()
    {
        await using var silo = await StartAsync();
        Assert.Null((await FileAsync(silo, NewDelivery())).Vacation);

        await Grain(silo).SetAsync(Away, null);
        await silo.ForgetAsync();
        var delivery = NewDelivery();
        Assert.Equal("Filed True", await SaidAsync(silo, delivery));
        Assert.Equal("AlreadyFiled True", await SaidAsync(silo, delivery));
        Assert.Null((await FileAsync(silo, NewDelivery(), "Spam")).Vacation);

        await Grain(silo).SetAsync(Away with { IsEnabled = false }, null);
        Assert.Equal("AlreadyFiled ", await SaidAsync(silo, delivery));
    }

    [Fact]
    public async Task What_is_said_of_the_mailbox_before_and_comes_late_changes_nothing()
    {
        await using var silo = await StartAsync();
        var now = time.GetUtcNow();
        await silo.Mailbox(Account).SwitchVacationAsync(new(IsOn: true, now));
        await silo.Mailbox(Account).SwitchVacationAsync(new(IsOn: false, now.AddSeconds(-1)));
        await silo.Mailbox(Account).CreateAsync(new() { QuotaBytes = 1_000_000 });
        Assert.True((await FileAsync(silo, NewDelivery())).Vacation);
        await silo.Mailbox("demo/nobody").SwitchVacationAsync(new(IsOn: true, now));
        Assert.Equal(FilingResult.NoSuchMailbox, (await silo.Mailbox("demo/nobody").FileAsync(Mail.For("demo/nobody", NewDelivery()))).Result);
    }

    [Fact]
    public async Task A_switch_that_the_mailbox_has_lost_or_kept_is_set_right_when_somebody_asks()
    {
        await using var silo = await StartAsync();
        await Grain(silo).SetAsync(Away, null);
        time.Advance(TimeSpan.FromSeconds(1));
        await silo.Mailbox(Account).SwitchVacationAsync(new(IsOn: false, time.GetUtcNow()));
        await silo.ForgetAsync();
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True((await Grain(silo).GetAsync()).Response.IsEnabled);
        Assert.True((await FileAsync(silo, NewDelivery())).Vacation);

        await Grain(silo).SetAsync(Away with { IsEnabled = false }, null);
        time.Advance(TimeSpan.FromSeconds(1));
        await silo.Mailbox(Account).SwitchVacationAsync(new(IsOn: true, time.GetUtcNow()));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await AskAsync(silo, "bob@example.test", NewDelivery()));
        Assert.Null((await FileAsync(silo, NewDelivery())).Vacation);
    }

    [Fact]
    public async Task A_sender_is_answered_once_in_a_week_and_the_same_delivery_alike()
    {
        await using var silo = await StartAsync();
        await Grain(silo).SetAsync(Away, null);
        var first = NewDelivery();
        Assert.Equal(Away, await AskAsync(silo, "bob@example.test", first));
        await silo.ForgetAsync();
        Assert.Equal(Away, await AskAsync(silo, "bob@example.test", first));
        Assert.Null(await AskAsync(silo, "bob@example.test", NewDelivery()));
        Assert.NotNull(await AskAsync(silo, "carol@example.test", NewDelivery()));

        // Another text would be other mail under the same id.
        await Grain(silo).SetAsync(Away with { TextBody = "still away" }, null);
        Assert.Null(await AskAsync(silo, "bob@example.test", first));

        time.Advance(VacationResponse.Interval);
        Assert.Null(await AskAsync(silo, "bob@example.test", first));
        Assert.Equal("still away", (await AskAsync(silo, "bob@example.test", NewDelivery()))!.TextBody);
    }

    [Fact]
    public async Task Only_what_comes_between_the_dates_is_answered()
    {
        await using var silo = await StartAsync();
        var from = time.GetUtcNow().AddHours(1);
        await Grain(silo).SetAsync(Away with { FromDate = from, ToDate = from.AddHours(1) }, null);
        var delivery = NewDelivery();
        Assert.Null(await Grain(silo).AskAsync(new("a@example.test", delivery, from.AddMilliseconds(-1))));
        Assert.NotNull(await Grain(silo).AskAsync(new("b@example.test", delivery, from)));
        Assert.NotNull(await Grain(silo).AskAsync(new("c@example.test", delivery, from.AddMinutes(59))));
        Assert.Null(await Grain(silo).AskAsync(new("d@example.test", delivery, from.AddHours(1))));
    }

    [Fact]
    public async Task A_change_has_a_state_and_what_is_equal_is_none()
    {
        await using var silo = await StartAsync();
        var before = await Grain(silo).GetAsync();
        Assert.Equal(new VacationResponse(), before.Response);
        var set = await Grain(silo).SetAsync(Away, before.State);
        Assert.Equal((false, before.State, time.GetUtcNow().ToUnixTimeMilliseconds()), (set.IsStateMismatch, set.OldState, set.State));
        Assert.Equal(set.State, (await Grain(silo).SetAsync(Away, set.State)).State);
        Assert.True((await Grain(silo).SetAsync(Away with { TextBody = "no" }, before.State)).IsStateMismatch);
        await AskAsync(silo, "bob@example.test", NewDelivery());
        Assert.Equal(new KeptVacation(set.State, Away), await Grain(silo).GetAsync());
        Assert.Equal(set.State + 1, (await Grain(silo).SetAsync(Away with { TextBody = "within the same moment" }, set.State)).State);
    }

    [Fact]
    public void Senders_are_remembered_for_a_week_and_as_many_as_may_be()
    {
        var state = new VacationState();
        var first = time.GetUtcNow();
        for (var i = 0; i < VacationResponse.MostAnswered; i++)
        {
            Assert.False(state.IsFull(time.GetUtcNow()));
            state.Apply(new SenderAnswered(new($"{i}@example.test", default, time.GetUtcNow(), 0)));
            time.Advance(TimeSpan.FromSeconds(20));
        }

        var now = time.GetUtcNow();
        Assert.True(state.IsFull(now));
        Assert.NotNull(state.Find("0@example.test", now));
        var later = first + VacationResponse.Interval;
        Assert.False(state.IsFull(later));
        Assert.Null(state.Find("0@example.test", later));
        state.Apply(new SenderAnswered(new("new@example.test", default, now + VacationResponse.Interval, 0)));
        Assert.Equal("new@example.test", Assert.Single(state.Answered).Sender);
    }

    [Fact]
    public async Task So_many_senders_are_answered_in_an_hour_and_the_others_when_they_write_again()
    {
        await using var silo = await StartAsync();
        await Grain(silo).SetAsync(Away, null);
        var first = NewDelivery();
        for (var i = 0; i < VacationResponse.MostInHour; i++)
        {
            Assert.NotNull(await AskAsync(silo, $"{i}@example.test", i == 0 ? first : NewDelivery()));
        }

        Assert.Null(await AskAsync(silo, "late@example.test", NewDelivery()));
        Assert.NotNull(await AskAsync(silo, "0@example.test", first));
        time.Advance(TimeSpan.FromHours(1));
        Assert.NotNull(await AskAsync(silo, "late@example.test", NewDelivery()));
    }

    [Fact]
    public void A_manifest_has_the_switch()
    {
        var state = new MailboxState();
        state.Apply(new MailboxCreated { QuotaBytes = 0, Folders = [], UidValidity = 1 });
        var on = new VacationSwitch(IsOn: true, time.GetUtcNow());
        state.Apply(new QuotaChanged { QuotaBytes = 0, Vacation = on });
        state.Apply(new QuotaChanged { QuotaBytes = 5 });
        Assert.Equal(on, state.Vacation);
        Assert.Equal(5, state.QuotaBytes);
        Assert.Equal(on, MailboxState.From(state.ToManifest([])).Vacation);
    }

    private async Task<TestSilo> StartAsync()
    {
        var silo = await TestSilo.StartAsync(time: time);
        await silo.Mailbox(Account).CreateAsync(new() { Folders = [new("Spam", "\\Junk")] });
        return silo;
    }

    private static IVacationGrain Grain(TestSilo silo) => silo.Grains.GetGrain<IVacationGrain>(Account);

    private DeliveryId NewDelivery() => DeliveryId.New(time.GetUtcNow());

    private Task<VacationResponse?> AskAsync(TestSilo silo, string sender, DeliveryId delivery) => Grain(silo).AskAsync(new(sender, delivery, time.GetUtcNow()));

    private static Task<FilingOutcome> FileAsync(TestSilo silo, DeliveryId delivery, string folder = "INBOX") =>
        silo.Mailbox(Account).FileAsync(Mail.For(Account, delivery) with { Folder = folder });

    private static async Task<string> SaidAsync(TestSilo silo, DeliveryId delivery)
    {
        var outcome = await FileAsync(silo, delivery);
        return $"{outcome.Result} {outcome.Vacation}";
    }
}
