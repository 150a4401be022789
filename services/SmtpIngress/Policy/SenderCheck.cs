using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Submission;

namespace MailCloud.SmtpIngress.Policy;

/// <summary>What <see cref="MailCloud.Submission"/> says of who submits a message, as replies of this protocol. A directory that is silent is transient.</summary>
internal static class SenderCheck
{
    /// <summary>Null when the account may send, as the directory has it at MAIL.</summary>
    public static async ValueTask<SmtpReply?> MaySendAsync(SmtpSession session, AddressRecord account, CancellationToken cancellationToken)
    {
        try
        {
            var (state, current) = await SendingRight.FindAsync(session.Services.Directory, session.Services.Standings, account, session.Patience, cancellationToken).ConfigureAwait(false);
            if (current is not null)
            {
                session.Refresh(current);
            }

            return state switch
            {
                AccountState.Suspended => SmtpReply.Suspended,
                AccountState.ReceiveOnly => new(550, "5.7.1", "this account receives mail and may not send any"),
                _ => null,
            };
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return Away(session, e);
        }
    }

    /// <summary>Null when the account owns the envelope's sender; the null sender is everybody's (RFC 5321 §4.5.5).</summary>
    public static async ValueTask<SmtpReply?> OfEnvelopeAsync(SmtpSession session, AddressRecord account, EmailAddress? sender, CancellationToken cancellationToken)
    {
        try
        {
            return sender is null || await SenderOwnership.OwnsAsync(session.Services.Directory, account, sender.Value, session.Patience, cancellationToken).ConfigureAwait(false)
                ? null
                : SmtpReply.Of(SenderOwnership.NotYours);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return Away(session, e);
        }
    }

    /// <summary>Null when the account owns those whom the header says it is from.</summary>
    public static async ValueTask<SmtpReply?> OfHeaderAsync(
        SmtpSession session, AddressRecord account, EmailAddress? sender, HeaderSection header, CancellationToken cancellationToken)
    {
        try
        {
            return await SenderOwnership.CheckHeaderAsync(session.Services.Directory, account, sender, header, session.Patience, cancellationToken).ConfigureAwait(false) is { } refusal
                ? SmtpReply.Of(refusal)
                : null;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return Away(session, e);
        }
    }

    /// <summary>Null when the account may have one more message held.</summary>
    public static async ValueTask<SmtpReply?> HoldAsync(SmtpSession session, AddressRecord account, DateTimeOffset until, CancellationToken cancellationToken)
    {
        try
        {
            return await session.Services.Caps.HoldAsync(account, until, session.Patience, cancellationToken).ConfigureAwait(false) is { } refusal ? SmtpReply.Of(refusal) : null;
        }
        catch (GrainUnavailableException e)
        {
            return Away(session, e);
        }
    }

    private static SmtpReply Away(SmtpSession session, Exception e)
    {
        session.Services.Log.DirectoryAway(e);
        return SmtpReply.DirectoryAway;
    }
}
