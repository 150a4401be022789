using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.SmtpIngress;

/// <summary>Records how a message came and what was said to it, for <c>mailcloud trace</c>. A transaction that ends before its message has begun has no Message-ID and is not recorded.</summary>
internal static class SmtpTrace
{
    /// <summary>A message, or its part for one tenant, and the reply that ended it.</summary>
    public static void Ended(
        SmtpSession session, Transaction transaction, DateTimeOffset at, DeliveryId id, TenantId tenant, IEnumerable<EnvelopeRecipient> recipients, long octets, string messageId, SmtpReply reply) =>
        session.Services.Tracer.Began(messageId, new()
        {
            Delivery = id,
            At = at,
            Kind = reply.IsRefusal ? TraceKind.Refused : TraceKind.Accepted,
            Recipients = [.. recipients.Select(r => r.Address.ToString())],
            Reply = reply.OneLine,
            Session = new(
                tenant.Value,
                session.ListenerName,
                (session.Remote.IsIPv4MappedToIPv6 ? session.Remote.MapToIPv4() : session.Remote).ToString(),
                session.ClientName ?? "",
                session.Account?.Address.ToString(),
                session.Tls is { } tls ? $"{tls.Protocol} {tls.CipherSuite}" : null,
                transaction.Sender?.ToString() ?? "",
                octets),
        });

    /// <summary>Recipients that were refused before the message came.</summary>
    public static void Refused(SmtpSession session, Transaction transaction, DeliveryId id)
    {
        if (transaction.Refused.Count > 0)
        {
            session.Services.Tracer.Add([.. transaction.Refused.Select(refused => new TraceEvent
            {
                Delivery = id,
                At = refused.At,
                Kind = TraceKind.RecipientRefused,
                Recipients = [refused.Address.ToString()],
                Reply = refused.Reply.OneLine,
            })]);
        }
    }
}
