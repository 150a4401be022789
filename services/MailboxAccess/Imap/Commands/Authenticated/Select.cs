using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>SELECT (RFC 3501 §6.3.1) with the parameters CONDSTORE and QRESYNC (RFC 7162 §3.1.8, §3.2.5), and the folder's MAILBOXID (RFC 8474 §4.2).</summary>
internal static class Select
{
    internal sealed record Request(string Folder, bool CondStore, Resync? Resync);

    /// <summary>What a client knows of a folder that it opens again: everything up to a modseq, of these UIDs, under this UIDVALIDITY.</summary>
    internal sealed record Resync(uint UidValidity, long ModSeq, SequenceSet Known);

    // Without a list of known UIDs it is all of them (RFC 7162 §3.2.5.2).
    private static readonly SequenceSet AllUids = new([new(1, SequenceSet.Star)]);

    public static ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken) =>
        OpenAsync(session, Parse(new(arguments.Span)), readOnly: false, cancellationToken);

    internal static Request Parse(ImapReader reader)
    {
        reader.Space();
        var request = new Request(reader.Mailbox(), CondStore: false, Resync: null);
        if (reader.TrySpace())
        {
            reader.Expect((byte)'(', "Expected a list of parameters");
            do
            {
                request = Parameter(ref reader, request);
            }
            while (reader.TrySpace());
            reader.Expect((byte)')', "The list of parameters is not closed");
        }

        reader.End();
        return request;
    }

    /// <summary>What SELECT and EXAMINE have in common.</summary>
    internal static async ValueTask<ImapReply> OpenAsync(ImapSession session, Request request, bool readOnly, CancellationToken cancellationToken)
    {
        if (request.Resync is not null && !session.Enabled.HasFlag(ImapExtensions.QResync))
        {
            return ImapReply.Bad("QRESYNC must be enabled first"); // RFC 7162 §3.2.5
        }

        Close(session);
        session.Enable(request.CondStore ? ImapExtensions.CondStore : ImapExtensions.None);
        var opened = await session.CallMailboxAsync(mailbox => mailbox.OpenFolderAsync(request.Folder, claimRecent: !readOnly), cancellationToken).ConfigureAwait(false);
        if (opened is null)
        {
            return ImapReply.No("There is no such mailbox", "NONEXISTENT");
        }

        var view = new MailboxView(opened.Uids, opened.UidNext, opened.ModSeq, opened.HighestModSeq, opened.RecentFrom);
        var folder = new SelectedFolder(opened.FolderId, readOnly, view, opened.Keywords);
        Write(session.Writer, folder, opened);
        if (request.Resync is { } resync && resync.UidValidity == opened.UidValidity)
        {
            await ResyncAsync(session, folder, resync, cancellationToken).ConfigureAwait(false);
        }

        session.Selected = folder;
        var reply = readOnly ? ImapReply.Ok("EXAMINE completed", "READ-ONLY") : ImapReply.Ok("SELECT completed", "READ-WRITE");
        return reply with { IsUpToDate = true };
    }

    // RFC 3501 §6.3.1: whether or not it succeeds, what was selected is no more. RFC 7162 §3.2.11: the client is told where its responses end.
    private static void Close(ImapSession session)
    {
        if (session.Selected is not null)
        {
            session.Selected = null;
            session.Writer.Line("* OK [CLOSED] The previous mailbox is closed");
        }
    }

    private static void Write(ImapWriter writer, SelectedFolder folder, OpenedFolder opened)
    {
        folder.WriteFlags(writer);
        writer.Line($"* {folder.View.Count} EXISTS");
        writer.Line($"* {folder.View.Recent} RECENT");
        var firstUnseen = folder.View.NumberOf(opened.FirstUnseen);
        if (firstUnseen > 0)
        {
            writer.Line($"* OK [UNSEEN {firstUnseen}] The first unseen message");
        }

        writer.Line($"* OK [UIDVALIDITY {opened.UidValidity}] UIDs are valid");
        writer.Line($"* OK [UIDNEXT {opened.UidNext}] The next UID");
        writer.Line($"* OK [MAILBOXID ({ObjectIds.OfFolder(opened.FolderId)})] The same under any name");
        folder.WriteHighestModSeq(writer);
    }

    // RFC 7162 §3.2.5.1: what has gone and what has changed since the client was here. What changes at this very moment stands in the view already or will be told next.
    private static async ValueTask ResyncAsync(ImapSession session, SelectedFolder folder, Resync resync, CancellationToken cancellationToken)
    {
        var ask = new ChangesRequest { FolderId = folder.Id, SinceModSeq = resync.ModSeq };
        var changes = await session.CallMailboxAsync(mailbox => mailbox.GetChangesAsync(ask), cancellationToken).ConfigureAwait(false) ?? throw new FolderGoneException();
        var known = resync.Known.ToUids(folder.View.UidNext - 1);
        folder.WriteVanishedEarlier(session.Writer, changes.Expunged, known);
        folder.TellKeywords(session.Writer, changes.Keywords);
        foreach (var message in changes.Flags)
        {
            if (UidRanges.Contains(known, message.Uid))
            {
                folder.View.Tell(message);
                folder.WriteFlagsOf(session.Writer, message, withUid: true, session.Enabled);
                await session.Writer.FlushIfFullAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static Request Parameter(ref ImapReader reader, Request request)
    {
        var name = reader.Atom().ToUpperInvariant();
        return name switch
        {
            "CONDSTORE" => request with { CondStore = true },
            "QRESYNC" => request with { Resync = ResyncParameter(ref reader) },
            _ => throw new ImapSyntaxException("Unknown parameter"),
        };
    }

    // RFC 7162 §7: uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data].
    private static Resync ResyncParameter(ref ImapReader reader)
    {
        reader.Space();
        reader.Expect((byte)'(', "Expected the parameters of QRESYNC");
        var uidValidity = reader.NonZeroNumber();
        reader.Space();
        var modSeq = reader.ModSeq();
        var known = AllUids;
        var more = reader.TrySpace();
        if (more && reader.Peek != '(')
        {
            known = NumbersOnly(ref reader);
            more = reader.TrySpace();
        }

        if (more)
        {
            SeqMatchData(ref reader);
        }

        reader.Expect((byte)')', "The parameters of QRESYNC are not closed");
        return new(uidValidity, modSeq, known);
    }

    // RFC 7162 §3.2.5.2: it helps a server that has forgotten expunges; ours remembers all of them, and only checks the form.
    private static void SeqMatchData(ref ImapReader reader)
    {
        reader.Expect((byte)'(', "Expected sequence match data");
        NumbersOnly(ref reader);
        reader.Space();
        NumbersOnly(ref reader);
        reader.Expect((byte)')', "The sequence match data is not closed");
    }

    private static SequenceSet NumbersOnly(ref ImapReader reader)
    {
        var set = reader.SequenceSet();
        return set.Ranges.Any(range => range.First == SequenceSet.Star || range.Last == SequenceSet.Star)
            ? throw new ImapSyntaxException("* is not allowed in the parameters of QRESYNC")
            : set;
    }
}
