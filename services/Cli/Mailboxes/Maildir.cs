using System.Globalization;

namespace MailCloud.Cli.Mailboxes;

/// <summary>
/// What Maildir++ and Dovecot say of names: folders are <c>.Level.Level</c> beside the INBOX, flags letters after <c>:2,</c>, keywords the letters a to z by <c>dovecot-keywords</c>.
/// </summary>
internal static class Maildir
{
    public const string Info = ":2,";

    /// <summary>The host in the names of files that hold a message as it is stored, since LF could not stand for its line ends.</summary>
    public const string AsStored = "mailcloud-as-stored";

    public const string KeywordsFile = "dovecot-keywords";

    public const string SubscriptionsFile = "subscriptions";

    /// <summary>Without a dot at the start, as a folder's directory has.</summary>
    public const string SpecialUsesFile = "special-uses";

    public const string Forwarded = "$Forwarded";

    /// <summary>Keywords of one folder: a letter each.</summary>
    public const int MaxKeywords = 26;

    /// <summary>In the order in which they stand in a name.</summary>
    private static readonly (char Letter, string Flag)[] Letters = [('D', "draft"), ('F', "flagged"), ('R', "answered"), ('S', "seen"), ('T', "deleted")];

    public static string DirectoryOf(string folder) => folder == "INBOX" ? "" : "." + NameOf(folder);

    public static string FolderOf(string directory) => directory.Length == 0 ? "INBOX" : ReadName(directory[1..]);

    /// <summary>As in <c>subscriptions</c>.</summary>
    public static string NameOf(string folder) => string.Join('.', folder.Split('/').Select(ModifiedUtf7.Encode));

    public static string ReadName(string name) => string.Join('/', name.Split('.').Select(ModifiedUtf7.Decode));

    public static string InfoOf(StoredMessage message, IReadOnlyList<string> keywords)
    {
        var letters = Letters.Where(l => message.Flags.Contains(l.Flag)).Select(l => l.Letter)
            .Concat(IsForwarded(message) ? "P" : "")
            .Concat(message.Keywords.Select(k => IndexOf(keywords, k)).Where(i => i >= 0).Select(i => (char)('a' + i)));
        return Info + string.Concat(letters.Order());
    }

    public static (string Base, IReadOnlyCollection<string> Flags, IReadOnlyCollection<string> Keywords) ReadName(string file, IReadOnlyList<string> keywords)
    {
        var at = file.LastIndexOf(Info, StringComparison.Ordinal);
        if (at < 0)
        {
            return (file, [], []);
        }

        var letters = file[(at + Info.Length)..];
        return (
            file[..at],
            [.. Letters.Where(l => letters.Contains(l.Letter, StringComparison.Ordinal)).Select(l => l.Flag)],
            [
                .. letters.Contains('P', StringComparison.Ordinal) ? (string[])[Forwarded] : [],
                .. letters.Where(l => l is >= 'a' and <= 'z' && l - 'a' < keywords.Count).Select(l => keywords[l - 'a']).Where(k => k.Length > 0),
            ]);
    }

    /// <summary>Lines <c>INDEX KEYWORD</c>; an index without one is empty.</summary>
    public static List<string> ReadKeywords(string directory)
    {
        var keywords = new List<string>();
        var file = Path.Combine(directory, KeywordsFile);
        foreach (var line in File.Exists(file) ? File.ReadLines(file) : [])
        {
            var words = line.Split(' ', 2);
            if (words.Length == 2 && int.TryParse(words[0], NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < MaxKeywords)
            {
                keywords.AddRange(Enumerable.Repeat("", Math.Max(0, index + 1 - keywords.Count)));
                keywords[index] = words[1];
            }
        }

        return keywords;
    }

    public static bool IsForwarded(StoredMessage message) => message.Keywords.Any(IsForwarded);

    public static bool IsForwarded(string keyword) => keyword.Equals(Forwarded, StringComparison.OrdinalIgnoreCase);

    public static int IndexOf(IReadOnlyList<string> keywords, string keyword)
    {
        for (var i = 0; i < keywords.Count; i++)
        {
            if (keywords[i].Equals(keyword, StringComparison.OrdinalIgnoreCase))
            {
                return i;
            }
        }

        return -1;
    }
}
