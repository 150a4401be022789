using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Tests.Spool;

/// <summary>Entries of waiting mail for tests.</summary>
internal static class SpooledMail
{
    public static SpoolEntry Outbound(
        string user = "far",
        string destination = "example.org",
        string tenant = "demo",
        DateTimeOffset due = default,
        int priority = 0,
        DeliveryId? message = null,
        DateTimeOffset? accepted = null) =>
        Entry(SpoolKind.Outbound, new() { Address = new(user, destination), Remote = [new(user, destination)] }, tenant, due, priority, message, accepted);

    public static SpoolEntry Local(string user = "bob", string tenant = "demo", DateTimeOffset due = default, DateTimeOffset? accepted = null) =>
        Entry(SpoolKind.Local, new() { Address = new(user, "example.test"), Mailboxes = [new($"{tenant}/{user}")] }, tenant, due, 0, null, accepted);

    private static SpoolEntry Entry(
        SpoolKind kind, EnvelopeRecipient recipient, string tenant, DateTimeOffset due, int priority, DeliveryId? message, DateTimeOffset? accepted)
    {
        var id = message ?? DeliveryId.New(accepted ?? DateTimeOffset.UtcNow);
        return new()
        {
            Kind = kind,
            DueAt = due,
            Message = new()
            {
                Id = id,
                Tenant = new(tenant),
                Body = new(BodyRef.NameFor(new(tenant), id), 10),
                Trace = "Received: from client.example\r\n",
                Envelope = new() { Recipients = [recipient], Priority = priority },
            },
        };
    }
}
