using MailCloud.MailboxAccess.Imap.Fetch;
using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Commands.Selected;

/// <summary>FETCH and UID FETCH (RFC 3501 §6.4.5).</summary>
internal static class Fetch
{
    internal sealed record Request(SequenceSet Set, FetchItems Items, FetchModifiers Modifiers);

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
        var modifiers = FetchItemsParser.Modifiers(ref reader);
        reader.End();

        // RFC 7162 §3.1.4.1: CHANGEDSINCE asks for MODSEQ too.
        return new(set, modifiers.ChangedSince is null ? items : items with { Fields = items.Fields | FetchFields.ModSeq }, modifiers);
    }

    private static async ValueTask<ImapReply> RunAsync(ImapSession session, Request request, bool byUid, CancellationToken cancellationToken)
    {
        var folder = session.Selected!;
        if (request.Modifiers.Vanished && !(byUid && session.Enabled.HasFlag(ImapExtensions.QResync)))
        {
            // RFC 7162 §3.2.6
            return ImapReply.Bad("VANISHED is for UID FETCH after ENABLE QRESYNC");
        }

        if ((request.Items.Fields & FetchFields.ModSeq) != 0)
        {
            session.Enable(ImapExtensions.CondStore); // RFC 7162 §3.1: a CONDSTORE enabling command
        }

        // RFC 3501 §6.4.8: UID FETCH always gives the UID.
        var items = byUid ? request.Items with { Fields = request.Items.Fields | FetchFields.Uid } : request.Items;
        var uids = folder.View.Select(request.Set, byUid);
        var expected = uids.Sum(range => range.Count);
        var highest = long.MaxValue;
        if (request.Modifiers.Vanished)
        {
            await TellVanishedAsync(session, request, cancellationToken).ConfigureAwait(false);
        }

        var refused = new Refused();
        while (uids.Length > 0)
        {
            var page = await ReadPageAsync(session, uids, items, request.Modifiers.ChangedSince ?? 0, cancellationToken).ConfigureAwait(false);
            expected -= page.Messages.Count;
            highest = page.HighestModSeq;
            folder.TellKeywords(session.Writer, page.Keywords);
            if (await WritePageAsync(session, page, items, refused, cancellationToken).ConfigureAwait(false))
            {
                highest = long.MaxValue;
            }

            uids = UidBatches.Rest(uids, page.NextUid);
        }

        if (await refused.ReplyAsync(session, cancellationToken).ConfigureAwait(false) is { } no)
        {
            return no;
        }

        // RFC 5530 §3: another session has expunged some; this one will be told when it may.
        var reply = ImapReply.Ok("FETCH completed", expected > 0 && request.Modifiers.ChangedSince is null ? "EXPUNGEISSUED" : null);

        // The last page has shown that nothing changed since the client last heard: the mailbox need not be asked again.
        return reply with { IsUpToDate = highest <= folder.View.ModSeq && !folder.View.HoldsExpunges };
    }

    // RFC 7162 §3.2.6: of the UIDs asked for, those expunged since; before any FETCH response.
    private static async ValueTask TellVanishedAsync(ImapSession session, Request request, CancellationToken cancellationToken)
    {
        var folder = session.Selected!;
        var ask = new ChangesRequest { FolderId = folder.Id, SinceModSeq = request.Modifiers.ChangedSince!.Value };
        var changes = await session.CallMailboxAsync(mailbox => mailbox.GetChangesAsync(ask), cancellationToken).ConfigureAwait(false) ?? throw new FolderGoneException();
        folder.WriteVanishedEarlier(session.Writer, changes.Expunged, request.Set.ToUids(folder.View.UidNext - 1));
    }

    private static ValueTask<MessagePage> ReadPageAsync(
        ImapSession session, UidRange[] uids, FetchItems items, long changedSince, CancellationToken cancellationToken)
    {
        var fetch = new FetchRequest
        {
            FolderId = session.Selected!.Id,
            Uids = uids,
            WithContent = items.NeedsContent,
            ChangedSince = changedSince,
            WithThreads = (items.Fields & FetchFields.ThreadId) != 0,
        };
        return ThreadedPages.ReadAsync(session, fetch, cancellationToken);
    }

    /// <summary>
    /// Batch by batch: all sections are opened, then \Seen is set, then the responses are written. A message that cannot be read is left out, and not seen.
    /// True when flags have changed.
    /// </summary>
    private static async ValueTask<bool> WritePageAsync(ImapSession session, MessagePage page, FetchItems items, Refused refused, CancellationToken cancellationToken)
    {
        var folder = session.Selected!;
        var changedAny = false;
        for (var next = 0; next < page.Messages.Count;)
        {
            await using var batch = await FetchBatch.PrepareAsync(page.Messages, next, items, session.Services, cancellationToken).ConfigureAwait(false);
            next += batch.Taken;
            refused.Add(batch);
            var seen = items.SetsSeen && !folder.ReadOnly ? await SetSeenAsync(session, folder, batch, cancellationToken).ConfigureAwait(false) : [];
            changedAny |= seen.Count > 0;
            foreach (var prepared in batch.Messages)
            {
                var changed = seen.TryGetValue(prepared.Message.Uid, out var flags);
                var now = changed ? prepared with { Message = prepared.Message with { Flags = flags.Flags, ModSeq = flags.ModSeq } } : prepared;
                var fields = changed ? items.Fields | FieldsOfChange(session.Enabled) : items.Fields;
                await FetchResponse.WriteAsync(session.Writer, folder, now, items, fields, cancellationToken).ConfigureAwait(false);
                await session.Writer.FlushIfFullAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        return changedAny;
    }

    // What the response tells of a changed flag (RFC 3501 §6.4.5; RFC 7162 §3.1, §3.2.4).
    private static FetchFields FieldsOfChange(ImapExtensions enabled) => FetchFields.Flags
        | (enabled.HasFlag(ImapExtensions.CondStore) ? FetchFields.ModSeq : FetchFields.None)
        | (enabled.HasFlag(ImapExtensions.QResync) ? FetchFields.Uid : FetchFields.None);

    /// <summary>Sets \Seen on the batch's messages that lack it (RFC 3501 §6.4.5, BODY[]); returns their flags since.</summary>
    private static async ValueTask<Dictionary<uint, FlagsOfMessage>> SetSeenAsync(
        ImapSession session, SelectedFolder folder, FetchBatch batch, CancellationToken cancellationToken)
    {
        UidRange[] unseen = [.. batch.Messages.Select(m => m.Message).Where(m => (m.Flags & MessageFlags.Seen) == 0).Select(m => new UidRange(m.Uid, m.Uid))];
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

    /// <summary>Messages that were left out, and what is said of them at the end.</summary>
    private sealed class Refused
    {
        // Enough to tell whether they are gone; the words are the same for more.
        private const int MaxRemembered = 100;

        private readonly List<uint> unreadable = [];
        private bool unknownEncoding;

        public void Add(FetchBatch batch)
        {
            unknownEncoding |= batch.UnknownEncoding;
            unreadable.AddRange(batch.Unreadable.Take(MaxRemembered - unreadable.Count));
        }

        /// <summary>Null when all were sent.</summary>
        public async ValueTask<ImapReply?> ReplyAsync(ImapSession session, CancellationToken cancellationToken)
        {
            if (unreadable.Count == 0)
            {
                return unknownEncoding ? ImapReply.No("A part has an unknown transfer encoding", "UNKNOWN-CTE") : null;
            }

            // A body goes with its message: another session may have expunged them meanwhile.
            UidRange[] uids = [.. unreadable.Select(uid => new UidRange(uid, uid))];
            var left = await ReadPageAsync(session, uids, new(FetchFields.Uid, []), changedSince: 0, cancellationToken).ConfigureAwait(false);
            return left.Messages.Count > 0
                ? ImapReply.No("Some messages cannot be read", "SERVERBUG")
                : ImapReply.No("Some messages have been expunged", "EXPUNGEISSUED");
        }
    }
}
