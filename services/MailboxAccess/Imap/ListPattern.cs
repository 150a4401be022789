using System.Text;

namespace MailCloud.MailboxAccess.Imap;

/// <summary>Matches folder names against LIST patterns (RFC 3501 §6.3.8): <c>*</c> is anything, <c>%</c> anything but the separator.</summary>
internal static class ListPattern
{
    public const char Separator = '/';

    /// <summary>
    /// Follows every place of the pattern that the name read so far may have led to, so that the work is at most the product of both lengths, whatever the wildcards.
    /// </summary>
    public static bool Matches(string pattern, string name)
    {
        pattern = Shorten(pattern);

        // Every other character stands for itself: a longer pattern cannot fit, and need not be looked at.
        if (pattern.Length > (2 * name.Length) + 1)
        {
            return false;
        }

        // INBOX has no case (RFC 3501 §5.1), nor has it as the first level of a name.
        var inbox = name == "INBOX" || name.StartsWith("INBOX/", StringComparison.Ordinal);
        var (here, next) = (new bool[pattern.Length + 1], new bool[pattern.Length + 1]);
        Reach(here, pattern, 0);
        for (var n = 0; n < name.Length; n++)
        {
            Array.Clear(next);
            for (var p = 0; p < pattern.Length; p++)
            {
                if (here[p])
                {
                    Step(next, pattern, p, name[n], inbox && n < 5);
                }
            }

            (here, next) = (next, here);
        }

        return here[^1];
    }

    private static void Step(bool[] next, string pattern, int p, char octet, bool ignoreCase)
    {
        if (pattern[p] == '*' || (pattern[p] == '%' && octet != Separator))
        {
            Reach(next, pattern, p);
        }
        else if (pattern[p] != '%' && Same(pattern[p], octet, ignoreCase))
        {
            Reach(next, pattern, p + 1);
        }
    }

    // A wildcard also stands for nothing; two never follow each other.
    private static void Reach(bool[] places, string pattern, int p)
    {
        places[p] = true;
        if (p < pattern.Length && pattern[p] is '*' or '%')
        {
            places[p + 1] = true;
        }
    }

    /// <summary>Wildcards that follow each other are as one, <c>*</c> if any of them is that.</summary>
    private static string Shorten(string pattern)
    {
        var shorter = new StringBuilder(pattern.Length);
        foreach (var c in pattern)
        {
            if (c is '*' or '%' && shorter.Length > 0 && shorter[^1] is '*' or '%')
            {
                shorter[^1] = c == '*' ? c : shorter[^1];
            }
            else
            {
                shorter.Append(c);
            }
        }

        return shorter.ToString();
    }

    private static bool Same(char a, char b, bool ignoreCase) => a == b || (ignoreCase && char.ToUpperInvariant(a) == char.ToUpperInvariant(b));
}
