using MailCloud.MailboxContracts;

namespace MailCloud.LocalDelivery;

/// <summary>What became of one recipient's copy. Whether to try again is in the type, not in the text.</summary>
internal abstract record DeliveryOutcome
{
    private DeliveryOutcome()
    {
    }

    /// <summary>The copy is durably in the mailbox, by this attempt or an earlier one.</summary>
    /// <param name="Filing">Where, if it was this attempt.</param>
    public sealed record Delivered(FilingOutcome Filing) : DeliveryOutcome;

    /// <summary>A live session of the account has shown all of it (RFC 821 §3.4), and the copy is not in the mailbox.</summary>
    public sealed record Shown : DeliveryOutcome
    {
        public static readonly Shown Instance = new();
    }

    /// <summary>Nothing was tried: its sender wants it held until later (RFC 4865).</summary>
    public sealed record Held : DeliveryOutcome
    {
        public static readonly Held Instance = new();
    }

    /// <summary>
    /// Transient: try again on the schedule. <paramref name="Answered"/> is false when the mailbox did not answer, so that the copy may be filed all the same.
    /// </summary>
    public sealed record Deferred(string Status, string Reason, bool Answered) : DeliveryOutcome;

    /// <summary>Permanent: enhanced status code (RFC 3463) and the SMTP reply it stands for.</summary>
    public sealed record Rejected(string Status, string Reply) : DeliveryOutcome;

    /// <summary>Accepted longer ago than the mailbox remembers deliveries: filing could double it, so an operator decides.</summary>
    public sealed record TooOld : DeliveryOutcome
    {
        public static readonly TooOld Instance = new();
    }

    public static DeliveryOutcome Of(FilingOutcome filing) => filing.Result switch
    {
        FilingResult.Filed or FilingResult.AlreadyFiled => new Delivered(filing),
        FilingResult.OverQuota => new Deferred("4.2.2", "the mailbox is full", Answered: true),
        FilingResult.NoSuchMailbox => NoSuchMailbox,
        FilingResult.TooOld => TooOld.Instance,
        _ => throw new ArgumentOutOfRangeException(nameof(filing), filing.Result, "unknown filing result"),
    };

    public static readonly Rejected NoSuchMailbox = new("5.1.1", "550 5.1.1 there is no such mailbox");

    /// <summary>RFC 3463 §3.4: X.3.0, other or undefined mail system status. The exception is for the log; senders see no inner workings.</summary>
    public static readonly Deferred Unreachable = new("4.3.0", "the mailbox cannot be reached", Answered: false);
}
