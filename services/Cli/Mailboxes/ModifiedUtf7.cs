using System.Text;

namespace MailCloud.Cli.Mailboxes;

/// <summary>Names of folders on disk, as Dovecot writes them: modified UTF-7 (RFC 3501 §5.1.3). A dot, which separates levels in Maildir++, is written as a character beyond ASCII would be.</summary>
internal static class ModifiedUtf7
{
    public static string Encode(string level)
    {
        var text = new StringBuilder(level.Length);
        for (var i = 0; i < level.Length;)
        {
            if (IsDirect(level[i]))
            {
                text.Append(level[i]).Append(level[i++] == '&' ? "-" : "");
                continue;
            }

            var start = i;
            while (i < level.Length && !IsDirect(level[i]))
            {
                i++;
            }

            text.Append('&').Append(Convert.ToBase64String(Encoding.BigEndianUnicode.GetBytes(level[start..i])).TrimEnd('=').Replace('/', ',')).Append('-');
        }

        return text.ToString();
    }

    /// <summary>What is no modified UTF-7 is taken as it stands: others have written UTF-8.</summary>
    public static string Decode(string written)
    {
        var text = new StringBuilder(written.Length);
        for (var i = 0; i < written.Length; i++)
        {
            var end = written[i] == '&' ? written.IndexOf('-', i) : -1;
            if (end < 0)
            {
                text.Append(written[i]);
                continue;
            }

            var run = written[(i + 1)..end].Replace(',', '/');
            var octets = new byte[run.Length];
            if (run.Length > 0 && !(Convert.TryFromBase64String(run + new string('=', (4 - (run.Length % 4)) % 4), octets, out var count) && count % 2 == 0))
            {
                return written;
            }

            text.Append(run.Length == 0 ? "&" : Encoding.BigEndianUnicode.GetString(octets, 0, run.Length * 6 / 8 / 2 * 2));
            i = end;
        }

        return text.ToString();
    }

    private static bool IsDirect(char c) => c is >= ' ' and <= '~' and not '.';
}
