using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Commands.Selected;

/// <summary>COPY and UID COPY (RFC 3501 §6.4.7) with COPYUID (RFC 4315 §3). All messages or none, in one step of the mailbox.</summary>
internal static class Copy
{
    internal sealed record Request(SequenceSet Set, string Target);

    public static ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken) =>
        RunAsync(session, Parse(new(arguments.Span)), byUid: false, cancellationToken);

    public static ValueTask<ImapReply> RunUidAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken) =>
        RunAsync(session, Parse(new(arguments.Span)), byUid: true, cancellationToken);

    internal static Request Parse(ImapReader reader)
    {
        reader.Space();
        var set = reader.SequenceSet();
        reader.Space();
        var target = reader.Mailbox();
        reader.End();
        return new(set, target);
    }

    /// <summary>What COPY and MOVE have in common: the mailbox is asked also about no message, because it knows whether the target is there.</summary>
    internal static ValueTask<CopyResult> CopyAsync(ImapSession session, UidRange[] uids, string target, bool move, CancellationToken cancellationToken)
    {
        var copy = new CopyRequest { Operation = Guid.NewGuid(), FolderId = session.Selected!.Id, Uids = uids, Target = target, Move = move };
        return session.CallMailboxAsync(mailbox => mailbox.CopyAsync(copy), cancellationToken);
    }

    /// <summary>What COPY and MOVE answer when nothing was done; null when it was done, or when there was nothing to do.</summary>
    internal static ImapReply? Refusal(WriteOutcome outcome) =>
        outcome == WriteOutcome.SourceGone ? throw new FolderGoneException() : WriteReplies.Refusal(outcome);

    /// <summary>COPYUID (RFC 4315 §3): both sets in the same order.</summary>
    internal static string CopyUid(CopyResult result) => $"COPYUID {result.UidValidity} {SequenceSet.Write(result.Sources)} {SequenceSet.Write(result.Targets)}";

    private static async ValueTask<ImapReply> RunAsync(ImapSession session, Request request, bool byUid, CancellationToken cancellationToken)
    {
        var uids = session.Selected!.View.Select(request.Set, byUid);
        var result = await CopyAsync(session, uids, request.Target, move: false, cancellationToken).ConfigureAwait(false);
        if (Refusal(result.Outcome) is { } refusal)
        {
            return refusal;
        }

        if (result.Sources.Length > 0)
        {
            return ImapReply.Ok("COPY completed", CopyUid(result));
        }

        // RFC 3501 §6.4.8: a UID without a message is ignored. RFC 5530 §3: another session has expunged what this one still knows.
        return ImapReply.Ok("There was nothing to copy", uids.Length > 0 ? "EXPUNGEISSUED" : null);
    }
}
