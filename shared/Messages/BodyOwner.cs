namespace MailCloud.Messages;

/// <summary>
/// Who keeps a body alive, named when it is accepted: each mailbox it is to be filed in, each address it is to be relayed to, and each group until its members have bodies of their own.
/// </summary>
public static class BodyOwner
{
    public static string Mailbox(AccountId account) => $"mailbox:{account.Value}";

    public static string Spool(DeliveryId id, EmailAddress remote) => $"spool:{id}:{remote.Key}";

    public static string Group(DeliveryId id, EmailAddress group) => $"group:{id}:{group.Key}";

    /// <summary>The owners of a message with these recipients, each once.</summary>
    public static IReadOnlyList<string> Of(DeliveryId id, IReadOnlyList<EnvelopeRecipient> recipients) =>
    [
        .. recipients.SelectMany(r => r.Mailboxes).Select(Mailbox)
            .Concat(recipients.SelectMany(r => r.Remote).Select(remote => Spool(id, remote)))
            .Concat(recipients.SelectMany(r => r.Groups).Select(group => Group(id, group)))
            .Distinct(StringComparer.Ordinal),
    ];
}
