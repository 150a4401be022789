using System.Globalization;
using System.Text;

namespace MailCloud.Cli.Mailboxes;

/// <summary>
/// What mbox files are here: RFC 4155 with the quoting of mboxrd, a <c>&gt;</c> more on each line of a message that begins with <c>From </c> after any number of them. A folder <c>A/B</c> is the file
/// <c>A/B.mbox</c>; names are in UTF-8.
/// </summary>
internal static class Mbox
{
    public const string Extension = ".mbox";

    public const string SubscriptionsFile = "subscriptions";

    /// <summary>With a dot at the start, as no folder's file or directory has.</summary>
    public const string SpecialUsesFile = ".special-uses";

    /// <summary>RFC 4155 Appendix A: asctime, in UTC.</summary>
    private const string DateFormat = "MMM d HH:mm:ss yyyy";

    public static string FileOf(string root, string folder) => Path.Combine([root, .. folder.Split('/').Select(Escape)]) + Extension;

    public static string FolderOf(string root, string file)
    {
        var name = Path.GetRelativePath(root, file)[..^Extension.Length];
        return string.Join('/', name.Split('/').Select(level => level.Replace("%2E", ".", StringComparison.Ordinal)));
    }

    /// <summary>The line above a message; who sent it is not known of a message in a mailbox.</summary>
    public static string SeparatorOf(DateTimeOffset date) =>
        string.Create(CultureInfo.InvariantCulture, $"From MAILER-DAEMON {date.UtcDateTime:ddd MMM} {date.UtcDateTime.Day,2} {date.UtcDateTime:HH:mm:ss yyyy}\n");

    public static bool IsSeparator(ReadOnlySpan<byte> line) => line.StartsWith("From "u8);

    public static bool IsQuoted(ReadOnlySpan<byte> line) => line.StartsWith(">"u8) && IsSeparator(line.TrimStart((byte)'>'));

    public static bool NeedsQuote(ReadOnlySpan<byte> line) => IsSeparator(line.TrimStart((byte)'>'));

    /// <summary>Null when the line has no date that can be read.</summary>
    public static DateTimeOffset? DateOf(ReadOnlySpan<byte> separator)
    {
        // The date ends the line, but for a zone that some writers put behind it; its weekday says nothing.
        var words = Encoding.UTF8.GetString(separator).Split((char[])[' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
        for (var i = Math.Max(0, words.Length - 6); i + 4 <= words.Length; i++)
        {
            if (DateTimeOffset.TryParseExact(
                string.Join(' ', words[i..(i + 4)]), DateFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var date))
            {
                return date;
            }
        }

        return null;
    }

    // No folder leads out of the directory, and none has the name of another's file. A name in a mailbox has no %.
    private static string Escape(string level)
    {
        var start = level.StartsWith('.') ? "%2E" + level[1..] : level;
        return start.EndsWith(Extension, StringComparison.OrdinalIgnoreCase) ? start[..^Extension.Length] + "%2E" + start[^(Extension.Length - 1)..] : start;
    }
}
