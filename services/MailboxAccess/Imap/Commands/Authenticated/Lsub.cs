namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>LSUB (RFC 3501 §6.3.9): the names that are subscribed to, whether they are folders or not.</summary>
internal static class Lsub
{
    public static async ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var pattern = Parse(new(arguments.Span));
        var folders = await session.CallMailboxAsync(mailbox => mailbox.ListFoldersAsync(), cancellationToken).ConfigureAwait(false);
        var names = folders.Where(folder => folder.Subscribed).Select(folder => folder.Name).ToHashSet(StringComparer.Ordinal);

        // RFC 3501 §6.3.9: where % stops above a subscribed name, the level there is named with \Noselect, a folder or not.
        var levels = pattern.EndsWith('%') ? List.LevelsAbove(names) : [];
        foreach (var name in names.Union(levels).Order(StringComparer.Ordinal))
        {
            if (ListPattern.Matches(pattern, name))
            {
                List.Write(session.Writer, "LSUB", names.Contains(name) ? "" : "\\Noselect", name);
                await session.Writer.FlushIfFullAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        return ImapReply.Ok("LSUB completed");
    }

    internal static string Parse(ImapReader reader)
    {
        reader.Space();
        var pattern = List.Pattern(ref reader);
        reader.End();
        return pattern;
    }
}
