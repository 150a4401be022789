using MailCloud.MailboxAccess.Imap.Fetch;
using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Commands.Selected;

/// <summary>FETCH and UID FETCH (RFC 3501 §6.4.5).</summary>
internal static class Fetch
{
    internal sealed record Request(SequenceSet Set, FetchItems Items);

    public static ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken) =>
        RunAsync(session, Parse(new(arguments.Span)), byUid: false, cancellationToken);

    public static ValueTask<ImapReply> RunUidAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken) =>
        RunAsync(session, Parse(new(arguments.Span)), byUid: true, cancellationToken);

    internal static Request Parse(ImapReader reader)
    {
        reader.Space();
        var set = reader.SequenceSet();
        reader.Space();
        var items = FetchItemsParser.Parse(ref reader);
        reader.End();
        return new(set, items);
    }

    private static async ValueTask<ImapReply> RunAsync(ImapSession session, Request request, bool byUid, CancellationToken cancellationToken)
    {
        var folder = session.Selected!;

        // RFC 3501 §6.4.8: UID FETCH always gives the UID.
        var items = byUid ? request.Items with { Fields = request.Items.Fields | FetchFields.Uid } : request.Items;
        var uids = folder.View.Select(request.Set, byUid);
        var expected = uids.Sum(range => range.Count);
        var highest = long.MaxValue;
        while (uids.Length > 0)
        {
            var page = await ReadPageAsync(session, folder, uids, items.NeedsContent, cancellationToken).ConfigureAwait(false);
            expected -= page.Messages.Count;
            highest = page.HighestModSeq;
            folder.TellKeywords(session.Writer, page.Keywords);
            var seen = items.SetsSeen && !folder.ReadOnly ? await SetSeenAsync(session, folder, page, cancellationToken).ConfigureAwait(false) : [];
            foreach (var message in page.Messages)
            {
                var now = seen.TryGetValue(message.Uid, out var changed) ? message with { Flags = changed.Flags, ModSeq = changed.ModSeq } : message;
                await FetchResponse.WriteAsync(session, folder, now, items, seen.ContainsKey(message.Uid), cancellationToken).ConfigureAwait(false);
                await session.Writer.FlushIfFullAsync(cancellationToken).ConfigureAwait(false);
            }

            if (seen.Count > 0)
            {
                highest = long.MaxValue;
            }

            uids = page.NextUid == 0 ? [] : UidBatches.From(uids, page.NextUid);
        }

        // RFC 5530 §3: another session has expunged some; this one will be told when it may.
        var reply = ImapReply.Ok("FETCH completed", expected > 0 ? "EXPUNGEISSUED" : null);

        // The last page has shown that nothing changed since the client last heard: the mailbox need not be asked again.
        return reply with { IsUpToDate = highest <= folder.View.ModSeq && !folder.View.HoldsExpunges };
    }

    private static ValueTask<MessagePage> ReadPageAsync(
        ImapSession session, SelectedFolder folder, UidRange[] uids, bool withContent, CancellationToken cancellationToken)
    {
        var fetch = new FetchRequest { FolderId = folder.Id, Uids = uids, WithContent = withContent };
        return session.CallMailboxAsync(mailbox => mailbox.FetchAsync(fetch), cancellationToken);
    }

    /// <summary>Sets \Seen on the page's messages that lack it (RFC 3501 §6.4.5, BODY[]); returns their flags since.</summary>
    private static async ValueTask<Dictionary<uint, FlagsOfMessage>> SetSeenAsync(
        ImapSession session, SelectedFolder folder, MessagePage page, CancellationToken cancellationToken)
    {
        UidRange[] unseen = [.. page.Messages.Where(m => (m.Flags & MessageFlags.Seen) == 0).Select(m => new UidRange(m.Uid, m.Uid))];
        if (unseen.Length == 0)
        {
            return [];
        }

        var result = await Store.StoreAsync(session, unseen, FlagChange.Add, FlagSet.Empty with { System = MessageFlags.Seen }, cancellationToken).ConfigureAwait(false);
        folder.TellKeywords(session.Writer, result.Keywords);
        foreach (var message in result.Messages)
        {
            folder.View.Tell(message);
        }

        return result.Messages.ToDictionary(message => message.Uid);
    }
}
