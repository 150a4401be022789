using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.SmtpIngress.Commands;

/// <summary>RFC 5321 §4.1.1.6. Strangers learn nothing (§7.3): only an authenticated client gets an answer, and only of its own tenant.</summary>
internal static class Vrfy
{
    public static readonly SmtpReply CannotVerify = new(252, "2.0.0", "cannot verify, but will take mail for it if it exists");

    public static async ValueTask<SmtpReply> RunAsync(SmtpSession session, string args, CancellationToken cancellationToken)
    {
        if (args.Length == 0)
        {
            return SmtpReply.Syntax("VRFY takes an address");
        }

        if (session.Account is not { } account || !EmailAddress.TryParse(args.Trim('<', '>'), out var address))
        {
            return CannotVerify;
        }

        var record = await session.Services.Directory.FindAsync(address, session.Patience, cancellationToken).ConfigureAwait(false);
        return record switch
        {
            { } other when other.Tenant != account.Tenant => CannotVerify,
            { Kind: AddressKind.Forwarded } => new(251, "2.1.5", $"will forward to <{record.Targets[0]}>"),
            { Kind: AddressKind.Moved } => new(551, "5.1.6", $"user has moved, please try <{record.Targets[0]}>"),
            { } => new(250, "2.1.5", $"<{record.Address}>"),
            null => await session.Services.Directory.FindTenantAsync(address.AsciiDomain, session.Patience, cancellationToken).ConfigureAwait(false) == account.Tenant
                ? new(550, "5.1.1", "no such user here")
                : CannotVerify,
        };
    }
}
