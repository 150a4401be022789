using System.Globalization;
using System.Text;

namespace MailCloud.Cli.Mailboxes;

/// <summary>
/// Flags in the header of a message of an mbox file, as mutt and Dovecot write them: <c>Status: RO</c> is seen; <c>X-Status</c> has A answered, F flagged, D deleted, T draft; <c>X-Keywords</c> the
/// keywords. They are added above a message that has flags, and taken out at import. A message that has such fields of its own, or whose line ends LF cannot stand for, gets
/// <c>X-MailCloud-Added: N</c> as its first line: the N lines below it are what was added, the rest is the message's.
/// </summary>
internal static class StatusFields
{
    private const string Marker = "X-MailCloud-Added:";

    private static readonly string[] Names = ["Status:", "X-Status:", "X-Keywords:", "X-UID:", "X-IMAP:", "X-IMAPbase:", Marker];

    private static readonly (char Letter, string Flag)[] Letters = [('A', "answered"), ('F', "flagged"), ('D', "deleted"), ('T', "draft")];

    public static bool IsEmptyLine(ReadOnlySpan<byte> line) => line is [(byte)'\n'] or [(byte)'\r', (byte)'\n'];

    public static bool IsContinuation(ReadOnlySpan<byte> line) => line is [(byte)' ' or (byte)'\t', ..];

    public static bool IsOne(ReadOnlySpan<byte> line)
    {
        foreach (var name in Names)
        {
            if (StartsWith(line, name))
            {
                return true;
            }
        }

        return false;
    }

    public static string Write(StoredMessage message, MessageShape shape)
    {
        var fields = new List<string>();
        if (message.Flags.Contains("seen"))
        {
            fields.Add("Status: RO");
        }

        var letters = string.Concat(Letters.Where(l => message.Flags.Contains(l.Flag)).Select(l => l.Letter));
        if (letters.Length > 0)
        {
            fields.Add($"X-Status: {letters}");
        }

        if (message.Keywords.Count > 0)
        {
            fields.Add($"X-Keywords: {string.Join(' ', message.Keywords)}");
        }

        if (shape.AsStored || !shape.Ended || shape.HasStatus)
        {
            fields.Insert(0, string.Create(CultureInfo.InvariantCulture, $"{Marker} {fields.Count}{(shape.AsStored ? " as-stored" : "")}{(shape.Ended ? "" : " unended")}"));
        }

        return string.Concat(fields.Select(field => field + "\n"));
    }

    /// <summary>What the first line of a message says of what was added; null when it says nothing.</summary>
    public static (int Lines, bool AsStored, bool Unended)? ReadMarker(ReadOnlySpan<byte> line)
    {
        if (!StartsWith(line, Marker))
        {
            return null;
        }

        var words = Encoding.ASCII.GetString(line[Marker.Length..]).Split((char[])[' ', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return words.Length > 0 && int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out var lines) && lines <= 3
            ? (lines, words.Contains("as-stored"), words.Contains("unended"))
            : null;
    }

    public static void Read(ReadOnlySpan<byte> line, HashSet<string> flags, HashSet<string> keywords)
    {
        var text = Encoding.UTF8.GetString(line);
        var value = text[(text.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        if (StartsWith(line, "Status:") && value.Contains('R', StringComparison.Ordinal))
        {
            flags.Add("seen");
        }
        else if (StartsWith(line, "X-Status:"))
        {
            flags.UnionWith(Letters.Where(l => value.Contains(l.Letter, StringComparison.Ordinal)).Select(l => l.Flag));
        }
        else if (StartsWith(line, "X-Keywords:"))
        {
            keywords.UnionWith(value.Split((char[])[' ', ','], StringSplitOptions.RemoveEmptyEntries));
        }
    }

    private static bool StartsWith(ReadOnlySpan<byte> line, string name) =>
        line.Length >= name.Length && Ascii.EqualsIgnoreCase(line[..name.Length], name);
}
