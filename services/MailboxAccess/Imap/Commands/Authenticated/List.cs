using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap.Commands.Authenticated;

/// <summary>LIST (RFC 3501 §6.3.8) with children (RFC 3348) and special uses (RFC 6154 §2).</summary>
internal static class List
{
    /// <param name="Pattern">Reference and pattern in one; empty when the pattern was.</param>
    /// <param name="OnlySpecialUse">Only folders that have one are wanted.</param>
    internal sealed record Request(string Pattern, bool OnlySpecialUse);

    public static async ValueTask<ImapReply> RunAsync(ImapSession session, ReadOnlyMemory<byte> arguments, CancellationToken cancellationToken)
    {
        var request = Parse(new(arguments.Span));
        if (request.Pattern.Length == 0)
        {
            // An empty pattern asks for the separator and the root of the reference.
            session.Writer.Line("* LIST (\\Noselect) \"/\" \"\"");
            return ImapReply.Ok("LIST completed");
        }

        var all = await session.CallMailboxAsync(mailbox => mailbox.ListFoldersAsync(), cancellationToken).ConfigureAwait(false);
        var folders = all.Where(folder => !folder.NonExistent).ToDictionary(folder => folder.Name, StringComparer.Ordinal);
        var levels = LevelsAbove(folders.Keys);

        // A level that is no folder is named too: a client could not show what is below it otherwise.
        foreach (var name in folders.Keys.Union(levels).Order(StringComparer.Ordinal))
        {
            var folder = folders.GetValueOrDefault(name);
            if (ListPattern.Matches(request.Pattern, name) && (folder?.SpecialUse is not null || !request.OnlySpecialUse))
            {
                Write(session.Writer, "LIST", Attributes(folder, levels.Contains(name)), name);
                await session.Writer.FlushIfFullAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        return ImapReply.Ok("LIST completed");
    }

    internal static Request Parse(ImapReader reader)
    {
        reader.Space();
        var onlySpecialUse = false;
        if (reader.Peek == '(')
        {
            onlySpecialUse = Options(ref reader, ["SPECIAL-USE"]);
            reader.Space();
        }

        var pattern = Pattern(ref reader);

        // What may be asked for to be returned is returned always (RFC 6154 §2 allows it).
        if (reader.TrySpace())
        {
            if (!reader.TryWord("RETURN "u8))
            {
                throw new ImapSyntaxException("Expected RETURN");
            }

            Options(ref reader, ["SPECIAL-USE", "CHILDREN"]);
        }

        reader.End();
        return new(pattern, onlySpecialUse);
    }

    /// <summary>Reference and pattern as one pattern; empty when the pattern is.</summary>
    internal static string Pattern(ref ImapReader reader)
    {
        var reference = reader.Mailbox();
        reader.Space();
        var pattern = reader.ListMailbox();
        return pattern.Length == 0 ? "" : reference + pattern;
    }

    /// <summary>The names of the levels above these names.</summary>
    internal static HashSet<string> LevelsAbove(IEnumerable<string> names) => names.SelectMany(Above).ToHashSet(StringComparer.Ordinal);

    internal static void Write(ImapWriter writer, string response, string attributes, string name)
    {
        writer.Text($"* {response} ({attributes}) \"/\" ");
        writer.Mailbox(name);
        writer.EndLine();
    }

    private static string Attributes(FolderInfo? folder, bool hasChildren)
    {
        var attributes = hasChildren ? "\\HasChildren" : "\\HasNoChildren";
        return folder is null ? "\\Noselect " + attributes : folder.SpecialUse is null ? attributes : attributes + " " + folder.SpecialUse;
    }

    // A list of known words in parentheses. True when there was one.
    private static bool Options(ref ImapReader reader, string[] known)
    {
        reader.Expect((byte)'(', "Expected a list of options");
        var any = false;
        for (; !reader.TryTake((byte)')'); any = true)
        {
            if (any)
            {
                reader.Space();
            }

            if (!known.Contains(reader.Atom(), StringComparer.OrdinalIgnoreCase))
            {
                throw new ImapSyntaxException("Unknown option");
            }
        }

        return any;
    }

    private static IEnumerable<string> Above(string name)
    {
        for (var end = name.IndexOf(ListPattern.Separator, StringComparison.Ordinal); end > 0; end = name.IndexOf(ListPattern.Separator, end + 1))
        {
            yield return name[..end];
        }
    }
}
