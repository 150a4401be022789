using MailCloud.MailboxContracts;

namespace MailCloud.SmtpIngress.Policy;

/// <summary>Whether an account may send, as the directory has it at MAIL: a login lasts for long.</summary>
internal static class SendingRight
{
    /// <summary>Null when it may.</summary>
    public static async ValueTask<SmtpReply?> CheckAsync(SmtpSession session, AddressRecord account, CancellationToken cancellationToken)
    {
        try
        {
            var current = await session.Services.Directory.FindAsync(account.Address.Key, session.Patience, cancellationToken).ConfigureAwait(false);
            if (current is not { Kind: AddressKind.Account } || current.Account != account.Account)
            {
                return SmtpReply.Suspended;
            }

            session.Refresh(current);
            return await session.Services.Standings.FindStateAsync(current, session.Patience, cancellationToken).ConfigureAwait(false) switch
            {
                AccountState.Suspended => SmtpReply.Suspended,
                AccountState.ReceiveOnly => new(550, "5.7.1", "this account receives mail and may not send any"),
                _ => null,
            };
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            session.Services.Log.DirectoryAway(e);
            return SmtpReply.DirectoryAway;
        }
    }
}
