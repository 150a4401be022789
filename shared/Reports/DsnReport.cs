using MailCloud.Messages;

namespace MailCloud.Reports;

/// <summary>What the sender is told of one recipient (RFC 3464 §2.3.3).</summary>
public enum DsnAction
{
    Failed,
    Delayed,
    Delivered,

    /// <summary>Handed over to a host that passes no reports on (RFC 3461 §6.2.5).</summary>
    Relayed,
}

/// <summary>One delivery status notification, before it is a message.</summary>
/// <param name="Original">The message that it is about.</param>
/// <param name="Recipient">The one recipient that it is about.</param>
/// <param name="Action">What became of him.</param>
/// <param name="Status">Enhanced status code (RFC 3463).</param>
/// <param name="Reply">The SMTP reply that the outcome stands for; null when there is none to tell.</param>
/// <param name="RetryUntil">When a delayed message is given up.</param>
/// <param name="RemoteMta">The host whose reply it is (RFC 3464 §2.3.5); null when it is this one's.</param>
public sealed record DsnReport(
    QueuedMessage Original, EnvelopeRecipient Recipient, DsnAction Action, string Status, string? Reply, DateTimeOffset? RetryUntil = null, string? RemoteMta = null)
{
    public static DsnReport Failed(QueuedMessage original, EnvelopeRecipient recipient, string status, string reply) =>
        new(original, recipient, DsnAction.Failed, status, reply);

    public static DsnReport Delayed(QueuedMessage original, EnvelopeRecipient recipient, string status, string reply, DateTimeOffset retryUntil) =>
        new(original, recipient, DsnAction.Delayed, status, reply, retryUntil);

    public static DsnReport Delivered(QueuedMessage original, EnvelopeRecipient recipient) => new(original, recipient, DsnAction.Delivered, "2.1.5", null);

    /// <summary>For a recipient whose next host took the message and announced no DSN.</summary>
    public static DsnReport Relayed(QueuedMessage original, EnvelopeRecipient recipient, string reply, string remoteMta) =>
        new(original, recipient, DsnAction.Relayed, "2.1.9", reply, RemoteMta: remoteMta); // RFC 3463 §3.2: X.1.9, relayed to a mailer that does not speak DSN

    /// <summary>
    /// RFC 3461 §4.1: NEVER and an explicit list are obeyed; without NOTIFY failures and delays are reported. RFC 5321 §4.5.5: never to the null reverse-path.
    /// </summary>
    public bool IsWanted => Original.Envelope.Sender is not null && Recipient.Notify switch
    {
        DsnNotify.Unspecified => Action is DsnAction.Failed or DsnAction.Delayed,
        var notify => notify.HasFlag(Action switch
        {
            DsnAction.Failed => DsnNotify.Failure,
            DsnAction.Delayed => DsnNotify.Delay,
            _ => DsnNotify.Success,
        }),
    };

    /// <summary>RFC 6533: a report whose fields do not fit in ASCII is of the global kind.</summary>
    public bool IsInternational => Recipient.Address.IsInternational || Original.Envelope.Sender is { IsInternational: true };

    /// <summary>
    /// The report's own id follows from what it says: a report that is made again after a crash is the same message, and the sender's mailbox drops the second.
    /// It has the original's acceptance time, so that both are remembered equally long.
    /// </summary>
    public DeliveryId Id => Original.Id.Derive($"{Action} {Recipient.Address.Key}{Destination}");

    // An address that is forwarded to several has an outcome at each of them.
    private string Destination => Recipient is { Mailboxes: [], Remote: [var remote] } && remote.Key != Recipient.Address.Key ? $" {remote.Key}" : "";
}
