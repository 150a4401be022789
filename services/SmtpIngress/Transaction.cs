using MailCloud.Messages;
using MailCloud.SmtpIngress.Commands;
using MailCloud.SmtpIngress.Policy;
using MailCloud.Submission;

namespace MailCloud.SmtpIngress;

/// <summary>What MAIL, or one of its kin (RFC 821 §3.4), and RCPT have said so far (RFC 5321 §3.3).</summary>
internal sealed class Transaction(TransactionKind kind, EmailAddress? sender, MailParameters parameters, DeliveryWishes wishes)
{
    // Enough to see why; who guesses addresses by the thousand is not kept in memory.
    private const int MaxRefused = 100;

    public TransactionKind Kind { get; } = kind;

    public EmailAddress? Sender { get; } = sender;

    /// <summary>SIZE= of MAIL, octets; 0 when it was not given.</summary>
    public long DeclaredSize => parameters.Size;

    public BodyType Body => parameters.Body;

    public bool SmtpUtf8 => parameters.SmtpUtf8;

    public DeliveryWishes Wishes { get; } = wishes;

    /// <summary>What its recipients took from the sending caps.</summary>
    public TakenRecipients Caps { get; } = new();

    public List<AcceptedRecipient> Recipients { get; } = [];

    /// <summary>Recipients that were refused, the first of them.</summary>
    public List<RefusedRecipient> Refused { get; } = [];

    /// <summary>The message while its chunks come (BDAT).</summary>
    public MessageIntake? Intake { get; set; }

    /// <summary>Looks over the chunks of a message that is no BINARYMIME.</summary>
#pragma warning disable CA1051 // A mutable struct is changed where it stands.
    public MailCloud.Wire.LineEndCheck LineEnds;
#pragma warning restore CA1051

    public void Refuse(EmailAddress address, SmtpReply reply, DateTimeOffset at)
    {
        if (Refused.Count < MaxRefused)
        {
            Refused.Add(new(address, reply, at));
        }
    }

    /// <param name="recipients">Those of one tenant.</param>
    /// <param name="reachesTerminals">False makes it mail, whatever the transaction is.</param>
    /// <param name="asksForNoTls">True when the header says <c>TLS-Required: No</c>.</param>
    public Envelope EnvelopeFor(IReadOnlyList<EnvelopeRecipient> recipients, bool reachesTerminals, bool asksForNoTls) => new()
    {
        Sender = Sender,
        Recipients = recipients,
        Body = Body,
        SmtpUtf8 = SmtpUtf8,
        EnvelopeId = parameters.EnvelopeId,
        Return = parameters.Return,
        Kind = reachesTerminals ? Kind : TransactionKind.Mail,
        Priority = Wishes.Priority,
        HoldUntil = Wishes.HoldUntil,
        HoldRequest = Wishes.HoldRequest,
        DeliverBy = Wishes.DeliverBy,

        // RFC 8689 §4.1: beside REQUIRETLS the field is ignored.
        Tls = Wishes.RequiresTls ? TlsDemand.Required : asksForNoTls ? TlsDemand.NotRequired : TlsDemand.Unspecified,
    };
}

/// <summary>A recipient that got no 250, for the trace.</summary>
internal readonly record struct RefusedRecipient(EmailAddress Address, SmtpReply Reply, DateTimeOffset At);
