using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MimeKit;

namespace MailCloud.Submission;

/// <summary>
/// Submission only: an account sends as itself, its subaddresses, both in domains that are other names of its own, the aliases that lead to it, and what it was granted (RFC 6409 §6.1).
/// </summary>
public static class SenderOwnership
{
    public static readonly PolicyReply NotYours = new(553, "5.7.1", "sender address is not yours");

    /// <summary>Null when the account owns every address of From; of Resent-From where the message has it (RFC 5322 §3.6.6).</summary>
    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public static async ValueTask<PolicyReply?> CheckHeaderAsync(
        AddressDirectory directory, AddressRecord account, HeaderSection header, Patience patience, CancellationToken cancellationToken)
    {
        if (header.IsOriginatorTooLong)
        {
            return new(554, "5.6.0", "From is too long");
        }

        if (header.Originator.IsEmpty)
        {
            return null;
        }

        if (!InternetAddressList.TryParse(header.Originator.ToArray(), out var list))
        {
            return new(554, "5.6.0", "From cannot be read");
        }

        foreach (var mailbox in list.Mailboxes)
        {
            if (!EmailAddress.TryParse(mailbox.Address, out var address) || !await OwnsAsync(directory, account, address, patience, cancellationToken).ConfigureAwait(false))
            {
                return NotYours;
            }
        }

        return list.Mailboxes.Any() ? null : NotYours;
    }

    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public static async ValueTask<bool> OwnsAsync(AddressDirectory directory, AddressRecord account, EmailAddress sender, Patience patience, CancellationToken cancellationToken)
    {
        var key = sender.Key;
        var own = account.Address.Key;
        return key == own || sender.WithoutDetail.Key == own || await IsGrantedAsync(directory, account, sender, patience, cancellationToken).ConfigureAwait(false)
            || (await directory.FindAsync(sender, patience, cancellationToken).ConfigureAwait(false) is { } named
                && named.Tenant == account.Tenant && (named.Address.Key == own || (named.Kind == AddressKind.Alias && named.Targets.Any(t => t.Key == own))));
    }

    // Never an address of another tenant, whoever granted it.
    private static async ValueTask<bool> IsGrantedAsync(AddressDirectory directory, AddressRecord account, EmailAddress sender, Patience patience, CancellationToken cancellationToken)
    {
        if (!account.SendAs.Contains(sender.Key))
        {
            return false;
        }

        var host = await directory.FindTenantAsync(sender.AsciiDomain, patience, cancellationToken).ConfigureAwait(false);
        return host is null || host == account.Tenant;
    }
}
