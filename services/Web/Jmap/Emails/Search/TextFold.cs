using System.Globalization;
using System.Text;

namespace MailCloud.Web.Jmap.Emails.Search;

/// <summary>
/// Text as it is compared: in upper case, compatible forms as the usual ones, without accents. Character by character, so that a text can be folded piece by piece, and what is found be shown where it stands.
/// </summary>
internal static class TextFold
{
    // Folding is asked of each character of each message that is searched: what was found is kept, for the scripts that need it.
    private const int Kept = 0x3000;

    private static readonly string?[] Found = new string?[Kept];

    public static string Of(ReadOnlySpan<char> text)
    {
        var folded = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            Append(folded, rune);
        }

        return folded.ToString();
    }

    public static void Append(StringBuilder folded, Rune rune)
    {
        if (rune.IsAscii)
        {
            folded.Append(char.ToUpperInvariant((char)rune.Value));
        }
        else if (IsItself(rune.Value))
        {
            folded.Append((char)rune.Value);
        }
        else
        {
            folded.Append(rune.Value < Kept ? Found[rune.Value] ??= Fold(rune) : Fold(rune));
        }
    }

    // Kana, Han and Hangul: no case, no accents that a reader would leave out.
    private static bool IsItself(int value) => value is (>= 0x3040 and <= 0x30ff) or (>= 0x3400 and <= 0x9fff) or (>= 0xac00 and <= 0xd7a3);

    private static string Fold(Rune rune)
    {
        if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse)
        {
            return rune.ToString();
        }

        var folded = new StringBuilder();
        foreach (var c in rune.ToString().Normalize(NormalizationForm.FormKD))
        {
            // Combining diacritical marks.
            if (c is < '\u0300' or > '\u036f')
            {
                folded.Append(c);
            }
        }

        return folded.ToString().ToUpperInvariant();
    }
}
