using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Commands.Selected;

/// <summary>EXPUNGE (RFC 3501 §6.4.3) and UID EXPUNGE (RFC 4315 §2.1). The loop writes the EXPUNGE responses with all other changes.</summary>
internal static class Expunge
{
    public static async ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        new ImapReader(arguments.Span).End();
        return await RunAsync(session, uids: null, cancellationToken).ConfigureAwait(false);
    }

    public static async ValueTask<ImapReply> RunUidAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var set = ParseUid(new(arguments.Span));
        return await RunAsync(session, session.Selected!.View.Select(set, byUid: true), cancellationToken).ConfigureAwait(false);
    }

    internal static SequenceSet ParseUid(ImapReader reader)
    {
        reader.Space();
        var set = reader.SequenceSet();
        reader.End();
        return set;
    }

    internal static ValueTask<ExpungeResult> ExpungeAsync(ImapSession session, UidRange[]? uids, CancellationToken cancellationToken)
    {
        var expunge = new ExpungeRequest { Operation = Guid.NewGuid(), FolderId = session.Selected!.Id, Uids = uids };
        return session.CallMailboxAsync(mailbox => mailbox.ExpungeAsync(expunge), cancellationToken);
    }

    private static async ValueTask<ImapReply> RunAsync(ImapSession session, UidRange[]? uids, CancellationToken cancellationToken)
    {
        if (session.Selected!.ReadOnly)
        {
            return WriteReplies.ReadOnly;
        }

        var result = await ExpungeAsync(session, uids, cancellationToken).ConfigureAwait(false);

        // RFC 7162 §3.2.7: with CONDSTORE, when something was expunged.
        var code = result.Expunged > 0 && session.Enabled.HasFlag(ImapExtensions.CondStore) ? $"HIGHESTMODSEQ {result.HighestModSeq}" : null;
        return ImapReply.Ok("EXPUNGE completed", code);
    }
}
