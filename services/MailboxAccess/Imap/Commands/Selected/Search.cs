using System.Collections;
using MailCloud.MailboxAccess.Imap.Search;
using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Commands.Selected;

/// <summary>
/// SEARCH and UID SEARCH (RFC 3501 §6.4.4), page by page: rows first, then content for the messages that rows do not decide, then bodies.
/// What is found is kept as one bit per message.
/// </summary>
internal static class Search
{
    public static ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken) =>
        RunAsync(session, arguments, byUid: false, cancellationToken);

    public static ValueTask<ImapReply> RunUidAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken) =>
        RunAsync(session, arguments, byUid: true, cancellationToken);

    private static async ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, bool byUid, CancellationToken cancellationToken)
    {
        SearchKey key;
        try
        {
            key = new SearchParser(new(arguments.Span)).Parse();
        }
        catch (UnknownCharsetException)
        {
            return ImapReply.No("Unknown charset", "BADCHARSET (US-ASCII UTF-8)");
        }

        var view = session.Selected!.View;
        var found = new BitArray(view.Count + 1);
        for (var uids = view.All; uids.Length > 0;)
        {
            var page = await ReadAsync(session, uids, withContent: false, cancellationToken).ConfigureAwait(false);
            var undecided = await MatchAsync(session, key, page, found, mayOpenBody: false, cancellationToken).ConfigureAwait(false);
            await MatchContentAsync(session, key, undecided, found, cancellationToken).ConfigureAwait(false);
            uids = page.NextUid == 0 ? [] : UidBatches.From(uids, page.NextUid);
        }

        await WriteAsync(session.Writer, view, found, byUid, cancellationToken).ConfigureAwait(false);
        return ImapReply.Ok("SEARCH completed");
    }

    private static async ValueTask MatchContentAsync(
        ImapSession session, SearchKey key, UidRange[] undecided, BitArray found, CancellationToken cancellationToken)
    {
        while (undecided.Length > 0)
        {
            var page = await ReadAsync(session, undecided, withContent: true, cancellationToken).ConfigureAwait(false);
            await MatchAsync(session, key, page, found, mayOpenBody: true, cancellationToken).ConfigureAwait(false);
            undecided = page.NextUid == 0 ? [] : UidBatches.From(undecided, page.NextUid);
        }
    }

    /// <summary>Marks what matches; returns what needs more to be decided.</summary>
    private static async ValueTask<UidRange[]> MatchAsync(
        ImapSession session, SearchKey key, MessagePage page, BitArray found, bool mayOpenBody, CancellationToken cancellationToken)
    {
        var view = session.Selected!.View;
        var undecided = new List<UidRange>();
        foreach (var row in page.Messages)
        {
            var message = new SearchedMessage(row, view, page.Keywords, session.Services.Blobs, cancellationToken);
            var verdict = await key.MatchAsync(message).ConfigureAwait(false);
            if (verdict is null && mayOpenBody)
            {
                message.MayOpenBody = true;
                verdict = await key.MatchAsync(message).ConfigureAwait(false);
            }

            if (verdict is null)
            {
                undecided.Add(new(row.Uid, row.Uid));
            }
            else if (verdict.Value)
            {
                found[view.NumberOf(row.Uid)] = true;
            }
        }

        return [.. undecided];
    }

    private static ValueTask<MessagePage> ReadAsync(ImapSession session, UidRange[] uids, bool withContent, CancellationToken cancellationToken)
    {
        var fetch = new FetchRequest { FolderId = session.Selected!.Id, Uids = uids, WithContent = withContent };
        return session.CallMailboxAsync(mailbox => mailbox.FetchAsync(fetch), cancellationToken);
    }

    private static async ValueTask WriteAsync(ImapWriter writer, MailboxView view, BitArray found, bool byUid, CancellationToken cancellationToken)
    {
        writer.Raw("* SEARCH"u8);
        for (var number = 1; number < found.Length; number++)
        {
            if (found[number])
            {
                writer.Raw(" "u8);
                writer.Number(byUid ? view.UidOf(number) : number);
                await writer.FlushIfFullAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        writer.EndLine();
    }
}
