using MailCloud.Cluster;
using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Pop3.Commands.Any;

/// <summary>QUIT (RFC 1939 §4 and §6): in TRANSACTION it enters UPDATE, and +OK says that what was marked is removed for good.</summary>
internal static class Quit
{
    public static async ValueTask<Pop3Reply> RunAsync(Pop3Session session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        new Pop3Arguments(arguments.Span).End();
        return await UpdateAsync(session, cancellationToken).ConfigureAwait(false) with { Close = true };
    }

    private static async ValueTask<Pop3Reply> UpdateAsync(Pop3Session session, CancellationToken cancellationToken)
    {
        if (session.Maildrop is not { } maildrop)
        {
            return Pop3Reply.Ok(Pop3Text.Goodbye);
        }

        try
        {
            return await session.UpdateMaildropAsync(cancellationToken).ConfigureAwait(false) switch
            {
                MaildropOutcome.Done => maildrop.Left == maildrop.Last
                    ? Pop3Reply.Ok(Pop3Text.Goodbye)
                    : Pop3Reply.Ok(Pop3Text.Removed, maildrop.Last - maildrop.Left),
                MaildropOutcome.InUse => Pop3Reply.Error("IN-USE", Pop3Text.NothingRemoved),
                _ => Pop3Reply.Error("SYS/PERM", Pop3Text.NoMailbox),
            };
        }
        catch (GrainUnavailableException e)
        {
            return session.RefuseUpdate(e);
        }
        finally
        {
            await session.LeaveMaildropAsync().ConfigureAwait(false);
        }
    }
}
