using System.Security.Cryptography;
using System.Text;
using MailCloud.Messages;

namespace MailCloud.LocalDelivery.Reports;

/// <summary>What the sender is told of one recipient (RFC 3464 §2.3.3).</summary>
internal enum DsnAction
{
    Failed,
    Delayed,
    Delivered,
}

/// <summary>One delivery status notification, before it is a message.</summary>
/// <param name="Original">The message that it is about.</param>
/// <param name="Recipient">The one recipient that it is about.</param>
/// <param name="Action">What became of him.</param>
/// <param name="Status">Enhanced status code (RFC 3463).</param>
/// <param name="Reply">The SMTP reply that the outcome stands for; null when there is none to tell.</param>
/// <param name="RetryUntil">When a delayed message is given up.</param>
internal sealed record DsnReport(
    QueuedMessage Original, EnvelopeRecipient Recipient, DsnAction Action, string Status, string? Reply, DateTimeOffset? RetryUntil = null)
{
    public static DsnReport Failed(QueuedMessage original, EnvelopeRecipient recipient, string status, string reply) =>
        new(original, recipient, DsnAction.Failed, status, reply);

    public static DsnReport Delayed(QueuedMessage original, EnvelopeRecipient recipient, string status, string reply, DateTimeOffset retryUntil) =>
        new(original, recipient, DsnAction.Delayed, status, reply, retryUntil);

    public static DsnReport Delivered(QueuedMessage original, EnvelopeRecipient recipient) => new(original, recipient, DsnAction.Delivered, "2.1.5", null);

    /// <summary>
    /// RFC 3461 §4.1: NEVER and an explicit list are obeyed; without NOTIFY failures and delays are reported. RFC 5321 §4.5.5: never to the null reverse-path.
    /// </summary>
    public bool IsWanted => Original.Envelope.Sender is not null && Recipient.Notify switch
    {
        DsnNotify.Unspecified => Action != DsnAction.Delivered,
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
    public DeliveryId Id
    {
        get
        {
            Span<byte> id = stackalloc byte[16];
            Original.Id.Value.TryWriteBytes(id, bigEndian: true, out _);
            var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{Original.Id} {Action} {Recipient.Address.Key}"));
            hash.AsSpan(0, 10).CopyTo(id[6..]);
            id[6] = (byte)((id[6] & 0x0f) | 0x70); // RFC 9562 §5.7: version 7 …
            id[8] = (byte)((id[8] & 0x3f) | 0x80); // … and its variant.
            return new(new Guid(id, bigEndian: true));
        }
    }
}
