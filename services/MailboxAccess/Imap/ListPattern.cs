namespace MailCloud.MailboxAccess.Imap;

/// <summary>Matches folder names against LIST patterns (RFC 3501 §6.3.8): <c>*</c> is anything, <c>%</c> anything but the separator.</summary>
internal static class ListPattern
{
    public const char Separator = '/';

    public static bool Matches(string pattern, string name)
    {
        // INBOX has no case (RFC 3501 §5.1), nor has it as the first level of a name.
        var inbox = name == "INBOX" || name.StartsWith("INBOX/", StringComparison.Ordinal);

        // Greedy with one point to come back to per kind of wildcard: linear in the usual case, never exponential.
        int p = 0, n = 0, star = -1, starName = 0, percent = -1, percentName = 0;
        while (n < name.Length || p < pattern.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = ++p;
                starName = n;
                percent = -1;
            }
            else if (p < pattern.Length && pattern[p] == '%')
            {
                percent = ++p;
                percentName = n;
            }
            else if (p < pattern.Length && n < name.Length && Same(pattern[p], name[n], inbox && n < 5))
            {
                p++;
                n++;
            }
            else if (percent >= 0 && percentName < name.Length && name[percentName] != Separator)
            {
                n = ++percentName;
                p = percent;
            }
            else if (star >= 0 && starName < name.Length)
            {
                n = ++starName;
                p = star;
                percent = -1;
            }
            else
            {
                return false;
            }
        }

        return true;
    }

    private static bool Same(char a, char b, bool ignoreCase) => a == b || (ignoreCase && char.ToUpperInvariant(a) == char.ToUpperInvariant(b));
}
