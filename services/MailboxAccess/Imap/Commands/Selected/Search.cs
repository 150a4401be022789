using MailCloud.Blobs;
using MailCloud.MailboxAccess.Bodies;
using MailCloud.MailboxAccess.Imap.Fetch;
using MailCloud.MailboxAccess.Imap.Search;
using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Commands.Selected;

/// <summary>
/// SEARCH and UID SEARCH (RFC 3501 §6.4.4), in stages: first what the view decides, then page by page the rows of what is left, then content of what rows do not
/// decide, then bodies. What is found is kept as one bit per message, and written when all has been searched.
/// </summary>
internal static class Search
{
    public static ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken) =>
        RunAsync(session, arguments, byUid: false, cancellationToken);

    public static ValueTask<ImapReply> RunUidAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken) =>
        RunAsync(session, arguments, byUid: true, cancellationToken);

    private static async ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, bool byUid, CancellationToken cancellationToken)
    {
        SearchRequest request;
        try
        {
            request = new SearchParser(new(arguments.Span), session.Services.Time.GetUtcNow()).Parse();
        }
        catch (UnknownCharsetException)
        {
            return ImapReply.No("Unknown charset", "BADCHARSET (US-ASCII UTF-8)");
        }
        catch (SearchLimitException)
        {
            return ImapReply.No("Too many search keys", "LIMIT");
        }

        if (request.Key.AsksForModSeq)
        {
            session.Enable(ImapExtensions.CondStore); // RFC 7162 §3.1: a CONDSTORE enabling command
        }

        var found = new FoundMessages(session.Selected!.View.Count);
        var key = request.Key;
        for (var uids = await MatchViewAsync(session, key, found, cancellationToken).ConfigureAwait(false); uids.Length > 0;)
        {
            var page = await ReadAsync(session, uids, key, withContent: false, cancellationToken).ConfigureAwait(false);
            var undecided = await MatchPageAsync(session, key, page, found, mayOpenBody: false, cancellationToken).ConfigureAwait(false);
            await MatchContentAsync(session, key, undecided, found, cancellationToken).ConfigureAwait(false);
            uids = UidBatches.Rest(uids, page.NextUid);
        }

        await SearchResponse.WriteAsync(session, request, found, byUid, cancellationToken).ConfigureAwait(false);
        return ImapReply.Ok("SEARCH completed");
    }

    /// <summary>Marks what the view alone shows to match; returns what it does not decide, as ascending ranges.</summary>
    private static async ValueTask<UidRange[]> MatchViewAsync(ImapSession session, SearchKey key, FoundMessages found, CancellationToken cancellationToken)
    {
        var view = session.Selected!.View;
        if (!key.UsesView)
        {
            return view.All;
        }

        var bodies = Bodies(session);
        var undecided = new List<UidRange>();
        for (var number = 1; number <= view.Count; number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var uid = view.UidOf(number);
            var verdict = await key.MatchAsync(new(uid, null, view, [], bodies, cancellationToken)).ConfigureAwait(false);
            if (verdict is null || (verdict.Value && key.AsksForModSeq))
            {
                UidRanges.Append(undecided, new(uid, uid));
            }
            else if (verdict.Value)
            {
                found.Add(number, 0);
            }
        }

        return [.. undecided];
    }

    private static async ValueTask MatchContentAsync(
        ImapSession session, SearchKey key, UidRange[] undecided, FoundMessages found, CancellationToken cancellationToken)
    {
        while (undecided.Length > 0)
        {
            var page = await ReadAsync(session, undecided, key, withContent: true, cancellationToken).ConfigureAwait(false);
            await MatchPageAsync(session, key, page, found, mayOpenBody: true, cancellationToken).ConfigureAwait(false);
            undecided = UidBatches.Rest(undecided, page.NextUid);
        }
    }

    /// <summary>Marks what matches; returns what needs more to be decided.</summary>
    private static async ValueTask<UidRange[]> MatchPageAsync(
        ImapSession session, SearchKey key, MessagePage page, FoundMessages found, bool mayOpenBody, CancellationToken cancellationToken)
    {
        var view = session.Selected!.View;
        var bodies = Bodies(session);
        var undecided = new List<UidRange>();
        foreach (var row in page.Messages)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var message = new SearchedMessage(row.Uid, row, view, page.Keywords, bodies, cancellationToken);
            var verdict = await VerdictAsync(session, key, message, mayOpenBody).ConfigureAwait(false);
            if (verdict is null)
            {
                UidRanges.Append(undecided, new(row.Uid, row.Uid));
            }
            else if (verdict.Value)
            {
                found.Add(view.NumberOf(row.Uid), row.ModSeq);
            }
        }

        return [.. undecided];
    }

    private static async ValueTask<bool?> VerdictAsync(ImapSession session, SearchKey key, SearchedMessage message, bool mayOpenBody)
    {
        try
        {
            var verdict = await key.MatchAsync(message).ConfigureAwait(false);
            if (verdict is null && mayOpenBody)
            {
                message.MayOpenBody = true;
                verdict = await key.MatchAsync(message).ConfigureAwait(false);
            }

            return verdict;
        }
        catch (Exception e) when (e is BlobMissingException or MessageBrokenException)
        {
            // Expunged meanwhile, or damaged: one message must not keep all others from being found.
            session.Services.Log.BodyUnreadable(message.Row!.Body.Name, e);
            return false;
        }
    }

    private static BodyReader Bodies(ImapSession session) => new(session.Services.Blobs, static _ => { });

    private static ValueTask<MessagePage> ReadAsync(ImapSession session, UidRange[] uids, SearchKey key, bool withContent, CancellationToken cancellationToken)
    {
        var fetch = new FetchRequest { FolderId = session.Selected!.Id, Uids = uids, WithContent = withContent, ChangedSince = key.ChangedSince, WithThreads = key.AsksForThread };
        return ThreadedPages.ReadAsync(session, fetch, cancellationToken);
    }
}
