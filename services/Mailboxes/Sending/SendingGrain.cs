using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;
using Orleans.Concurrency;

namespace MailCloud.Mailboxes.Sending;

/// <summary>
/// What an account, or a tenant, has sent of late. Unlike other journaled grains it answers before its journal has what the answer says: a message costs no append. It records when what is not
/// recorded yet has grown to a hundredth of a day's limit or a twenty-fifth of an hour's, and when it is put away; a crash forgets no more than that, and as much again when it falls into an append.
/// </summary>
[Reentrant]
internal sealed class SendingGrain(GrainStorage storage) : SnapshotGrain<SendingState, RecipientsCounted>(storage), ISendingGrain
{
    /// <summary>The parts of its limits that a crash may forget: a hundredth of the day's, a twenty-fifth of the hour's.</summary>
    private const int ShareOfDay = 100;
    private const int ShareOfHour = 25;

    /// <summary>Hours; SmtpIngress holds mail for eight days at most, and what is over by so much more than another is over.</summary>
    private const int LongestHold = 24 * 10;

    /// <summary>Counted since the last record, by hour.</summary>
    private readonly Dictionary<long, int> unrecorded = [];

    private SendingCounts counts = null!;

    protected override string JournalName => $"sending/{Key}";

    private string Key => this.GetPrimaryKeyString();

    /// <summary>The grain that counts for the account's tenant; null in that grain itself.</summary>
    private ISendingGrain? Tenants => Key.Contains('/', StringComparison.Ordinal) ? GrainFactory.GetGrain<ISendingGrain>(new AccountId(Key).Tenant.Value) : null;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await base.OnActivateAsync(cancellationToken);
        counts = new(new(State.Hours));
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (!IsFenced)
        {
            RecordCounts();
        }

        return base.OnDeactivateAsync(reason, cancellationToken);
    }

    public async Task<SendingGrant> TakeAsync(SendingRequest request)
    {
        ThrowIfFenced();
        var mine = Take(request.Recipients, request.Limits);
        if (request.Tenant is not { } limits || mine.Recipients == 0)
        {
            return mine;
        }

        var grant = await Tenants!.TakeAsync(new(mine.Recipients, limits, null));
        TakeOff(mine.Recipients - grant.Recipients);
        return grant;
    }

    public async Task GiveBackAsync(int recipients)
    {
        ThrowIfFenced();
        TakeOff(recipients);
        if (Tenants is { } tenants)
        {
            await tenants.GiveBackAsync(recipients);
        }
    }

    public async Task<DateTimeOffset?> HoldAsync(DateTimeOffset until, int limit)
    {
        ThrowIfFenced();
        if (FreeAt(limit) is { } freeAt)
        {
            return freeAt;
        }

        // Unlike recipients these are few and stay for days: each is worth an append.
        Record(new([]) { Held = [new(HourAfter(until), 1)] });
        await Durable();
        return null;
    }

    public async Task<DateTimeOffset?> HoldMessageAsync(Guid message, DateTimeOffset until, int limit)
    {
        ThrowIfFenced();
        if (!State.HeldMessages.ContainsKey(message))
        {
            if (FreeAt(limit) is { } freeAt)
            {
                return freeAt;
            }

            var now = SendingCounts.HourOf(Storage.Time.GetUtcNow());
            var hour = HourAfter(until);
            Record(new([]) { Held = [new(hour, 1)], Named = [new(message, hour)], Over = [.. State.HeldMessages.Where(held => held.Value <= now).Select(held => held.Key)] });
        }

        await Durable();
        return null;
    }

    public async Task ReleaseMessageAsync(Guid message)
    {
        ThrowIfFenced();
        if (State.HeldMessages.TryGetValue(message, out var hour))
        {
            Record(new([]) { Held = [new(hour, -1)], Over = [message] });
        }

        await Durable();
    }

    public Task DestroyAsync() => DestroyStateAsync();

    protected override void Apply(SendingState state, RecipientsCounted recorded)
    {
        foreach (var (hour, messages) in recorded.Held ?? [])
        {
            state.Held[hour] = state.Held.GetValueOrDefault(hour) + messages;
            foreach (var past in state.Held.Where(known => known.Key < hour - LongestHold || known.Value == 0).Select(known => known.Key).ToList())
            {
                state.Held.Remove(past);
            }
        }

        foreach (var message in recorded.Over ?? [])
        {
            state.HeldMessages.Remove(message);
        }

        foreach (var named in recorded.Named ?? [])
        {
            state.HeldMessages[named.Message] = named.Hour;
        }

        var applied = new SendingCounts(state.Hours);
        foreach (var (hour, recipients) in recorded.Hours)
        {
            applied.Add(hour, recipients);
        }
    }

    /// <summary>Null when one more message may be held, else when the first of those that are goes.</summary>
    private DateTimeOffset? FreeAt(int limit)
    {
        var now = SendingCounts.HourOf(Storage.Time.GetUtcNow());
        var held = State.Held.Where(h => h.Key > now).ToList();
        return held.Sum(h => h.Value) < limit ? null : SendingCounts.StartOf(held.Count > 0 ? held.Min(h => h.Key) : now + 1);
    }

    private static long HourAfter(DateTimeOffset until) => SendingCounts.HourOf(until) + 1;

    private SendingGrant Take(int recipients, SendingLimits limits)
    {
        if (limits is { PerHour: 0, PerDay: 0 })
        {
            return new(recipients, null);
        }

        var hour = SendingCounts.HourOf(Storage.Time.GetUtcNow());
        var grant = counts.Allow(recipients, limits, hour, ofTenant: Tenants is null);
        if (grant.Recipients > 0)
        {
            Count(new(hour, grant.Recipients));
            if (unrecorded.Values.Sum(Math.Abs) >= ForgottenAtMost(limits))
            {
                RecordCounts();
            }
        }

        return grant;
    }

    private void TakeOff(int recipients)
    {
        foreach (var change in counts.LatestOf(recipients).ToArray())
        {
            Count(change);
        }
    }

    private void Count(HourCount change)
    {
        counts.Add(change.Hour, change.Recipients);
        unrecorded[change.Hour] = unrecorded.GetValueOrDefault(change.Hour) + change.Recipients;
    }

    private void RecordCounts()
    {
        HourCount[] changes = [.. unrecorded.Where(u => u.Value != 0).Select(u => new HourCount(u.Key, u.Value))];
        unrecorded.Clear();
        if (changes.Length > 0)
        {
            Record(new(changes));
        }
    }

    private static int ForgottenAtMost(SendingLimits limits) => Math.Max(1, Math.Min(
        limits.PerDay > 0 ? limits.PerDay / ShareOfDay : int.MaxValue, limits.PerHour > 0 ? limits.PerHour / ShareOfHour : int.MaxValue));
}
