using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.LocalDelivery.Groups;

/// <summary>What a member of a group stands for now.</summary>
internal sealed class Member(EmailAddress address)
{
    public EmailAddress Address => address;

    public HashSet<AccountId> Mailboxes { get; } = [];

    public HashSet<EmailAddress> Remote { get; } = [];

    /// <summary>Groups, by their own addresses.</summary>
    public HashSet<EmailAddress> Groups { get; } = [];

    /// <summary>It leads to an account that is suspended, which is left out.</summary>
    public bool IsSuspended { get; set; }

    public int Copies => Mailboxes.Count + Remote.Count;

    /// <summary>Null: it gets no copy by itself. One who is not there any more gets one that fails, so that who runs the group learns of it.</summary>
    public EnvelopeRecipient? Recipient => Copies == 0 && (IsSuspended || Groups.Count > 0)
        ? null
        : new() { Address = address, Mailboxes = [.. Mailboxes], Remote = [.. Remote], Notify = DsnNotify.Failure };
}
