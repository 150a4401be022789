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
}

/// <summary>One RCPT of a transaction, with what the directory said of it when it was accepted.</summary>
[GenerateSerializer, Immutable, Alias("mc.EnvelopeRecipient")]
public sealed record EnvelopeRecipient
{
    /// <summary>The forward-path as the client gave it.</summary>
    [Id(0)] public required EmailAddress Address { get; init; }

    /// <summary>The mailboxes it stands for (more than one for an alias with several); empty when it goes to another host.</summary>
    [Id(1)] public IReadOnlyList<AccountId> Mailboxes { get; init => field = value as AccountId[] ?? [.. value]; } = [];

    /// <summary>Addresses on other hosts that it goes on to: itself when relayed, the targets when it is forwarded.</summary>
    [Id(2)] public IReadOnlyList<EmailAddress> Remote { get; init => field = value as EmailAddress[] ?? [.. value]; } = [];

    /// <summary>ORCPT as sent, <c>addr-type;address</c>, xtext decoded (RFC 3461 §4.2).</summary>
    [Id(3)] public string? OriginalRecipient { get; init; }

    [Id(4)] public DsnNotify Notify { get; init; }
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
