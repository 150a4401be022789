using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Vacation;

[GenerateSerializer, Immutable, Alias("mc.VacationEvent")]
internal abstract record VacationEvent : IStoredRecord
{
    public static byte FormatVersion => 1;
}

/// <param name="Response">As it is from here on.</param>
/// <param name="At">Later than that of the one before.</param>
[GenerateSerializer, Immutable, Alias("mc.VacationChanged")]
internal sealed record VacationChanged([property: Id(0)] VacationResponse Response, [property: Id(1)] DateTimeOffset At) : VacationEvent;

/// <summary>It was restored from a backup: no state of before is one of after.</summary>
[GenerateSerializer, Immutable, Alias("mc.VacationRestored")]
internal sealed record VacationRestored([property: Id(0)] DateTimeOffset At) : VacationEvent;

[GenerateSerializer, Immutable, Alias("mc.SenderAnswered")]
internal sealed record SenderAnswered([property: Id(0)] AnsweredSender Answered) : VacationEvent;

/// <param name="Sender">The address' key.</param>
/// <param name="Delivery">Of the message that is answered.</param>
/// <param name="At">When that was decided.</param>
/// <param name="State">Of the response that he is answered with.</param>
[GenerateSerializer, Immutable, Alias("mc.AnsweredSender")]
internal sealed record AnsweredSender([property: Id(0)] string Sender, [property: Id(1)] DeliveryId Delivery, [property: Id(2)] DateTimeOffset At, [property: Id(3)] long State);

[GenerateSerializer, Alias("mc.VacationState")]
internal sealed record VacationState : IStoredRecord
{
    public static byte FormatVersion => 1;

    [Id(0)] public VacationResponse Response { get; set; } = new();

    /// <summary>The time of the last change, or of a restore, in ms since 1970, and always more than before; 0: there was none.</summary>
    [Id(1)] public long State { get; set; }

    /// <summary>Of the last change.</summary>
    [Id(2)] public DateTimeOffset ChangedAt { get; set; }

    /// <summary>In the order in which they were answered; those of longer ago than <see cref="VacationResponse.Interval"/> go with the next.</summary>
    [Id(3)] public List<AnsweredSender> Answered { get; init; } = [];

    public void Apply(VacationEvent recorded)
    {
        switch (recorded)
        {
            case VacationChanged changed:
                Response = changed.Response;
                ChangedAt = changed.At;
                Raise(changed.At);
                break;
            case VacationRestored restored:
                Raise(restored.At);
                break;
            case SenderAnswered { Answered: var answered }:
                Answered.RemoveRange(0, OverAt(answered.At));
                Answered.Add(answered);
                break;
        }
    }

    /// <summary>Null: he may be answered.</summary>
    public AnsweredSender? Find(string sender, DateTimeOffset now) => Answered.FindLast(answered => answered.Sender == sender && !IsOver(answered, now));

    /// <summary>True when nobody more is answered now: so many were in the last hour, or in as long as they are remembered.</summary>
    public bool IsFull(DateTimeOffset now) => Answered.Count - OverAt(now) >= VacationResponse.MostAnswered
        || (Answered.Count >= VacationResponse.MostInHour && Answered[^VacationResponse.MostInHour].At + TimeSpan.FromHours(1) > now);

    private void Raise(DateTimeOffset at) => State = Math.Max(State + 1, at.ToUnixTimeMilliseconds());

    private int OverAt(DateTimeOffset now)
    {
        var first = Answered.FindIndex(answered => !IsOver(answered, now));
        return first < 0 ? Answered.Count : first;
    }

    private static bool IsOver(AnsweredSender answered, DateTimeOffset now) => answered.At + VacationResponse.Interval <= now;
}
