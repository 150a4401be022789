using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Commands.Selected;

/// <summary>STORE and UID STORE (RFC 3501 §6.4.6).</summary>
internal static class Store
{
    /// <summary>Messages of one grain call: large enough to be few, small enough for one journal append.</summary>
    internal const int BatchSize = 1000;

    internal sealed record Request(SequenceSet Set, FlagChange Change, bool Silent, FlagSet Flags);

    public static ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken) =>
        RunAsync(session, Parse(new(arguments.Span)), byUid: false, cancellationToken);

    public static ValueTask<ImapReply> RunUidAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken) =>
        RunAsync(session, Parse(new(arguments.Span)), byUid: true, cancellationToken);

    internal static Request Parse(ImapReader reader)
    {
        reader.Space();
        var set = reader.SequenceSet();
        reader.Space();
        var change = reader.TryTake((byte)'+') ? FlagChange.Add : reader.TryTake((byte)'-') ? FlagChange.Remove : FlagChange.Replace;
        if (!reader.TryWord("FLAGS"u8))
        {
            throw new ImapSyntaxException("Expected FLAGS");
        }

        var silent = reader.TryWord(".SILENT"u8);
        reader.Space();
        var flags = FlagSet.Empty;
        if (reader.Peek == '(')
        {
            flags = reader.FlagList();
        }
        else
        {
            do
            {
                reader.Flag(ref flags);
            }
            while (reader.TrySpace());
        }

        reader.End();
        return new(set, change, silent, flags);
    }

    private static async ValueTask<ImapReply> RunAsync(ImapSession session, Request request, bool byUid, CancellationToken cancellationToken)
    {
        var folder = session.Selected!;
        var uids = folder.View.Select(request.Set, byUid);
        if (folder.ReadOnly)
        {
            return ImapReply.No("The mailbox is read-only");
        }

        if (request.Silent)
        {
            // RFC 3501 §6.4.6: what others changed is told even when our own change is not.
            await session.TellChangesAsync(mayExpunge: byUid, cancellationToken).ConfigureAwait(false);
        }

        foreach (var batch in UidBatches.Split(uids, BatchSize))
        {
            var result = await StoreAsync(session, batch, request.Change, request.Flags, cancellationToken).ConfigureAwait(false);
            if (!result.KeywordsFit)
            {
                return ImapReply.No($"A mailbox has at most {FlagNames.MaxKeywords} keywords", "LIMIT");
            }

            await WriteAsync(session.Writer, folder, result, request.Silent, byUid, cancellationToken).ConfigureAwait(false);
        }

        return ImapReply.Ok("STORE completed");
    }

    /// <summary>Changes flags once, however often the call has to be repeated.</summary>
    internal static ValueTask<StoreResult> StoreAsync(
        ImapSession session, UidRange[] uids, FlagChange change, FlagSet flags, CancellationToken cancellationToken)
    {
        var store = new StoreRequest
        {
            Operation = Guid.NewGuid(),
            FolderId = session.Selected!.Id,
            Uids = uids,
            Change = change,
            Flags = flags.System,
            Keywords = flags.Keywords,
        };
        return session.CallMailboxAsync(mailbox => mailbox.StoreFlagsAsync(store), cancellationToken);
    }

    private static async ValueTask WriteAsync(
        ImapWriter writer, SelectedFolder folder, StoreResult result, bool silent, bool byUid, CancellationToken cancellationToken)
    {
        folder.TellKeywords(writer, result.Keywords);
        foreach (var message in result.Messages)
        {
            folder.View.Tell(message);
            if (!silent)
            {
                folder.WriteFlagsOf(writer, message, byUid);
                await writer.FlushIfFullAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
