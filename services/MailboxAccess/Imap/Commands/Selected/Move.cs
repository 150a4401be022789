using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Commands.Selected;

/// <summary>MOVE and UID MOVE (RFC 6851): one event of the mailbox, so that a message is in one of both folders at every moment.</summary>
internal static class Move
{
    public static ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken) =>
        RunAsync(session, Copy.Parse(new(arguments.Span)), byUid: false, cancellationToken);

    public static ValueTask<ImapReply> RunUidAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken) =>
        RunAsync(session, Copy.Parse(new(arguments.Span)), byUid: true, cancellationToken);

    private static async ValueTask<ImapReply> RunAsync(ImapSession session, Copy.Request request, bool byUid, CancellationToken cancellationToken)
    {
        var folder = session.Selected!;
        var uids = folder.View.Select(request.Set, byUid);
        if (folder.ReadOnly)
        {
            return WriteReplies.ReadOnly;
        }

        var result = await Copy.CopyAsync(session, uids, request.Target, move: true, cancellationToken).ConfigureAwait(false);
        if (Copy.Refusal(result.Outcome) is { } refusal)
        {
            return refusal;
        }

        if (result.Sources.Length == 0)
        {
            return ImapReply.Ok("There was nothing to move", uids.Length > 0 ? "EXPUNGEISSUED" : null);
        }

        // RFC 6851 §4.3: COPYUID comes untagged, before the EXPUNGE responses, which the loop writes with all other changes.
        session.Writer.Line($"* OK [{Copy.CopyUid(result)}] Moved");
        return ImapReply.Ok("MOVE completed");
    }
}
