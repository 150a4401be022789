using System.Globalization;

namespace MailCloud.MailboxContracts;

/// <summary>
/// How ids of messages, threads and folders are written, the same in IMAP (RFC 8474) and JMAP (RFC 8620 §1.2): letters and digits, beginning with a letter, of one case.
/// </summary>
public static class ObjectIds
{
    /// <summary>Of a message, by the id of its body: copies of a message have the same, wherever they are in the mailbox, for as long as one is left.</summary>
    public static string OfEmail(Guid email) => $"e{email:N}";

    public static bool TryParseEmail(string text, out Guid email)
    {
        email = default;
        return text.Length == 33 && text[0] == 'e' && IsLowerHex(text.AsSpan(1)) && Guid.TryParseExact(text[1..], "N", out email);
    }

    public static string OfThread(ulong thread) => $"t{thread:x16}";

    public static bool TryParseThread(string text, out ulong thread)
    {
        thread = 0;
        return text.Length == 17 && text[0] == 't' && IsLowerHex(text.AsSpan(1)) && ulong.TryParse(text.AsSpan(1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out thread);
    }

    public static string OfFolder(int folder) => string.Create(CultureInfo.InvariantCulture, $"f{folder}");

    public static bool TryParseFolder(string text, out int folder)
    {
        folder = 0;
        return text.Length > 1 && text[0] == 'f' && text[1] != '0' && int.TryParse(text.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out folder);
    }

    private static bool IsLowerHex(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiHexDigitLower(c))
            {
                return false;
            }
        }

        return true;
    }
}
