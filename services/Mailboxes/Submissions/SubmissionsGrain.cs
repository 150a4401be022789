using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Directory;
using MailCloud.Mailboxes.Journaled;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Submissions;

/// <summary>
/// Identities and submissions of one account. Invariants, beside those of <see cref="JournaledGrain{TState,TEvent}"/>:
/// <list type="number">
/// <item>What a submission sends is fixed, with its delivery ids, before any of it is sent: sent again after a doubt, it is the same mail.</item>
/// <item>A submission is canceled only when all of its mail is put off, and the journal has it before any of that is taken out. If one entry could not be put off, all of it is sent.</item>
/// <item>No answer shows as pending what may have left, nor as canceled what may be in the spool: both are settled first.</item>
/// </list>
/// Not re-entrant: a cancel and what else is asked meanwhile follow one another.
/// </summary>
internal sealed class SubmissionsGrain(GrainStorage storage, UnknownNames unknown) : SnapshotGrain<SubmissionsState, SubmissionsEvent>(storage), ISubmissionsGrain
{
    /// <summary>
    /// For how long after its time mail stays put off while it is being taken back. Longer than a silo's loss lasts: who asks for the submission then finishes what was begun. Mail that is put off and was
    /// not canceled, because this grain was lost between both, goes out that much late.
    /// </summary>
    private static readonly TimeSpan PutOffFor = TimeSpan.FromMinutes(15);

    /// <summary>Recipients of all submissions together. What is beyond goes with the oldest: the state stays below 4 MB.</summary>
    private const int MostRecipients = 20_000;

    private DateTimeOffset Now => Storage.Time.GetUtcNow();

    protected override string JournalName => $"submissions/{this.GetPrimaryKeyString()}";

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await base.OnActivateAsync(cancellationToken);
        if (State.IdentityLog.State == 0 && State.SubmissionLog.State == 0)
        {
            unknown.Add(GrainContext);
        }
    }

    public async Task<SubmissionStates> GetStatesAsync()
    {
        await SettleAsync();
        var states = new SubmissionStates(State.IdentityLog.State, State.SubmissionLog.State);
        await Durable();
        return states;
    }

    public async Task<IdentityList> GetIdentitiesAsync()
    {
        var own = State.FindIdentity(SendingIdentity.Own)!.Identity;
        var list = new IdentityList(State.IdentityLog.State, [own, .. State.Identities.Where(kept => kept.Id != SendingIdentity.Own).Select(kept => kept.Identity)]);
        await Durable();
        return list;
    }

    public async Task<SentChanges> GetIdentityChangesAsync(long since, int max)
    {
        var changes = State.IdentityLog.Since(since, max, State.Identities);
        await Durable();
        return changes;
    }

    public async Task<SentResult> PutIdentityAsync(SendingIdentity identity, long? ifState)
    {
        var old = State.IdentityLog.State;
        var before = State.FindIdentity(identity.Id);
        var outcome = ifState is { } wanted && wanted != old ? SentOutcome.StateMismatch
            : before is null && State.Identities.Count >= SendingIdentity.Most ? SentOutcome.TooMany
            : SentOutcome.Done;
        if (outcome == SentOutcome.Done && before?.Identity.IsSameAs(identity) != true)
        {
            Record(new IdentityPut(identity));
        }

        return await EndAsync(State.IdentityLog, outcome, old);
    }

    public async Task<SentResult> RemoveIdentityAsync(Guid identity, long? ifState)
    {
        var old = State.IdentityLog.State;
        var outcome = ifState is { } wanted && wanted != old ? SentOutcome.StateMismatch
            : identity == SendingIdentity.Own ? SentOutcome.Forbidden
            : State.FindIdentity(identity) is null ? SentOutcome.NotFound
            : SentOutcome.Done;
        if (outcome == SentOutcome.Done)
        {
            Record(new IdentityRemoved(identity));
        }

        return await EndAsync(State.IdentityLog, outcome, old);
    }

    public async Task<SubmissionList> GetAsync(IReadOnlyList<Guid> submissions)
    {
        await SettleAsync();
        var wanted = submissions.ToHashSet();
        var list = new SubmissionList(State.SubmissionLog.State, [.. State.Submissions.Where(kept => wanted.Contains(kept.Id)).Select(kept => kept.Submission)]);
        await Durable();
        return list;
    }

    public async Task<SubmissionRows> GetRowsAsync()
    {
        await SettleAsync();
        var rows = State.Submissions.Select(kept => kept.Submission).Select(s => new SubmissionRow(s.Id, s.Identity, s.Email, s.Thread, s.SendAt, s.Undo));
        var all = new SubmissionRows(State.SubmissionLog.State, [.. rows], State.SubmissionLog.Known);
        await Durable();
        return all;
    }

    public async Task<SentChanges> GetChangesAsync(long since, int max)
    {
        await SettleAsync();
        var changes = State.SubmissionLog.Since(since, max, State.Submissions);
        await Durable();
        return changes;
    }

    public async Task<SubmissionBegun> BeginAsync(MailSubmission submission, long? ifState)
    {
        await SettleAsync();
        var inDoubt = State.Begun.Find(begun => IsSameMail(begun, submission));
        var open = State.Begun.Count + State.Submissions.Count(kept => kept.Submission.Undo == UndoStatus.Pending);
        var outcome = ifState is { } wanted && wanted != State.SubmissionLog.State ? SentOutcome.StateMismatch
            : inDoubt is null && open >= MailSubmission.Most ? SentOutcome.TooMany
            : SentOutcome.Done;
        if (outcome == SentOutcome.Done && inDoubt is null)
        {
            Record(new SendingBegun(submission));
        }

        await Durable();
        return new(outcome, outcome == SentOutcome.Done ? inDoubt ?? submission : null, inDoubt is not null);
    }

    public async Task<SentResult> FinishAsync(Guid submission)
    {
        var old = State.SubmissionLog.State;
        if (State.Begun.Exists(begun => begun.Id == submission))
        {
            Record(new SendingFinished(submission));
        }

        var outcome = State.Find(submission) is null ? SentOutcome.NotFound : SentOutcome.Done;
        return await EndAsync(State.SubmissionLog, outcome, old);
    }

    public async Task AbandonAsync(Guid submission)
    {
        if (State.Begun.Exists(begun => begun.Id == submission))
        {
            Record(new SendingAbandoned([submission]));
        }

        await Durable();
    }

    public async Task<SentResult> CancelAsync(Guid submission)
    {
        await SettleAsync();
        var old = State.SubmissionLog.State;
        var outcome = State.Find(submission)?.Submission switch
        {
            null => SentOutcome.NotFound,
            { Undo: UndoStatus.Canceled } => SentOutcome.Done,
            { Undo: UndoStatus.Final } => SentOutcome.Left,
            { } pending => await PutOffAsync(pending) ? SentOutcome.Done : SentOutcome.Left,
        };
        if (outcome == SentOutcome.Done && State.Find(submission)!.Submission.Undo == UndoStatus.Pending)
        {
            Record(new SubmissionCanceled(submission));
            await Durable();
            await TakeOutAsync(State.Find(submission)!.Submission);
        }

        return await EndAsync(State.SubmissionLog, outcome, old);
    }

    public async Task<SentResult> RemoveAsync(Guid submission, long? ifState)
    {
        await SettleAsync();
        var old = State.SubmissionLog.State;
        var outcome = ifState is { } wanted && wanted != old ? SentOutcome.StateMismatch : State.Find(submission) is null ? SentOutcome.NotFound : SentOutcome.Done;
        if (outcome == SentOutcome.Done)
        {
            Record(new SubmissionsForgotten([submission]));
        }

        return await EndAsync(State.SubmissionLog, outcome, old);
    }

    public Task DestroyAsync() => DestroyStateAsync();

    protected override void Apply(SubmissionsState state, SubmissionsEvent recorded) => state.Apply(recorded);

    private static bool IsSameMail(MailSubmission one, MailSubmission other) =>
        one.Email == other.Email && one.Identity == other.Identity && one.From.IsSameAs(other.From)
        && one.To.Length == other.To.Length && one.To.Zip(other.To).All(pair => pair.First.IsSameAs(pair.Second));

    private async Task<SentResult> EndAsync(SentLog log, SentOutcome outcome, long old)
    {
        var state = log.State;
        await Durable();
        return new(outcome, old, state);
    }

    /// <summary>What time, or a silo's loss, has made of submissions since somebody asked last.</summary>
    private async Task SettleAsync()
    {
        foreach (var canceled in State.Submissions.Where(kept => kept.IsTakingOut).ToArray())
        {
            await TakeOutAsync(canceled.Submission);
        }

        var now = Now;
        RecordFor(State.Submissions.Where(kept => kept.Submission.Undo == UndoStatus.Pending && kept.Submission.SendAt <= now).Select(kept => kept.Id), ids => new SubmissionsReleased(ids));
        RecordFor(State.Begun.Where(begun => begun.Messages[0].Delivery.AcceptedAt + MailSubmission.DoubtFor <= now).Select(begun => begun.Id), ids => new SendingAbandoned(ids));
        RecordFor(TooOld(now), ids => new SubmissionsForgotten(ids));
    }

    private void RecordFor(IEnumerable<Guid> submissions, Func<Guid[], SubmissionsEvent> happened)
    {
        Guid[] ids = [.. submissions];
        if (ids.Length > 0)
        {
            Record(happened(ids));
        }
    }

    // They stand in the order in which they were made.
    private List<Guid> TooOld(DateTimeOffset now)
    {
        var forgotten = new List<Guid>();
        var recipients = State.Submissions.Sum(kept => kept.Submission.To.Length);
        foreach (var kept in State.Submissions)
        {
            var isBeyond = State.Submissions.Count - forgotten.Count > MailSubmission.Most || recipients > MostRecipients;
            if (kept.Submission.Undo != UndoStatus.Pending && !kept.IsTakingOut && (isBeyond || kept.Submission.SendAt + MailSubmission.KeptFor <= now))
            {
                forgotten.Add(kept.Id);
                recipients -= kept.Submission.To.Length;
            }
        }

        return forgotten;
    }

    /// <summary>True when all of its mail waits past its time now. Else what was put off is due at its time again.</summary>
    private async Task<bool> PutOffAsync(MailSubmission submission)
    {
        var places = PlacesOf(submission);
        var held = await PutOffAsync(places, submission.SendAt + PutOffFor);
        if (held.Count == places.Count)
        {
            return true;
        }

        await PutOffAsync(held, submission.SendAt);
        return false;
    }

    private async Task TakeOutAsync(MailSubmission canceled)
    {
        await PutOffAsync(PlacesOf(canceled), until: null);

        // The outcome first: a body that loses its owner before is missed by whoever has the entry in hand.
        foreach (var message in canceled.Messages)
        {
            foreach (var owner in HeldPlace.Of(message.Delivery, message.Recipients).Select(held => held.Place.Owner).Distinct())
            {
                await Storage.Blobs.ReleaseAsync(BodyRef.NameFor(message.Tenant, message.Delivery), owner, CancellationToken.None);
            }
        }

        Record(new MailTakenOut(canceled.Id));
        await Durable();
    }

    private async Task<IReadOnlyCollection<HeldPlace>> PutOffAsync(IReadOnlyCollection<HeldPlace> places, DateTimeOffset? until)
    {
        var done = await Task.WhenAll(places.GroupBy(place => place.Shard).Select(shard => GrainFactory.GetGrain<ISpoolGrain>(shard.Key).PutOffAsync([.. shard.Select(place => place.Key)], until)));
        var keys = done.SelectMany(shard => shard).ToHashSet(StringComparer.Ordinal);
        return [.. places.Where(place => keys.Contains(place.Key))];
    }

    private static HashSet<HeldPlace> PlacesOf(MailSubmission submission) => [.. submission.Messages.SelectMany(message => HeldPlace.Of(message.Delivery, message.Recipients)).Select(held => held.Place)];
}
