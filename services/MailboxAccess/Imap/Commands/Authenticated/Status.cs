using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>STATUS (RFC 3501 §6.3.10) with SIZE (RFC 8438) and HIGHESTMODSEQ (RFC 7162 §3.1.7).</summary>
internal static class Status
{
    private static readonly string[] Known = ["MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "SIZE", "HIGHESTMODSEQ"];

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

        session.Writer.Raw("* STATUS "u8);
        session.Writer.Mailbox(name);
        session.Writer.Line($" ({string.Join(' ', items.Select(item => $"{item} {ValueOf(item, status)}"))})");
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

    private static long ValueOf(string item, FolderStatus status) => item switch
    {
        "MESSAGES" => status.Messages,
        "RECENT" => status.Recent,
        "UIDNEXT" => status.UidNext,
        "UIDVALIDITY" => status.UidValidity,
        "UNSEEN" => status.Unseen,
        "HIGHESTMODSEQ" => status.HighestModSeq,
        _ => status.Bytes,
    };
}
