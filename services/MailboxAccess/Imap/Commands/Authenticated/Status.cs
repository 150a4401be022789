using System.Globalization;
using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>STATUS (RFC 3501 §6.3.10) with SIZE (RFC 8438), HIGHESTMODSEQ (RFC 7162 §3.1.7), APPENDLIMIT (RFC 7889 §3.2), DELETED-STORAGE
/// (RFC 9208 §4.1.4) and MAILBOXID (RFC 8474 §4.3).</summary>
internal static class Status
{
    private static readonly string[] Known = ["MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "SIZE", "HIGHESTMODSEQ", "APPENDLIMIT", "DELETED-STORAGE", "MAILBOXID"];

    public static async ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var (name, items) = Parse(new(arguments.Span));
        var status = await session.CallMailboxAsync(mailbox => mailbox.GetStatusAsync(name), cancellationToken).ConfigureAwait(false);
        if (status is null)
        {
            return ImapReply.No("There is no such mailbox", "NONEXISTENT");
        }

        if (items.Contains("HIGHESTMODSEQ"))
        {
            session.Enable(ImapExtensions.CondStore); // RFC 7162 §3.1: a CONDSTORE enabling command
        }

        var deleted = items.Contains("DELETED-STORAGE") ? await DeletedStorageAsync(session, name, cancellationToken).ConfigureAwait(false) : 0;
        if (status.FolderId is null && items.Contains("MAILBOXID"))
        {
            return ImapReply.No("MAILBOXID is not known yet", "UNAVAILABLE"); // From a silo of the release before, while a cluster is upgraded.
        }

        session.Writer.Raw("* STATUS "u8);
        session.Writer.Mailbox(name);
        session.Writer.Line($" ({string.Join(' ', items.Select(item => $"{item} {ValueOf(item, status, deleted, session.Services.Options)}"))})");
        return ImapReply.Ok("STATUS completed");
    }

    internal static (string Folder, IReadOnlyList<string> Items) Parse(ImapReader reader)
    {
        reader.Space();
        var folder = reader.Mailbox();
        reader.Space();
        reader.Expect((byte)'(', "Expected a list of status items");
        var items = new List<string>();
        do
        {
            var item = reader.Atom().ToUpperInvariant();
            items.Add(Known.Contains(item) ? item : throw new ImapSyntaxException("Unknown status item"));
        }
        while (reader.TrySpace());
        reader.Expect((byte)')', "The list of status items is not closed");
        reader.End();
        return (folder, items);
    }

    // RFC 9208 §4.1.4: what EXPUNGE would give back. Nobody counts it beforehand: few clients ask, and it costs them a look at each message's flags.
    private static async ValueTask<long> DeletedStorageAsync(ImapSession session, string name, CancellationToken cancellationToken)
    {
        var opened = await session.CallMailboxAsync(mailbox => mailbox.OpenFolderAsync(name, claimRecent: false), cancellationToken).ConfigureAwait(false);
        var octets = 0L;
        for (var uids = opened?.Uids ?? []; uids.Length > 0;)
        {
            var fetch = new FetchRequest { FolderId = opened!.FolderId, Uids = uids };
            var page = await session.CallMailboxAsync(mailbox => mailbox.FetchAsync(fetch), cancellationToken).ConfigureAwait(false);
            octets += page.Messages.Where(message => message.Flags.HasFlag(MessageFlags.Deleted)).Sum(message => message.Size);
            uids = UidBatches.Rest(uids, page.NextUid);
        }

        return octets;
    }

    private static string ValueOf(string item, FolderStatus status, long deletedStorage, ImapOptions options) =>
        item == "MAILBOXID" ? $"({ObjectIds.OfFolder(status.FolderId!.Value)})" : NumberOf(item, status, deletedStorage, options).ToString(CultureInfo.InvariantCulture);

    private static long NumberOf(string item, FolderStatus status, long deletedStorage, ImapOptions options) => item switch
    {
        "APPENDLIMIT" => options.MaxAppendLength, // RFC 7889 §3.2: the same in every mailbox
        "DELETED-STORAGE" => deletedStorage,
        "MESSAGES" => status.Messages,
        "RECENT" => status.Recent,
        "UIDNEXT" => status.UidNext,
        "UIDVALIDITY" => status.UidValidity,
        "UNSEEN" => status.Unseen,
        "HIGHESTMODSEQ" => Math.Max(1, status.HighestModSeq), // RFC 7162 §3.1.7: 0 is a mailbox without mod-sequences
        _ => status.Bytes,
    };
}
