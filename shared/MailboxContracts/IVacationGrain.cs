using MailCloud.Messages;

namespace MailCloud.MailboxContracts;

/// <summary>
/// What one account answers while its owner is away (RFC 8621 §8), and whom it has answered (RFC 3834). Key: <see cref="AccountId"/>. It sends nothing: whoever files a message asks it, and sends what it says.
/// </summary>
[Alias("mc.IVacationGrain")]
public interface IVacationGrain : IGrainWithStringKey
{
    [Alias("Get")]
    Task<KeptVacation> GetAsync();

    /// <summary>The state alone, without texts that may be long.</summary>
    [Alias("State")]
    Task<long> GetStateAsync();

    /// <summary>Keeps the response as it is given; one that is equal is no change. Nothing is kept when the state is not the one that was asked for (ifInState).</summary>
    [Alias("Set")]
    Task<VacationResult> SetAsync(VacationResponse response, long? ifState);

    /// <summary>
    /// What the sender of a message that was filed is to be answered; null: nothing. That he is answered is durable before this returns. Asked again of the same delivery it says the same,
    /// unless the response has changed since: then it is not known what was sent, and nothing more is.
    /// </summary>
    [Alias("Ask")]
    Task<VacationResponse?> AskAsync(VacationQuestion question);

    /// <summary>Removes all of it for good.</summary>
    [Alias("Destroy")]
    Task DestroyAsync();
}

/// <summary>VacationResponse of RFC 8621 §8, of which each account has one.</summary>
[GenerateSerializer, Immutable, Alias("mc.VacationResponse")]
public sealed record VacationResponse
{
    /// <summary>How long a sender who was answered is not answered again: the default of RFC 5230 §4.1.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromDays(7);

    /// <summary>Senders that are remembered, and so answered, within <see cref="Interval"/>: below 1 MB, and the most that whoever makes up senders gets an account to send.</summary>
    public const int MostAnswered = 10_000;

    /// <summary>Senders that are answered in an hour: fewer than half of whom an account may write to in one (Sending:AccountPerHour), and more than write to one person.</summary>
    public const int MostInHour = 200;

    [Id(0)] public bool IsEnabled { get; init; }

    /// <summary>Mail that comes before is not answered; null: from now on.</summary>
    [Id(1)] public DateTimeOffset? FromDate { get; init; }

    /// <summary>Mail that comes from then on is not answered; null: for ever.</summary>
    [Id(2)] public DateTimeOffset? ToDate { get; init; }

    /// <summary>Null: one that follows from the message.</summary>
    [Id(3)] public string? Subject { get; init; }

    [Id(4)] public string? TextBody { get; init; }

    [Id(5)] public string? HtmlBody { get; init; }

    /// <summary>Of the account when this was set, whom answers are from; null before anything was.</summary>
    [Id(6)] public EmailAddress? Address { get; init; }

    public bool Answers(DateTimeOffset arrivedAt) => IsEnabled && !(arrivedAt < FromDate) && !(arrivedAt >= ToDate);
}

/// <param name="State">A number that rises with each change of the response.</param>
[GenerateSerializer, Immutable, Alias("mc.KeptVacation")]
public sealed record KeptVacation([property: Id(0)] long State, [property: Id(1)] VacationResponse Response);

/// <param name="IsStateMismatch">The state is not the one that was asked for.</param>
/// <param name="OldState">Before it.</param>
/// <param name="State">After it.</param>
[GenerateSerializer, Immutable, Alias("mc.VacationResult")]
public readonly record struct VacationResult([property: Id(0)] bool IsStateMismatch, [property: Id(1)] long OldState, [property: Id(2)] long State);

/// <param name="Sender">The reverse-path's <see cref="EmailAddress.Key"/>.</param>
/// <param name="Delivery">By which the mailbox knows the message.</param>
/// <param name="ArrivedAt">When it came, or the end of its hold.</param>
[GenerateSerializer, Immutable, Alias("mc.VacationQuestion")]
public sealed record VacationQuestion([property: Id(0)] string Sender, [property: Id(1)] DeliveryId Delivery, [property: Id(2)] DateTimeOffset ArrivedAt);

/// <summary>Whether a mailbox tells whoever files in it that its owner is away (<see cref="FilingOutcome.Vacation"/>).</summary>
/// <param name="IsOn">True whenever a response is enabled, and possibly a while longer.</param>
/// <param name="At">When it was said: what was said before changes nothing any more, when it comes late.</param>
[GenerateSerializer, Immutable, Alias("mc.VacationSwitch")]
public sealed record VacationSwitch([property: Id(0)] bool IsOn, [property: Id(1)] DateTimeOffset At);
