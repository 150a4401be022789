namespace MailCloud.Messages;

/// <summary>The envelope of one SMTP transaction (RFC 5321 §2.3.1) with its DSN parameters (RFC 3461).</summary>
[GenerateSerializer, Immutable, Alias("mc.Envelope")]
public sealed record Envelope
{
    /// <summary>The reverse-path; null is the null reverse-path <c>&lt;&gt;</c> (RFC 5321 §4.5.5).</summary>
    [Id(0)] public EmailAddress? Sender { get; init; }

    [Id(1)] public required IReadOnlyList<EnvelopeRecipient> Recipients { get; init => field = value as EnvelopeRecipient[] ?? [.. value]; }

    [Id(2)] public BodyType Body { get; init; }

    [Id(3)] public bool SmtpUtf8 { get; init; }

    /// <summary>ENVID as sent, still xtext-decoded text (RFC 3461 §4.4).</summary>
    [Id(4)] public string? EnvelopeId { get; init; }

    [Id(5)] public DsnReturn Return { get; init; }

    /// <summary>Which command began the transaction; where nothing is stored it was MAIL.</summary>
    [Id(6)] public TransactionKind Kind { get; init; }

    /// <summary>MT-PRIORITY= of MAIL, −9 to 9 (RFC 6710 §4); 0 is ordinary mail.</summary>
    [Id(7)] public int Priority { get; init; }

    /// <summary>When the message may be sent, by HOLDFOR= or HOLDUNTIL= of MAIL (RFC 4865); null: at once.</summary>
    [Id(8)] public DateTimeOffset? HoldUntil { get; init; }

    /// <summary>BY= of MAIL (RFC 2852); null: no time was asked for.</summary>
    [Id(9)] public DeliverBy? DeliverBy { get; init; }

    /// <summary>What the sender asks of TLS on the way (RFC 8689).</summary>
    [Id(10)] public TlsDemand Tls { get; init; }

    /// <summary>HOLDFOR= or HOLDUNTIL= as reports repeat it, <c>for;seconds</c> or <c>until;time</c> (RFC 4865 §5.1.2); null when neither was given.</summary>
    [Id(11)] public string? HoldRequest { get; init; }
}

/// <summary>BY= of MAIL (RFC 2852 §4).</summary>
/// <param name="Deadline">The time by which it is to be delivered.</param>
/// <param name="Return">True for mode R: what is late is returned. False for mode N: the sender is told, and delivery goes on.</param>
/// <param name="Trace">True for the trace modifier T: each relay reports that it passed the message on.</param>
[GenerateSerializer, Immutable, Alias("mc.DeliverBy")]
public sealed record DeliverBy([property: Id(0)] DateTimeOffset Deadline, [property: Id(1)] bool Return, [property: Id(2)] bool Trace);

/// <summary>What a sender asks of TLS between hosts (RFC 8689).</summary>
public enum TlsDemand
{
    /// <summary>Nothing: the policies of the destination and of the route hold.</summary>
    Unspecified = 0,

    /// <summary>REQUIRETLS: only to hosts that authenticate by TLS and offer REQUIRETLS themselves (§4.2.1).</summary>
    Required = 1,

    /// <summary><c>TLS-Required: No</c>: delivery counts for more than the destination's policies (§5).</summary>
    NotRequired = 2,
}

/// <summary>One RCPT of a transaction, with what the directory said of it when it was accepted.</summary>
[GenerateSerializer, Immutable, Alias("mc.EnvelopeRecipient")]
public sealed record EnvelopeRecipient
{
    /// <summary>The forward-path as the client gave it.</summary>
    [Id(0)] public required EmailAddress Address { get; init; }

    /// <summary>The mailboxes it stands for (more than one for an alias with several); empty when it goes to another host, or to a group.</summary>
    [Id(1)] public IReadOnlyList<AccountId> Mailboxes { get; init => field = value as AccountId[] ?? [.. value]; } = [];

    /// <summary>Addresses on other hosts that it goes on to: itself when relayed, the targets when it is forwarded.</summary>
    [Id(2)] public IReadOnlyList<EmailAddress> Remote { get; init => field = value as EmailAddress[] ?? [.. value]; } = [];

    /// <summary>ORCPT as sent, <c>addr-type;address</c>, xtext decoded (RFC 3461 §4.2).</summary>
    [Id(3)] public string? OriginalRecipient { get; init; }

    [Id(4)] public DsnNotify Notify { get; init; }

    /// <summary>Groups that it stands for, by their own addresses: their members get it as messages of their own.</summary>
    [Id(5)] public IReadOnlyList<EmailAddress> Groups { get => field ?? []; init => field = value as EmailAddress[] ?? [.. value]; } = [];

    /// <summary>True when it stands for nobody: what it was is gone.</summary>
    public bool IsNobody => Mailboxes.Count + Remote.Count + Groups.Count == 0;
}

/// <summary>
/// What a message's local recipients are to get it on (RFC 821 §3.4): their mailbox, their terminal, which is a live session of the account, or both.
/// </summary>
public enum TransactionKind
{
    /// <summary>MAIL: the mailbox.</summary>
    Mail = 0,

    /// <summary>SEND: the terminal.</summary>
    Send = 1,

    /// <summary>SOML: the terminal when there is one, else the mailbox.</summary>
    SendOrMail = 2,

    /// <summary>SAML: the mailbox, and the terminal when there is one.</summary>
    SendAndMail = 3,
}

/// <summary>BODY= of MAIL (RFC 6152, RFC 3030).</summary>
public enum BodyType
{
    SevenBit = 0,
    EightBitMime = 1,
    BinaryMime = 2,
}

/// <summary>RET= of MAIL (RFC 3461 §4.3).</summary>
public enum DsnReturn
{
    Unspecified = 0,
    Full = 1,
    Headers = 2,
}

/// <summary>NOTIFY= of RCPT (RFC 3461 §4.1). Unspecified means failures are reported, and delays may be.</summary>
[Flags]
public enum DsnNotify
{
    Unspecified = 0,
    Success = 1,
    Failure = 2,
    Delay = 4,
    Never = 8,
}
