using MailCloud.Messages;

namespace MailCloud.SmtpIngress;

/// <summary>What MAIL, or one of its kin (RFC 821 §3.4), and RCPT have said so far (RFC 5321 §3.3).</summary>
internal sealed class Transaction(TransactionKind kind, EmailAddress? sender)
{
    public TransactionKind Kind { get; } = kind;

    public EmailAddress? Sender { get; } = sender;

    /// <summary>SIZE= of MAIL, octets; 0 when it was not given.</summary>
    public long DeclaredSize { get; init; }

    public BodyType Body { get; init; }

    public bool SmtpUtf8 { get; init; }

    public string? EnvelopeId { get; init; }

    public DsnReturn Return { get; init; }

    public List<AcceptedRecipient> Recipients { get; } = [];

    /// <summary>The message while its chunks come (BDAT).</summary>
    public MessageIntake? Intake { get; set; }

    /// <summary>Looks over the chunks of a message that is no BINARYMIME.</summary>
#pragma warning disable CA1051 // A mutable struct is changed where it stands.
    public MailCloud.Wire.LineEndCheck LineEnds;
#pragma warning restore CA1051

    public Envelope EnvelopeFor(IReadOnlyList<EnvelopeRecipient> recipients, bool reachesTerminals) => new()
    {
        Sender = Sender,
        Recipients = recipients,
        Body = Body,
        SmtpUtf8 = SmtpUtf8,
        EnvelopeId = EnvelopeId,
        Return = Return,
        Kind = reachesTerminals ? Kind : TransactionKind.Mail,
    };
}

/// <summary>A recipient and the tenant whose mail it is.</summary>
internal readonly record struct AcceptedRecipient(TenantId Tenant, EnvelopeRecipient Recipient);
