using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MimeKit;

namespace MailCloud.SmtpIngress.Policy;

/// <summary>
/// Submission only: an account sends as itself, its subaddresses, both in domains that are other names of its own, the aliases that lead to it, and what it was granted (RFC 6409 §6.1).
/// </summary>
internal static class SenderOwnership
{
    private static readonly SmtpReply NotYours = new(553, "5.7.1", "sender address is not yours");

    /// <summary>Null when the account owns the envelope's sender; the null sender is everybody's (RFC 5321 §4.5.5).</summary>
    public static async ValueTask<SmtpReply?> CheckEnvelopeAsync(SmtpSession session, AddressRecord account, EmailAddress? sender, CancellationToken cancellationToken)
    {
        try
        {
            return sender is null || await OwnsAsync(session, account, sender.Value, cancellationToken).ConfigureAwait(false) ? null : NotYours;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            session.Services.Log.DirectoryAway(e);
            return SmtpReply.DirectoryAway;
        }
    }

    /// <summary>Null when the account owns every address of From; of Resent-From where the message has it (RFC 5322 §3.6.6).</summary>
    public static async ValueTask<SmtpReply?> CheckHeaderAsync(SmtpSession session, AddressRecord account, HeaderSection header, CancellationToken cancellationToken)
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
            var refusal = EmailAddress.TryParse(mailbox.Address, out var address)
                ? await CheckEnvelopeAsync(session, account, address, cancellationToken).ConfigureAwait(false)
                : NotYours;
            if (refusal is not null)
            {
                return refusal;
            }
        }

        return list.Mailboxes.Any() ? null : NotYours;
    }

    private static async ValueTask<bool> OwnsAsync(SmtpSession session, AddressRecord account, EmailAddress sender, CancellationToken cancellationToken)
    {
        var key = sender.Key;
        var own = account.Address.Key;
        return key == own || sender.WithoutDetail.Key == own || await IsGrantedAsync(session, account, sender, cancellationToken).ConfigureAwait(false)
            || (await session.Services.Directory.FindAsync(sender, session.Patience, cancellationToken).ConfigureAwait(false) is { } named
                && named.Tenant == account.Tenant && (named.Address.Key == own || (named.Kind == AddressKind.Alias && named.Targets.Any(t => t.Key == own))));
    }

    // Never an address of another tenant, whoever granted it.
    private static async ValueTask<bool> IsGrantedAsync(SmtpSession session, AddressRecord account, EmailAddress sender, CancellationToken cancellationToken)
    {
        if (!account.SendAs.Contains(sender.Key))
        {
            return false;
        }

        var host = await session.Services.Directory.FindTenantAsync(sender.AsciiDomain, session.Patience, cancellationToken).ConfigureAwait(false);
        return host is null || host == account.Tenant;
    }
}
