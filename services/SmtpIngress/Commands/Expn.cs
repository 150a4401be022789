using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.SmtpIngress.Commands;

/// <summary>
/// RFC 5321 §4.1.1.7: the members of an alias, for an authenticated client of its tenant. Others learn nothing, by 252: no other reply may be given that could pass for a
/// verification or its failure (§7.3).
/// </summary>
internal static class Expn
{
    public static async ValueTask<SmtpReply> RunAsync(SmtpSession session, string args, CancellationToken cancellationToken)
    {
        if (args.Length == 0)
        {
            return SmtpReply.Syntax("EXPN takes an alias");
        }

        if (session.Account is not { } account)
        {
            return Vrfy.CannotVerify;
        }

        var record = EmailAddress.TryParse(args.Trim('<', '>'), out var address)
            ? await session.Services.Directory.FindAsync(address, session.Patience, cancellationToken).ConfigureAwait(false)
            : null;
        return record is { Kind: AddressKind.Alias, Targets.Count: > 0 } alias && alias.Tenant == account.Tenant
            ? new(250, "2.1.5", [.. alias.Targets.Select(t => $"<{t}>")])
            : new(550, "5.1.1", "no such alias here");
    }
}
