using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace MailCloud.Fuzz;

/// <summary>Inputs to begin with: what the clients send in the transcripts, so that there is a line per verb and state, and mail.</summary>
/// <param name="root">The repository.</param>
/// <param name="corpus">A folder of mail; null for none.</param>
internal sealed partial class Seeds(string root, string? corpus)
{
    /// <summary>Commands of IMAP, with their literals.</summary>
    public IEnumerable<byte[]> Imap => Commands("*.imap", joinLiterals: true);

    /// <summary>Lines of SMTP.</summary>
    public IEnumerable<byte[]> Smtp => Commands("*.smtp", joinLiterals: false);

    /// <summary>Lines of POP3.</summary>
    public IEnumerable<byte[]> Pop3 => Commands("*.pop3", joinLiterals: false);

    /// <summary>All that the client sends in a dialog, in one.</summary>
    public IEnumerable<byte[]> ImapDialogs => Dialogs("*.imap");

    public IEnumerable<byte[]> SmtpDialogs => Dialogs("*.smtp");

    /// <summary>Whole messages.</summary>
    public IEnumerable<byte[]> Mail => corpus is null
        ? []
        : Directory.EnumerateFiles(corpus, "*.eml", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(File.ReadAllBytes);

    /// <summary>Values of the header fields of that mail, as they stand.</summary>
    public IEnumerable<byte[]> HeaderValues =>
        from mail in Mail
        let end = mail.AsSpan().IndexOf("\r\n\r\n"u8)
        from line in Encoding.Latin1.GetString(mail, 0, end < 0 ? mail.Length : end).Replace("\r\n ", "\u0001 ", StringComparison.Ordinal).Replace("\r\n\t", "\u0001\t", StringComparison.Ordinal).Split("\r\n")
        let colon = line.IndexOf(':', StringComparison.Ordinal)
        where colon > 0
        select Encoding.Latin1.GetBytes(line[(colon + 1)..].Replace("\u0001", "\r\n", StringComparison.Ordinal));

    public static byte[][] Of(params string[] texts) => [.. texts.Select(Encoding.UTF8.GetBytes)];

    private IEnumerable<byte[]> Commands(string pattern, bool joinLiterals)
    {
        foreach (var lines in ClientLines(pattern))
        {
            for (var i = 0; i < lines.Count; i++)
            {
                var command = lines[i];
                while (joinLiterals && Literal().IsMatch(command) && i + 1 < lines.Count)
                {
                    command += "\r\n" + lines[++i];
                }

                yield return Unescape(command);
            }
        }
    }

    private IEnumerable<byte[]> Dialogs(string pattern) =>
        ClientLines(pattern).Select(lines => Unescape(string.Concat(lines.Select(l => l.EndsWith("{NOCRLF}", StringComparison.Ordinal) ? l : l + "\r\n"))));

    private IEnumerable<List<string>> ClientLines(string pattern) =>
        from file in Directory.EnumerateFiles(Path.Combine(root, "tests"), pattern, SearchOption.AllDirectories)
        where Path.GetFileName(Path.GetDirectoryName(file)) == "transcripts" && !file.Contains("/bin/", StringComparison.Ordinal)
        orderby file
        select File.ReadLines(file).Where(l => l.StartsWith("C ", StringComparison.Ordinal)).Select(l => l[2..]).ToList();

    // tests/README.md: {CR}, {LF} and {xHH} stand for single octets.
    private static byte[] Unescape(string text)
    {
        var octets = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text.Replace("{NOCRLF}", "", StringComparison.Ordinal)));
        return Encoding.Latin1.GetBytes(Escape().Replace(octets, match => match.Groups[1].Value switch
        {
            "CR" => "\r",
            "LF" => "\n",
            var hex => ((char)byte.Parse(hex[1..], NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString(),
        }));
    }

    [GeneratedRegex(@"\{(CR|LF|x[0-9A-Fa-f]{2})\}")]
    private static partial Regex Escape();

    [GeneratedRegex(@"\{[0-9]+\+?\}$")]
    private static partial Regex Literal();
}
