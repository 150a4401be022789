using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.SmtpIngress.Commands;

/// <summary>
/// RFC 5321 §4.1.1.7: the members of an alias or a group, for an authenticated client of its tenant. Others learn nothing, by 252: no other reply may be given that could pass for a
/// verification or its failure (§7.3).
/// </summary>
internal static class Expn
{
    /// <summary>Members of a group that are named; as many as an alias may have. A reply has no limit of its own (§4.5.3.1.5 is about its lines), and a client must read all of it.</summary>
    private const int MaxMembers = 500;

    private static readonly SmtpReply NoList = new(550, "5.1.1", "no such alias or group here");

    public static async ValueTask<SmtpReply> RunAsync(SmtpSession session, string args, CancellationToken cancellationToken)
    {
        if (args.Length == 0)
        {
            return SmtpReply.Syntax("EXPN takes an alias or a group");
        }

        if (session.Account is not { } account)
        {
            return Vrfy.CannotVerify;
        }

        var record = EmailAddress.TryParse(args.Trim('<', '>'), out var address)
            ? await session.Services.Directory.FindAsync(address, session.Patience, cancellationToken).ConfigureAwait(false)
            : null;
        return record?.Tenant != account.Tenant ? NoList : record switch
        {
            { Kind: AddressKind.Alias, Targets: { Count: > 0 } targets } => Named(targets),
            { Kind: AddressKind.Group } => await MembersAsync(session, record, cancellationToken).ConfigureAwait(false),
            _ => NoList,
        };
    }

    private static async ValueTask<SmtpReply> MembersAsync(SmtpSession session, AddressRecord group, CancellationToken cancellationToken)
    {
        var members = await session.Services.Directory.FindMembersAsync(group, MaxMembers + 1, session.Patience, cancellationToken).ConfigureAwait(false);
        return members.Count switch
        {
            0 => new(250, "2.1.5", $"<{group.Address}> has no members"),

            // RFC 5321 §3.5.3: 252 where it is a list, mail for which is taken, and its members are not told.
            > MaxMembers => new(252, "2.1.5", $"<{group.Address}> has more than {MaxMembers} members, too many to be named here"),
            _ => Named(members),
        };
    }

    private static SmtpReply Named(IReadOnlyList<EmailAddress> members) => new(250, "2.1.5", [.. members.Select(member => $"<{member}>")]);
}
