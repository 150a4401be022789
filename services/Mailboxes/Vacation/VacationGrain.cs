using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Directory;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Vacation;

/// <summary>
/// The vacation response of one account. Invariants, beside those of <see cref="JournaledGrain{TState,TEvent}"/>:
/// <list type="number">
/// <item>A sender is answered at most once in <see cref="VacationResponse.Interval"/>, and the journal has it before whoever asks may send anything.</item>
/// <item>While a response is enabled the mailbox's switch is on: it is turned on before the response is, and off after it. So filing asks here for every account that is to answer, and for no other but by a crash.</item>
/// </list>
/// Not re-entrant: two questions about one sender, and two changes with their switches, follow one another.
/// </summary>
internal sealed class VacationGrain(GrainStorage storage, UnknownNames unknown) : SnapshotGrain<VacationState, VacationEvent>(storage), IVacationGrain
{
    private bool isSwitchSeen;
    private long told;

    private DateTimeOffset Now => Storage.Time.GetUtcNow();

    /// <summary>Of a change: later than the one before, whatever the clocks of silos say.</summary>
    private DateTimeOffset NextChange => Now > State.ChangedAt ? Now : State.ChangedAt.AddTicks(1);

    protected override string JournalName => $"vacation/{this.GetPrimaryKeyString()}";

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await base.OnActivateAsync(cancellationToken);
        told = State.State;
        if (State.State == 0)
        {
            unknown.Add(GrainContext);
        }
    }

    public async Task<KeptVacation> GetAsync()
    {
        // A backup's mailbox may be of a moment before, and one that a build without responses has sealed has forgotten it.
        if (State.Response.IsEnabled && !isSwitchSeen)
        {
            await SwitchAsync(isOn: true, NextChange);
        }

        var kept = new KeptVacation(State.State, State.Response);
        await Durable();
        return kept;
    }

    public async Task<long> GetStateAsync()
    {
        var state = State.State;
        await Durable();
        return state;
    }

    public async Task<VacationResult> SetAsync(VacationResponse response, long? ifState)
    {
        var (old, before) = (State.State, State.Response);
        var isMismatch = ifState is { } wanted && wanted != old;
        if (!isMismatch && response != before)
        {
            var at = NextChange;
            if (response.IsEnabled)
            {
                await SwitchAsync(isOn: true, at);
            }

            Record(new VacationChanged(response, at));
            await Durable();
            if (!response.IsEnabled && before.IsEnabled)
            {
                await SwitchAsync(isOn: false, at);
            }
        }

        await Durable();
        return new(isMismatch, old, State.State);
    }

    public async Task<VacationResponse?> AskAsync(VacationQuestion question)
    {
        var now = Now;
        if (!State.Response.IsEnabled)
        {
            // Left on by a crash.
            await SwitchAsync(isOn: false, NextChange);
        }

        var isAnswered = IsToBeAnswered(question, now);
        if (isAnswered && State.Find(question.Sender, now) is null)
        {
            Record(new SenderAnswered(new(question.Sender, question.Delivery, now, State.State)));
        }

        var response = State.Response;
        await Durable();
        return isAnswered ? response : null;
    }

    public Task DestroyAsync() => DestroyStateAsync();

    protected override void Apply(VacationState state, VacationEvent recorded) => state.Apply(recorded);

    protected override void OnDurable()
    {
        if (State.State != told)
        {
            told = State.State;
            GrainFactory.GetGrain<IEmailGrain>(this.GetPrimaryKeyString()).TellOfOthersAsync().Ignore();
        }
    }

    private bool IsToBeAnswered(VacationQuestion question, DateTimeOffset now)
    {
        // What was accepted before the oldest answer that is remembered may have been answered already.
        if (!State.Response.Answers(question.ArrivedAt) || question.Delivery.AcceptedAt + VacationResponse.Interval <= now)
        {
            return false;
        }

        return State.Find(question.Sender, now) is { } answered
            ? answered.Delivery == question.Delivery && answered.State == State.State
            : !State.IsFull(now);
    }

    private async Task SwitchAsync(bool isOn, DateTimeOffset at)
    {
        await GrainFactory.GetGrain<IMailboxGrain>(this.GetPrimaryKeyString()).SwitchVacationAsync(new(isOn, at));
        isSwitchSeen = isOn;
    }
}
