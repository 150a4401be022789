using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>LIST (RFC 3501 §6.3.8) with children (RFC 3348) and special uses (RFC 6154 §2).</summary>
internal static class List
{
    public static async ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var pattern = Parse(new(arguments.Span));
        if (pattern.Length == 0)
        {
            // An empty pattern asks for the separator and the root of the reference.
            session.Writer.Line("* LIST (\\Noselect) \"/\" \"\"");
            return ImapReply.Ok("LIST completed");
        }

        var folders = await session.CallMailboxAsync(mailbox => mailbox.ListFoldersAsync(), cancellationToken).ConfigureAwait(false);
        Write(session.Writer, "LIST", pattern, folders, Attributes);
        return ImapReply.Ok("LIST completed");
    }

    /// <summary>Reference and pattern as one pattern; empty when the pattern is.</summary>
    internal static string Parse(ImapReader reader)
    {
        reader.Space();
        var reference = reader.Mailbox();
        reader.Space();
        var pattern = reader.ListMailbox();
        reader.End();
        return pattern.Length == 0 ? "" : reference + pattern;
    }

    /// <summary>Folders that match, and levels above them that match without being folders (RFC 3501 §6.3.8: \Noselect).</summary>
    internal static void Write(
        ImapWriter writer, string response, string pattern, IReadOnlyList<FolderInfo> folders, Func<FolderInfo?, bool, string> attributes)
    {
        var byName = folders.ToDictionary(folder => folder.Name, StringComparer.Ordinal);
        var parents = folders.SelectMany(folder => Parents(folder.Name)).ToHashSet(StringComparer.Ordinal);
        foreach (var name in byName.Keys.Concat(parents).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var folder = byName.GetValueOrDefault(name);

            // A level that is no folder is named only where the pattern stops at it.
            if (ListPattern.Matches(pattern, name) && (folder is not null || pattern.EndsWith('%')))
            {
                writer.Text($"* {response} ({attributes(folder, parents.Contains(name))}) \"/\" ");
                writer.Mailbox(name);
                writer.EndLine();
            }
        }
    }

    private static string Attributes(FolderInfo? folder, bool hasChildren)
    {
        var attributes = hasChildren ? "\\HasChildren" : "\\HasNoChildren";
        return folder is null ? "\\Noselect " + attributes : folder.SpecialUse is null ? attributes : attributes + " " + folder.SpecialUse;
    }

    private static IEnumerable<string> Parents(string name)
    {
        for (var end = name.IndexOf(ListPattern.Separator, StringComparison.Ordinal); end > 0; end = name.IndexOf(ListPattern.Separator, end + 1))
        {
            yield return name[..end];
        }
    }
}
