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
/// <item>No answer shows as pending what may have left, nor as canceled what may be in the spool, or was sent in spite of it: both are settled first. The spool remembers what it has taken out, so that a repeat
/// knows its own work; where an entry was neither there nor taken out, it has left, and the submission is final.</item>
/// <item>Held mail is counted before any of it is sent, by the submission's id, and given back after it was taken out.
/// What is in doubt is refused by no count, and stays counted until its time when it is abandoned: it may be in the spool.</item>
/// <item>A state is of one moment of one account: the first change of a kind begins at the time that it is, so that states which a restore undid do not come again.</item>
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

    private SubmissionStates told;

    private DateTimeOffset Now => Storage.Time.GetUtcNow();

    private bool IsUntouched => State.IdentityLog.State == 0 && State.SubmissionLog.State == 0;

    private ISendingGrain Counts => GrainFactory.GetGrain<ISendingGrain>(this.GetPrimaryKeyString());

    private SubmissionStates States => new(State.IdentityLog.State, State.SubmissionLog.State);

    protected override string JournalName => $"submissions/{this.GetPrimaryKeyString()}";

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await base.OnActivateAsync(cancellationToken);
        told = States;
        if (IsUntouched)
        {
            unknown.Add(GrainContext);
        }
    }

    public async Task<SubmissionStates> GetStatesAsync()
    {
        await SettleAsync();
        var states = States;
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
            Keep(new IdentityPut(identity));
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
            Keep(new IdentityRemoved(identity));
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

    public Task<SubmissionBegun> BeginAsync(MailSubmission submission, long? ifState) => BeginHeldAsync(submission, ifState, most: 0);

    public async Task<SubmissionBegun> BeginHeldAsync(MailSubmission submission, long? ifState, int most)
    {
        await SettleAsync();
        if (State.Find(submission.Id) is { } finished)
        {
            // Whoever repeats it was told so before, or not heard of it, or somebody else has sent it as the mail in doubt.
            await Durable();
            return new(SentOutcome.Done, finished.Submission, IsRepeat: false) { IsFinished = true };
        }

        var inDoubt = InDoubt(submission);
        var open = State.Begun.Count + State.Submissions.Count(kept => kept.Submission.Undo == UndoStatus.Pending);
        var outcome = ifState is { } wanted && wanted != State.SubmissionLog.State ? SentOutcome.StateMismatch
            : inDoubt is null && open >= MailSubmission.Most ? SentOutcome.TooMany
            : SentOutcome.Done;
        if (outcome == SentOutcome.Done && inDoubt is null)
        {
            Keep(new SendingBegun(submission));
        }

        await Durable();
        var begun = inDoubt ?? submission;

        // What is in doubt may be in the spool, or gone, and its count over with its hour: abandoned, it would be sent a second time by whoever asks again.
        var limit = inDoubt is null ? most : int.MaxValue;
        if (outcome == SentOutcome.Done && most > 0 && begun.IsHeld && await Counts.HoldMessageAsync(begun.Id, begun.SendAt, limit) is { } freeAt)
        {
            // What is begun just now and not counted was sent by nobody.
            Keep(new SendingAbandoned([begun.Id]));
            await Durable();
            return new(SentOutcome.TooManyHeld, null, IsRepeat: false) { FreeAt = freeAt };
        }

        // One that comes again because its answer was lost is no other's.
        return new(outcome, outcome == SentOutcome.Done ? begun : null, begun.Id != submission.Id);
    }

    public async Task<MailSubmission?> FindInDoubtAsync(MailSubmission wanted)
    {
        await SettleAsync();
        var inDoubt = InDoubt(wanted);
        await Durable();
        return inDoubt;
    }

    public async Task<SentResult> FinishAsync(Guid submission)
    {
        var old = State.SubmissionLog.State;
        if (State.Begun.Exists(begun => begun.Id == submission))
        {
            Keep(new SendingFinished(submission));
        }

        var outcome = State.Find(submission) is null ? SentOutcome.NotFound : SentOutcome.Done;
        return await EndAsync(State.SubmissionLog, outcome, old);
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
            Keep(new SubmissionCanceled(submission));
            await Durable();
            outcome = await TakeOutAsync(State.Find(submission)!.Submission) ? SentOutcome.Done : SentOutcome.Left;
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
            Keep(new SubmissionsForgotten([submission]));
        }

        return await EndAsync(State.SubmissionLog, outcome, old);
    }

    public Task DestroyAsync() => DestroyStateAsync();

    protected override void Apply(SubmissionsState state, SubmissionsEvent recorded) => state.Apply(recorded);

    protected override void OnDurable()
    {
        if (States != told)
        {
            told = States;
            GrainFactory.GetGrain<IEmailGrain>(this.GetPrimaryKeyString()).TellOfOthersAsync().Ignore();
        }
    }

    private static bool IsSameMail(MailSubmission one, MailSubmission other) =>
        one.Email == other.Email && one.Identity == other.Identity && one.From.IsSameAs(other.From)
        && one.To.Length == other.To.Length && one.To.Zip(other.To).All(pair => pair.First.IsSameAs(pair.Second));

    private MailSubmission? InDoubt(MailSubmission wanted) => State.Begun.Find(begun => IsSameMail(begun, wanted));

    /// <summary>Records a change, after the first state of its kind where there was none yet.</summary>
    private void Keep(SubmissionsEvent happened)
    {
        var (firstIdentity, firstSubmission) = (happened is IdentityPut && State.IdentityLog.State == 0, happened is SendingFinished && State.SubmissionLog.State == 0);
        if (firstIdentity || firstSubmission)
        {
            Record(new StatesRaised(Now, firstIdentity, firstSubmission));
        }

        Record(happened);
    }

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
            Keep(happened(ids));
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

    /// <summary>False when some of its mail was let go before it could be taken out: it is final then.</summary>
    private async Task<bool> TakeOutAsync(MailSubmission canceled)
    {
        var places = PlacesOf(canceled);
        var taken = (await PutOffAsync(places, until: null)).ToHashSet();

        // The outcome first: a body that loses its owner before is missed by whoever has the entry in hand.
        foreach (var message in canceled.Messages)
        {
            // A mailbox that several addresses lead to waits in several shards, and what has left of one is filed with its body.
            var owners = HeldPlace.Of(message.Delivery, message.Recipients).ToLookup(held => taken.Contains(held.Place), held => held.Place.Owner);
            foreach (var owner in owners[true].Except(owners[false]))
            {
                await Storage.Blobs.ReleaseAsync(BodyRef.NameFor(message.Tenant, message.Delivery), owner, CancellationToken.None);
            }
        }

        var isWhole = taken.Count == places.Count;
        if (isWhole && canceled.IsHeld)
        {
            await Counts.ReleaseMessageAsync(canceled.Id);
        }

        Keep(isWhole ? new MailTakenOut(canceled.Id) : new SubmissionsReleased([canceled.Id]));
        await Durable();
        return isWhole;
    }

    private async Task<IReadOnlyCollection<HeldPlace>> PutOffAsync(IReadOnlyCollection<HeldPlace> places, DateTimeOffset? until)
    {
        var shards = await Task.WhenAll(places.GroupBy(place => place.Shard).Select(OfShardAsync));
        return [.. shards.SelectMany(held => held)];

        // The key is one shard's: that of a mailbox which several addresses lead to is the same in each of theirs.
        async Task<IEnumerable<HeldPlace>> OfShardAsync(IGrouping<int, HeldPlace> shard)
        {
            var done = await GrainFactory.GetGrain<ISpoolGrain>(shard.Key).PutOffAsync([.. shard.Select(place => place.Key)], until);
            var keys = done.ToHashSet(StringComparer.Ordinal);
            return shard.Where(place => keys.Contains(place.Key));
        }
    }

    private static HashSet<HeldPlace> PlacesOf(MailSubmission submission) => [.. submission.Messages.SelectMany(message => HeldPlace.Of(message.Delivery, message.Recipients)).Select(held => held.Place)];
}
