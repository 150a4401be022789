using MailCloud.Messages;

namespace MailCloud.MailboxContracts;

/// <summary>
/// What one account sends over JMAP: as whom (its identities, RFC 8621 §6), and what it has sent (its submissions, §7). Key: <see cref="AccountId"/>. Each of both has states of its own, numbers
/// that rise by one with each change. It moves no mail: it fixes what is to be sent before that is done, and who asks does it.
/// </summary>
[Alias("mc.ISubmissionsGrain")]
public interface ISubmissionsGrain : IGrainWithStringKey
{
    [Alias("States")]
    Task<SubmissionStates> GetStatesAsync();

    /// <summary>All identities, the account's own first, which is there from the beginning and for ever.</summary>
    [Alias("Identities")]
    Task<IdentityList> GetIdentitiesAsync();

    [Alias("IdentityChanges")]
    Task<SentChanges> GetIdentityChangesAsync(long since, int max);

    /// <summary>Keeps an identity as it is given, new or changed; one that is equal is no change.</summary>
    [Alias("PutIdentity")]
    Task<SentResult> PutIdentityAsync(SendingIdentity identity, long? ifState);

    [Alias("RemoveIdentity")]
    Task<SentResult> RemoveIdentityAsync(Guid identity, long? ifState);

    /// <summary>Submissions by their ids; those that do not exist are left out.</summary>
    [Alias("Get")]
    Task<SubmissionList> GetAsync(IReadOnlyList<Guid> submissions);

    /// <summary>All submissions without their recipients, as many as are kept: what questions are about.</summary>
    [Alias("Rows")]
    Task<SubmissionRows> GetRowsAsync();

    [Alias("Changes")]
    Task<SentChanges> GetChangesAsync(long since, int max);

    /// <summary>
    /// Fixes a submission before its mail goes anywhere. Nobody sees it before <see cref="FinishAsync"/>. One that was begun for the same Email, identity and envelope within
    /// <see cref="MailSubmission.DoubtFor"/> and never finished is given back in its place: the mail that is in doubt is sent again, under the same ids, and arrives once.
    /// </summary>
    [Alias("Begin")]
    Task<SubmissionBegun> BeginAsync(MailSubmission submission, long? ifState);

    /// <summary>
    /// As <see cref="BeginAsync"/>, of mail that is held, which counts among what the account has held (<see cref="ISendingGrain.HoldMessageAsync"/>), once however often it is begun. When there are as many already, nothing
    /// is begun: <see cref="SentOutcome.TooManyHeld"/>. What is in doubt is not refused for it.
    /// </summary>
    /// <param name="submission">What is to be sent.</param>
    /// <param name="ifState">Null: whatever the state is.</param>
    /// <param name="most">Messages that the account may have held; 0 is no limit.</param>
    [Alias("BeginHeld")]
    Task<SubmissionBegun> BeginHeldAsync(MailSubmission submission, long? ifState, int most);

    /// <summary>The one whose mail is in doubt that <see cref="BeginAsync"/> would give back in place of this one: what it sends was looked up and counted then. Null: there is none.</summary>
    [Alias("FindInDoubt")]
    Task<MailSubmission?> FindInDoubtAsync(MailSubmission wanted);

    /// <summary>All of its mail is durably on its way, or waits. A repeat changes nothing.</summary>
    [Alias("Finish")]
    Task<SentResult> FinishAsync(Guid submission);

    /// <summary>
    /// Takes back a submission whose mail is held (RFC 8621 §7.5). All of its mail is put off first; if all of it could be, it is taken out of the spool, and when all of it is, none is ever sent:
    /// <see cref="SentOutcome.Done"/>. Else what was put off goes as it would have: <see cref="SentOutcome.Left"/>.
    /// </summary>
    [Alias("Cancel")]
    Task<SentResult> CancelAsync(Guid submission);

    /// <summary>Forgets a submission. Its mail goes on.</summary>
    [Alias("Remove")]
    Task<SentResult> RemoveAsync(Guid submission, long? ifState);

    /// <summary>Removes all of it for good.</summary>
    [Alias("Destroy")]
    Task DestroyAsync();
}

/// <param name="Identities">The state of the identities.</param>
/// <param name="Submissions">The state of the submissions.</param>
[GenerateSerializer, Immutable, Alias("mc.SubmissionStates")]
public readonly record struct SubmissionStates([property: Id(0)] long Identities, [property: Id(1)] long Submissions);

public enum SentOutcome
{
    Done = 0,
    NotFound = 1,

    /// <summary>The state is not the one that was asked for (ifInState).</summary>
    StateMismatch = 2,

    /// <summary>The account has as many as it may.</summary>
    TooMany = 3,

    /// <summary>It is the account's own identity, which stays.</summary>
    Forbidden = 4,

    /// <summary>Its mail has left, or is about to.</summary>
    Left = 5,

    /// <summary>The account has as many messages held as it may.</summary>
    TooManyHeld = 6,
}

/// <param name="Outcome">What became of it.</param>
/// <param name="OldState">Before it.</param>
/// <param name="State">After it.</param>
[GenerateSerializer, Immutable, Alias("mc.SentResult")]
public readonly record struct SentResult([property: Id(0)] SentOutcome Outcome, [property: Id(1)] long OldState, [property: Id(2)] long State);

/// <summary>Records made, changed and destroyed after a state, each in one of the lists.</summary>
[GenerateSerializer, Immutable, Alias("mc.SentChanges")]
public sealed record SentChanges
{
    /// <summary>False: it is not known any more what changed since.</summary>
    [Id(0)] public required bool Known { get; init; }

    [Id(1)] public long State { get; init; }

    [Id(2)] public bool HasMore { get; init; }

    [Id(3)] public Guid[] Created { get; init; } = [];

    [Id(4)] public Guid[] Updated { get; init; } = [];

    [Id(5)] public Guid[] Destroyed { get; init; } = [];
}

/// <summary>A name, and what goes with it, under which an account sends (RFC 8621 §6).</summary>
[GenerateSerializer, Immutable, Alias("mc.SendingIdentity")]
public sealed record SendingIdentity
{
    /// <summary>Of one account. Gmail allows 99 addresses to send as.</summary>
    public const int Most = 100;

    /// <summary>The id of the account's own: <see cref="Email"/> is empty, and is the account's address.</summary>
    public static readonly Guid Own = Guid.Empty;

    [Id(0)] public required Guid Id { get; init; }

    [Id(1)] public string Name { get; init; } = "";

    [Id(2)] public string Email { get; init; } = "";

    /// <summary>Null: none.</summary>
    [Id(3)] public NamedAddress[]? ReplyTo { get; init; }

    /// <summary>Null: none.</summary>
    [Id(4)] public NamedAddress[]? Bcc { get; init; }

    [Id(5)] public string TextSignature { get; init; } = "";

    [Id(6)] public string HtmlSignature { get; init; } = "";

    /// <summary>Whether all is equal, lists by what they hold.</summary>
    public bool IsSameAs(SendingIdentity other) =>
        this with { ReplyTo = other.ReplyTo, Bcc = other.Bcc } == other && AreEqual(ReplyTo, other.ReplyTo) && AreEqual(Bcc, other.Bcc);

    private static bool AreEqual(NamedAddress[]? one, NamedAddress[]? other) => one is null || other is null ? one is null && other is null : one.SequenceEqual(other);
}

/// <param name="Name">Null: none.</param>
/// <param name="Email">As it was given.</param>
[GenerateSerializer, Immutable, Alias("mc.NamedAddress")]
public sealed record NamedAddress([property: Id(0)] string? Name, [property: Id(1)] string Email);

[GenerateSerializer, Immutable, Alias("mc.IdentityList")]
public sealed record IdentityList([property: Id(0)] long State, [property: Id(1)] SendingIdentity[] Identities);

/// <summary>Whether mail may still be taken back (RFC 8621 §7).</summary>
public enum UndoStatus
{
    Pending = 0,
    Final = 1,
    Canceled = 2,
}

/// <summary>A message that was sent, or is to be (RFC 8621 §7).</summary>
[GenerateSerializer, Immutable, Alias("mc.MailSubmission")]
public sealed record MailSubmission
{
    /// <summary>Of one account: the oldest that is final goes first.</summary>
    public const int Most = 1000;

    /// <summary>For how long one that is final is kept.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(30);

    /// <summary>For how long one whose mail is in doubt waits to be sent again: as long as a mailbox remembers an operation.</summary>
    public static readonly TimeSpan DoubtFor = TimeSpan.FromHours(1);

    [Id(0)] public required Guid Id { get; init; }

    /// <summary>Of the identity, which may be gone.</summary>
    [Id(1)] public required Guid Identity { get; init; }

    /// <summary>Of the Email, which may be gone.</summary>
    [Id(2)] public required Guid Email { get; init; }

    [Id(3)] public required ulong Thread { get; init; }

    /// <summary>Empty: the null reverse-path.</summary>
    [Id(4)] public required SentAddress From { get; init; }

    /// <summary>The envelope's recipients as they were given or derived.</summary>
    [Id(5)] public required SentAddress[] To { get; init; }

    /// <summary>When it is sent, or was.</summary>
    [Id(6)] public required DateTimeOffset SendAt { get; init; }

    [Id(7)] public required UndoStatus Undo { get; init; }

    /// <summary>A message for each tenant among the recipients; what they stand for is kept as long as it may be taken back or is in doubt.</summary>
    [Id(8)] public required SentMessage[] Messages { get; init; }

    /// <summary>It was to be sent later than when it was made, whether it may be taken back or not.</summary>
    public bool IsHeld => SendAt > new DeliveryId(Id).AcceptedAt;
}

/// <param name="Email">As it was given.</param>
/// <param name="Parameters">Of SMTP, by name; null: none was given.</param>
[GenerateSerializer, Immutable, Alias("mc.SentAddress")]
public sealed record SentAddress([property: Id(0)] string Email, [property: Id(1)] SentParameter[]? Parameters)
{
    public bool IsSameAs(SentAddress other) =>
        Email == other.Email && (Parameters is null || other.Parameters is null ? Parameters is null && other.Parameters is null : Parameters.SequenceEqual(other.Parameters));
}

/// <param name="Name">As it was given.</param>
/// <param name="Value">Null: it has none.</param>
[GenerateSerializer, Immutable, Alias("mc.SentParameter")]
public sealed record SentParameter([property: Id(0)] string Name, [property: Id(1)] string? Value);

/// <summary>A message on the way, of which the recipients are one tenant's.</summary>
[GenerateSerializer, Immutable, Alias("mc.SentMessage")]
public sealed record SentMessage
{
    [Id(0)] public required DeliveryId Delivery { get; init; }

    [Id(1)] public required TenantId Tenant { get; init; }

    [Id(2)] public required IReadOnlyList<EnvelopeRecipient> Recipients { get; init => field = value as EnvelopeRecipient[] ?? [.. value]; }
}

[GenerateSerializer, Immutable, Alias("mc.SubmissionList")]
public sealed record SubmissionList([property: Id(0)] long State, [property: Id(1)] MailSubmission[] Submissions);

/// <param name="State">Of the submissions.</param>
/// <param name="Rows">In no order.</param>
/// <param name="Known">The oldest state since which it is known what was destroyed.</param>
[GenerateSerializer, Immutable, Alias("mc.SubmissionRows")]
public sealed record SubmissionRows([property: Id(0)] long State, [property: Id(1)] SubmissionRow[] Rows, [property: Id(2)] long Known);

[GenerateSerializer, Immutable, Alias("mc.SubmissionRow")]
public sealed record SubmissionRow(
    [property: Id(0)] Guid Id,
    [property: Id(1)] Guid Identity,
    [property: Id(2)] Guid Email,
    [property: Id(3)] ulong Thread,
    [property: Id(4)] DateTimeOffset SendAt,
    [property: Id(5)] UndoStatus Undo);

/// <param name="Outcome">Done, StateMismatch, TooMany or TooManyHeld.</param>
/// <param name="Submission">What is to be sent, which is another one's when that was in doubt; null unless it is done.</param>
/// <param name="IsRepeat">True when it is another one's.</param>
[GenerateSerializer, Immutable, Alias("mc.SubmissionBegun")]
public sealed record SubmissionBegun([property: Id(0)] SentOutcome Outcome, [property: Id(1)] MailSubmission? Submission, [property: Id(2)] bool IsRepeat)
{
    /// <summary>When the account may have one more message held; null where that is not what it has too many of.</summary>
    [Id(3)] public DateTimeOffset? FreeAt { get; init; }

    /// <summary>All of its mail is on its way, waits, or was taken back: nothing is to be sent, and what its recipients stand for may not be there any more.</summary>
    [Id(4)] public bool IsFinished { get; init; }
}

/// <summary>Where the mail of a message that is held waits: what whoever hands it over and whoever takes it back must both know.</summary>
/// <param name="Shard">Of the spool.</param>
/// <param name="Key">As <see cref="SpoolEntry.Key"/>.</param>
/// <param name="Owner">Of the body, by this entry.</param>
public readonly record struct HeldPlace(int Shard, string Key, string Owner)
{
    /// <summary>One for each mailbox and each address elsewhere; groups have none, as their members are looked up behind the queue.</summary>
    public static IEnumerable<(HeldPlace Place, SpoolKind Kind, EnvelopeRecipient Recipient)> Of(DeliveryId delivery, IReadOnlyList<EnvelopeRecipient> recipients)
    {
        foreach (var recipient in recipients)
        {
            foreach (var mailbox in recipient.Mailboxes)
            {
                yield return (new(SpoolShards.Of(recipient.Address.AsciiDomain), $"{delivery}:{mailbox}", BodyOwner.Mailbox(mailbox)), SpoolKind.Local, recipient with { Mailboxes = [mailbox], Remote = [] });
            }

            foreach (var remote in recipient.Remote)
            {
                yield return (new(SpoolShards.Of(remote.AsciiDomain), $"{delivery}:{remote.Key}", BodyOwner.Spool(delivery, remote)), SpoolKind.Outbound, recipient with { Mailboxes = [], Remote = [remote] });
            }
        }
    }
}
