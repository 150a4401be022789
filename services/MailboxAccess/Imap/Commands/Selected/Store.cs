using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Commands.Selected;

/// <summary>STORE and UID STORE (RFC 3501 §6.4.6), with UNCHANGEDSINCE (RFC 7162 §3.1.3).</summary>
internal static class Store
{
    /// <summary>Messages of one grain call: large enough to be few, small enough for one journal append.</summary>
    internal const int BatchSize = 1000;

    internal sealed record Request(SequenceSet Set, FlagChange Change, bool Silent, FlagSet Flags, long? UnchangedSince);

    public static ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken) =>
        RunAsync(session, Parse(new(arguments.Span)), byUid: false, cancellationToken);

    public static ValueTask<ImapReply> RunUidAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken) =>
        RunAsync(session, Parse(new(arguments.Span)), byUid: true, cancellationToken);

    internal static Request Parse(ImapReader reader)
    {
        reader.Space();
        var set = reader.SequenceSet();
        reader.Space();
        var unchangedSince = Modifier(ref reader);
        var change = reader.TryTake((byte)'+') ? FlagChange.Add : reader.TryTake((byte)'-') ? FlagChange.Remove : FlagChange.Replace;
        if (!reader.TryWord("FLAGS"u8))
        {
            throw new ImapSyntaxException("Expected FLAGS");
        }

        var silent = reader.TryWord(".SILENT"u8);
        reader.Space();
        var flags = Flags(ref reader);
        reader.End();
        return new(set, change, silent, flags, unchangedSince);
    }

    // store-modifiers = "(" "UNCHANGEDSINCE" SP mod-sequence-valzer ")" SP
    private static long? Modifier(ref ImapReader reader)
    {
        if (!reader.TryTake((byte)'('))
        {
            return null;
        }

        if (!reader.TryWord("UNCHANGEDSINCE"u8))
        {
            throw new ImapSyntaxException("Unknown modifier");
        }

        reader.Space();
        var modSeq = reader.ModSeq();
        reader.Expect((byte)')', "The modifier is not closed");
        reader.Space();
        return modSeq;
    }

    private static FlagSet Flags(ref ImapReader reader)
    {
        if (reader.Peek == '(')
        {
            return reader.FlagList();
        }

        var flags = new FlagSetBuilder();
        do
        {
            reader.Flag(flags);
        }
        while (reader.TrySpace());
        return flags.ToSet();
    }

    private static async ValueTask<ImapReply> RunAsync(ImapSession session, Request request, bool byUid, CancellationToken cancellationToken)
    {
        var folder = session.Selected!;
        var uids = folder.View.Select(request.Set, byUid);
        if (folder.ReadOnly)
        {
            return ImapReply.No("The mailbox is read-only");
        }

        if (request.UnchangedSince is not null)
        {
            session.Enable(ImapExtensions.CondStore); // RFC 7162 §3.1: a CONDSTORE enabling command
        }

        var (named, stored) = (uids.Sum(range => range.Count), 0);
        var unmodified = new List<uint>();
        foreach (var batch in UidBatches.Split(uids, BatchSize))
        {
            var result = await StoreBatchAsync(session, request, batch, byUid, cancellationToken).ConfigureAwait(false);
            if (!result.KeywordsFit)
            {
                return WriteReplies.KeywordsFull;
            }

            stored += result.Messages.Count;
            unmodified.AddRange(result.Unmodified);
        }

        if (unmodified.Count > 0)
        {
            return ImapReply.Ok("Conditional STORE failed for some", $"MODIFIED {Write(folder.View, unmodified, byUid)}");
        }

        // RFC 5530 §3: another session has expunged some; this one will be told when it may.
        return ImapReply.Ok("STORE completed", stored < named ? "EXPUNGEISSUED" : null);
    }

    // Silence is for the change that the client makes to what it knows. So a silent change is made on condition that nobody else has changed the
    // message since the client last heard; where somebody has, it is made all the same, and the flags that come out of both are told.
    private static async ValueTask<StoreResult> StoreBatchAsync(
        ImapSession session, Request request, UidRange[] batch, bool byUid, CancellationToken cancellationToken)
    {
        var view = session.Selected!.View;
        if (!request.Silent)
        {
            return await StoreAndTellAsync(session, request, batch, request.UnchangedSince, silent: false, byUid, cancellationToken).ConfigureAwait(false);
        }

        var limit = Math.Min(request.UnchangedSince ?? long.MaxValue, view.ModSeq);
        var first = await StoreAndTellAsync(session, request, batch, limit, silent: true, byUid, cancellationToken).ConfigureAwait(false);
        if (first.Unmodified.Count == 0 || limit == request.UnchangedSince)
        {
            return first;
        }

        UidRange[] changed = [.. first.Unmodified.Order().Select(uid => new UidRange(uid, uid))];
        var second = await StoreAndTellAsync(session, request, changed, request.UnchangedSince, silent: false, byUid, cancellationToken).ConfigureAwait(false);
        return second with { Messages = [.. first.Messages, .. second.Messages] };
    }

    private static async ValueTask<StoreResult> StoreAndTellAsync(
        ImapSession session, Request request, UidRange[] uids, long? unchangedSince, bool silent, bool byUid, CancellationToken cancellationToken)
    {
        var store = NewRequest(session, uids, request.Change, request.Flags) with { UnchangedSince = unchangedSince };
        var calls = 0;
        var result = await session.CallMailboxAsync(
            mailbox =>
            {
                calls++;
                return mailbox.StoreFlagsAsync(store);
            },
            cancellationToken).ConfigureAwait(false);

        // The answer to a repeat has the flags as they are by then, which others may have changed: they are told.
        await WriteAsync(session, result, silent && calls == 1, byUid, cancellationToken).ConfigureAwait(false);
        return result;
    }

    /// <summary>Changes flags once, however often the call has to be repeated.</summary>
    internal static ValueTask<StoreResult> StoreAsync(
        ImapSession session, UidRange[] uids, FlagChange change, FlagSet flags, CancellationToken cancellationToken)
    {
        var store = NewRequest(session, uids, change, flags);
        return session.CallMailboxAsync(mailbox => mailbox.StoreFlagsAsync(store), cancellationToken);
    }

    private static StoreRequest NewRequest(ImapSession session, UidRange[] uids, FlagChange change, FlagSet flags) => new()
    {
        Operation = Guid.NewGuid(),
        FolderId = session.Selected!.Id,
        Uids = uids,
        Change = change,
        Flags = flags.System,
        Keywords = flags.Keywords,
    };

    private static async ValueTask WriteAsync(ImapSession session, StoreResult result, bool silent, bool byUid, CancellationToken cancellationToken)
    {
        var folder = session.Selected!;
        folder.TellKeywords(session.Writer, result.Keywords);
        foreach (var message in result.Messages)
        {
            folder.View.Tell(message);
            if (!silent)
            {
                folder.WriteFlagsOf(session.Writer, message, byUid, session.Enabled);
            }
            else if (session.Enabled.HasFlag(ImapExtensions.CondStore))
            {
                // RFC 7162 §3.1.3: the new modseq is told even then.
                folder.WriteModSeqOf(session.Writer, message, byUid, session.Enabled);
            }

            await session.Writer.FlushIfFullAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A set of UIDs, or of the numbers that they have in the view (RFC 7162 §7, MODIFIED).</summary>
    private static string Write(MailboxView view, IEnumerable<uint> uids, bool byUid)
    {
        var ranges = new List<UidRange>();
        foreach (var uid in uids.Order())
        {
            var number = byUid ? uid : (uint)view.NumberOf(uid);
            UidRanges.Append(ranges, new(number, number));
        }

        return SequenceSet.Write(ranges);
    }
}
