using MailCloud.MailboxAccess.Bodies;
using MailCloud.MailboxAccess.Pop3.Commands.Transaction;

namespace MailCloud.MailboxAccess.Pop3.Retrieval;

/// <summary>A message that RETR or TOP may send, or why it may not; one of them is null.</summary>
internal readonly record struct ShownMessage(MessageOctets? Octets, Pop3Reply? Refusal)
{
    public static async ValueTask<ShownMessage> FindAsync(Pop3Session session, int number, CancellationToken cancellationToken)
    {
        if (MessageNumber.Refusal(session.Maildrop!, number) is { } refusal)
        {
            return new(null, refusal);
        }

        if (await session.FindMessageAsync(number, cancellationToken).ConfigureAwait(false) is not { } message)
        {
            return new(null, Pop3Reply.Error(null, Pop3Text.IsGone, number));
        }

        return !session.IsUtf8 && InternationalMail.NeedsUtf8(message.Content!)
            ? new(null, Pop3Reply.Error("UTF8", Pop3Text.NeedsUtf8))
            : new(MessageOctets.Shown(message, new(session.Services.Blobs, session.Services.Telemetry.Read)), null);
    }
}
