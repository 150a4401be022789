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

    /// <summary>Addresses that may be another's in one field: who sends again what many wrote together sends it as a part of a message of its own.</summary>
    private const int MostForeign = 10;

    /// <summary>Labels of a domain that are looked at. Those of mail have three or four.</summary>
    private const int MostLabels = 10;

    /// <summary>
    /// Null when the account owns every address of From. Where the message is sent again (RFC 5322 §3.6.6) it owns every address of Resent-From, and From is the author's, who may be anybody elsewhere: but nobody
    /// whom readers would believe it to be from because this installation signs or relays it. The same holds of Sender.
    /// </summary>
    /// <param name="directory">Says whose an address is.</param>
    /// <param name="account">Who sends.</param>
    /// <param name="envelope">The reverse-path, of whose domain SPF is asked; null: the null reverse-path.</param>
    /// <param name="header">What is sent.</param>
    /// <param name="patience">For the directory.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="GrainUnavailableException">The directory did not answer.</exception>
    public static async ValueTask<PolicyReply?> CheckHeaderAsync(
        AddressDirectory directory, AddressRecord account, EmailAddress? envelope, HeaderSection header, Patience patience, CancellationToken cancellationToken)
    {
        if (header.IsOriginatorTooLong)
        {
            return new(554, "5.6.0", "From is too long");
        }

        return await CheckFieldAsync(header.Originator, mayBeForeign: false).ConfigureAwait(false)
            ?? (header.HasResentFrom ? await CheckFieldAsync(header.From, mayBeForeign: true).ConfigureAwait(false) : null)
            ?? await CheckFieldAsync(header.Sender, mayBeForeign: true).ConfigureAwait(false);

        async ValueTask<PolicyReply?> CheckFieldAsync(ReadOnlyMemory<byte> field, bool mayBeForeign)
        {
            if (field.IsEmpty)
            {
                return null;
            }

            if (!InternetAddressList.TryParse(field.ToArray(), out var list))
            {
                return new(554, "5.6.0", "From cannot be read");
            }

            var foreign = 0;
            foreach (var mailbox in list.Mailboxes)
            {
                if (!EmailAddress.TryParse(mailbox.Address, out var address)
                    || (!await OwnsAsync(directory, account, address, patience, cancellationToken).ConfigureAwait(false)
                        && (!mayBeForeign || ++foreign > MostForeign || IsAligned(address, account.Address) || (envelope is { } path && IsAligned(address, path))
                            || await IsOfOursAsync(directory, account, address, patience, cancellationToken).ConfigureAwait(false))))
                {
                    return NotYours;
                }
            }

            return mayBeForeign || list.Mailboxes.Any() ? null : NotYours;
        }
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

    /// <summary>
    /// Whether what this installation signs, or sends from its hosts, passes DMARC for the address: its domain, or one above it, is hosted here, or the account's is below it (relaxed alignment, RFC 7489 §3.1).
    /// Whose it is does not matter: mail between tenants is not checked by DMARC at all.
    /// </summary>
    private static async ValueTask<bool> IsOfOursAsync(AddressDirectory directory, AddressRecord account, EmailAddress address, Patience patience, CancellationToken cancellationToken)
    {
        var name = address.AsciiDomain;
        if (name.Count(c => c == '.') >= MostLabels || account.Address.AsciiDomain.EndsWith($".{name}", StringComparison.Ordinal))
        {
            return true;
        }

        for (var at = 0; at >= 0; at = name.IndexOf('.', at) is >= 0 and var dot ? dot + 1 : -1)
        {
            if (await directory.FindTenantAsync(name[at..], patience, cancellationToken).ConfigureAwait(false) is not null)
            {
                return true;
            }
        }

        return false;
    }

    // Relaxed alignment asks for the organizational domain (RFC 7489 §3.2), which a list says that is not had here. Two labels are
    // never below it, so that this refuses too many (all of co.uk) and lets none through.
    private static bool IsAligned(EmailAddress one, EmailAddress other) => LastLabels(one.AsciiDomain) == LastLabels(other.AsciiDomain);

    private static string LastLabels(string domain) => domain.LastIndexOf('.') is > 0 and var last && domain.LastIndexOf('.', last - 1) is >= 0 and var dot ? domain[(dot + 1)..] : domain;

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
