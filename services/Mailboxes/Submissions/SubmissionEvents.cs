using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Submissions;

[GenerateSerializer, Immutable, Alias("mc.SubmissionsEvent")]
internal abstract record SubmissionsEvent : IStoredRecord
{
    public static byte FormatVersion => 1;
}

/// <summary>States go on at a time that is later than any before, and what was destroyed until then is not known: nothing was there yet, or it was restored from a backup.</summary>
/// <param name="At">That time.</param>
/// <param name="OfIdentities">The state of the identities does.</param>
/// <param name="OfSubmissions">The state of the submissions does.</param>
[GenerateSerializer, Immutable, Alias("mc.StatesRaised")]
internal sealed record StatesRaised([property: Id(0)] DateTimeOffset At, [property: Id(1)] bool OfIdentities, [property: Id(2)] bool OfSubmissions) : SubmissionsEvent;

[GenerateSerializer, Immutable, Alias("mc.IdentityPut")]
internal sealed record IdentityPut([property: Id(0)] SendingIdentity Identity) : SubmissionsEvent;

[GenerateSerializer, Immutable, Alias("mc.IdentityRemoved")]
internal sealed record IdentityRemoved([property: Id(0)] Guid Identity) : SubmissionsEvent;

[GenerateSerializer, Immutable, Alias("mc.SendingBegun")]
internal sealed record SendingBegun([property: Id(0)] MailSubmission Submission) : SubmissionsEvent;

[GenerateSerializer, Immutable, Alias("mc.SendingFinished")]
internal sealed record SendingFinished([property: Id(0)] Guid Submission) : SubmissionsEvent;

/// <summary>They were begun, and are no submissions.</summary>
[GenerateSerializer, Immutable, Alias("mc.SendingAbandoned")]
internal sealed record SendingAbandoned([property: Id(0)] Guid[] Submissions) : SubmissionsEvent;

/// <summary>The hold of their mail is over, or some of it has left although it was to be taken out.</summary>
[GenerateSerializer, Immutable, Alias("mc.SubmissionsReleased")]
internal sealed record SubmissionsReleased([property: Id(0)] Guid[] Submissions) : SubmissionsEvent;

/// <summary>All of its mail is put off, and is to be taken out from here on.</summary>
[GenerateSerializer, Immutable, Alias("mc.SubmissionCanceled")]
internal sealed record SubmissionCanceled([property: Id(0)] Guid Submission) : SubmissionsEvent;

/// <summary>The mail of a canceled one is out of the spool.</summary>
[GenerateSerializer, Immutable, Alias("mc.MailTakenOut")]
internal sealed record MailTakenOut([property: Id(0)] Guid Submission) : SubmissionsEvent;

[GenerateSerializer, Immutable, Alias("mc.SubmissionsForgotten")]
internal sealed record SubmissionsForgotten([property: Id(0)] Guid[] Submissions) : SubmissionsEvent;

/// <param name="Created">The state that its making led to; 0 of the account's own identity.</param>
/// <param name="Updated">The state that its last change led to.</param>
[GenerateSerializer, Immutable, Alias("mc.KeptIdentity")]
internal sealed record KeptIdentity([property: Id(0)] SendingIdentity Identity, [property: Id(1)] long Created, [property: Id(2)] long Updated) : IKeptRecord
{
    public Guid Id => Identity.Id;
}

/// <param name="IsTakingOut">It is canceled, and its mail may be in the spool yet.</param>
[GenerateSerializer, Immutable, Alias("mc.KeptSubmission")]
internal sealed record KeptSubmission(
    [property: Id(0)] MailSubmission Submission, [property: Id(1)] long Created, [property: Id(2)] long Updated, [property: Id(3)] bool IsTakingOut) : IKeptRecord
{
    public Guid Id => Submission.Id;
}

internal interface IKeptRecord
{
    Guid Id { get; }

    long Created { get; }

    long Updated { get; }
}

[GenerateSerializer, Immutable, Alias("mc.GoneRecord")]
internal readonly record struct GoneRecord([property: Id(0)] Guid Id, [property: Id(1)] long Created, [property: Id(2)] long Destroyed);

/// <summary>The states of one kind of record. Each change of one record leads to a state of its own, so that an answer may be cut anywhere.</summary>
[GenerateSerializer, Alias("mc.SentLog")]
internal sealed record SentLog
{
    /// <summary>Destroyed records that are remembered; who was away for longer begins anew.</summary>
    public const int MostGone = 1000;

    [Id(0)] public long State { get; set; }

    /// <summary>Of what was destroyed after it all is known.</summary>
    [Id(1)] public long Known { get; set; }

    /// <summary>In the order in which they were destroyed.</summary>
    [Id(2)] public List<GoneRecord> Gone { get; init; } = [];

    public long Next() => ++State;

    /// <summary>Far above all states that were given out: changes are fewer than milliseconds.</summary>
    public void Raise(DateTimeOffset at) => Known = State = Math.Max(State + 1, at.ToUnixTimeMilliseconds());

    public void Destroyed(IKeptRecord record)
    {
        Gone.Add(new(record.Id, record.Created, Next()));
        if (Gone.Count > MostGone)
        {
            Known = Gone[0].Destroyed;
            Gone.RemoveAt(0);
        }
    }

    public SentChanges Since(long since, int max, IEnumerable<IKeptRecord> records)
    {
        // Who has seen nothing yet misses nothing.
        if ((since < Known && since != 0) || since > State)
        {
            return new() { Known = false };
        }

        // One that was made and destroyed since is nothing to tell of.
        var changes = records.Where(r => r.Updated > since).Select(r => (At: r.Updated, r.Id, Kind: r.Created > since ? 0 : 1))
            .Concat(Gone.Where(g => g.Destroyed > since && g.Created <= since).Select(g => (At: g.Destroyed, g.Id, Kind: 2)))
            .OrderBy(c => c.At).ToArray();
        var told = changes.Take(max).ToArray();
        var hasMore = told.Length < changes.Length;
        return new()
        {
            Known = true,
            State = hasMore ? told[^1].At : State,
            HasMore = hasMore,
            Created = OfKind(0),
            Updated = OfKind(1),
            Destroyed = OfKind(2),
        };

        Guid[] OfKind(int kind) => [.. told.Where(c => c.Kind == kind).Select(c => c.Id)];
    }
}

[GenerateSerializer, Alias("mc.SubmissionsState")]
internal sealed record SubmissionsState : IStoredRecord
{
    public static byte FormatVersion => 1;

    /// <summary>The account's own only once it was changed.</summary>
    [Id(0)] public List<KeptIdentity> Identities { get; init; } = [];

    [Id(1)] public SentLog IdentityLog { get; init; } = new();

    [Id(2)] public List<KeptSubmission> Submissions { get; init; } = [];

    [Id(3)] public SentLog SubmissionLog { get; init; } = new();

    /// <summary>Those that were begun and not finished.</summary>
    [Id(4)] public List<MailSubmission> Begun { get; init; } = [];

    public KeptIdentity? FindIdentity(Guid id) => Identities.Find(kept => kept.Id == id) ?? (id == SendingIdentity.Own ? new(new() { Id = id }, 0, 0) : null);

    public KeptSubmission? Find(Guid id) => Submissions.Find(kept => kept.Id == id);

    public void Apply(SubmissionsEvent recorded)
    {
        switch (recorded)
        {
            case StatesRaised raised:
                (raised.OfIdentities ? IdentityLog : null)?.Raise(raised.At);
                (raised.OfSubmissions ? SubmissionLog : null)?.Raise(raised.At);
                break;
            case IdentityPut put:
                var before = FindIdentity(put.Identity.Id);
                Identities.RemoveAll(kept => kept.Id == put.Identity.Id);
                var at = IdentityLog.Next();
                Identities.Add(new(put.Identity, before?.Created ?? at, at));
                break;
            case IdentityRemoved removed when FindIdentity(removed.Identity) is { } identity:
                IdentityLog.Destroyed(identity);
                Identities.RemoveAll(kept => kept.Id == removed.Identity);
                break;
            case SendingBegun begun:
                Begun.Add(begun.Submission);
                break;
            case SendingFinished finished when Begun.Find(s => s.Id == finished.Submission) is { } done:
                Begun.Remove(done);
                var made = SubmissionLog.Next();
                Submissions.Add(new(done.Undo == UndoStatus.Pending ? done : Told(done), made, made, IsTakingOut: false));
                break;
            case SendingAbandoned abandoned:
                Begun.RemoveAll(s => abandoned.Submissions.Contains(s.Id));
                break;
            case SubmissionsReleased released:
                foreach (var id in released.Submissions)
                {
                    Change(id, kept => kept with { Submission = Told(kept.Submission) with { Undo = UndoStatus.Final }, Updated = SubmissionLog.Next(), IsTakingOut = false });
                }

                break;
            case SubmissionCanceled canceled:
                Change(canceled.Submission, kept => kept with { Submission = kept.Submission with { Undo = UndoStatus.Canceled }, Updated = SubmissionLog.Next(), IsTakingOut = true });
                break;
            case MailTakenOut taken:
                Change(taken.Submission, kept => kept with { Submission = Told(kept.Submission), IsTakingOut = false });
                break;
            case SubmissionsForgotten forgotten:
                foreach (var id in forgotten.Submissions)
                {
                    SubmissionLog.Destroyed(Find(id)!);
                    Submissions.RemoveAll(kept => kept.Id == id);
                }

                break;
        }
    }

    /// <summary>What stays of it when its mail cannot be taken back any more: what its recipients stand for is not asked for again.</summary>
    private static MailSubmission Told(MailSubmission submission) => submission with
    {
        Messages = [.. submission.Messages.Select(message => message with { Recipients = [.. message.Recipients.Select(r => new EnvelopeRecipient { Address = r.Address })] })],
    };

    private void Change(Guid id, Func<KeptSubmission, KeptSubmission> change)
    {
        if (Submissions.FindIndex(kept => kept.Id == id) is >= 0 and var at)
        {
            Submissions[at] = change(Submissions[at]);
        }
    }
}
