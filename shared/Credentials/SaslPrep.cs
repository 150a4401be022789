using System.Globalization;
using System.Text;

namespace MailCloud.Credentials;

/// <summary>
/// SASLprep (RFC 4013), with two liberties: normalization and letters follow the Unicode version of the runtime, not 3.2; and code points that Unicode 3.2 did
/// not assign pass in stored passwords as RFC 3454 §7 lets them pass in queries, so that newer scripts and emoji can be used.
/// </summary>
internal static class SaslPrep
{
    /// <summary>False when the text holds a prohibited character, breaks the rule for right-to-left text, or is no Unicode text.</summary>
    public static bool TryPrepare(string text, out string prepared)
    {
        prepared = text;
        if (Ascii.IsValid(text))
        {
            return !text.Any(char.IsControl);
        }

        try
        {
            // RFC 4013 §2.1 mapping, §2.2 normalization.
            prepared = string.Concat(text.EnumerateRunes().Select(Map)).Normalize(NormalizationForm.FormKC);
        }
        catch (ArgumentException)
        {
            return false;
        }

        return IsUnicode(text) && !prepared.EnumerateRunes().Any(IsProhibited) && ObeysBidi(prepared);
    }

    private static bool IsUnicode(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(text[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static string Map(Rune rune) => rune.Value switch
    {
        // RFC 3454 C.1.2: non-ASCII spaces.
        0x00A0 or 0x1680 or (>= 0x2000 and <= 0x200B) or 0x202F or 0x205F or 0x3000 => " ",

        // RFC 3454 B.1: commonly mapped to nothing.
        0x00AD or 0x034F or 0x1806 or (>= 0x180B and <= 0x180D) or 0x200C or 0x200D or 0x2060 or (>= 0xFE00 and <= 0xFE0F) or 0xFEFF => "",
        _ => rune.ToString(),
    };

    // RFC 4013 §2.3, by the tables of RFC 3454; surrogates (C.5) cannot stand in a Rune.
    private static bool IsProhibited(Rune rune) => rune.Value
        is <= 0x1F or 0x7F // C.2.1
        or (>= 0x80 and <= 0x9F) or 0x06DD or 0x070F or 0x180E or 0x2028 or 0x2029 or (>= 0x2060 and <= 0x2063) // C.2.2
        or (>= 0x206A and <= 0x206F) or (>= 0xFFF9 and <= 0xFFFC) or (>= 0x1D173 and <= 0x1D17A) // C.2.2
        or (>= 0xE000 and <= 0xF8FF) or (>= 0xF0000 and <= 0xFFFFD) or >= 0x100000 // C.3, C.4
        or (>= 0xFDD0 and <= 0xFDEF) // C.4
        or 0xFFFD // C.6
        or (>= 0x2FF0 and <= 0x2FFB) // C.7
        or 0x0340 or 0x0341 or 0x200E or 0x200F or (>= 0x202A and <= 0x202E) // C.8
        or 0xE0001 or (>= 0xE0020 and <= 0xE007F) // C.9
        || (rune.Value & 0xFFFE) == 0xFFFE; // C.4

    /// <summary>RFC 3454 §6: text with a right-to-left character holds no left-to-right letter, and begins and ends right-to-left.</summary>
    private static bool ObeysBidi(string text)
    {
        var runes = text.EnumerateRunes().ToArray();
        return !runes.Any(IsRightToLeft) || (!runes.Any(IsLeftToRight) && IsRightToLeft(runes[0]) && IsRightToLeft(runes[^1]));
    }

    // RFC 3454 D.1.
    private static bool IsRightToLeft(Rune rune) => rune.Value
        is 0x05BE or 0x05C0 or 0x05C3 or (>= 0x05D0 and <= 0x05EA) or (>= 0x05F0 and <= 0x05F4) or 0x061B or 0x061F
        or (>= 0x0621 and <= 0x063A) or (>= 0x0640 and <= 0x064A) or (>= 0x066D and <= 0x066F) or (>= 0x0671 and <= 0x06D5) or 0x06DD
        or 0x06E5 or 0x06E6 or (>= 0x06FA and <= 0x06FE) or (>= 0x0700 and <= 0x070D) or 0x0710 or (>= 0x0712 and <= 0x072C)
        or (>= 0x0780 and <= 0x07A5) or 0x07B1 or 0x200F or 0xFB1D or (>= 0xFB1F and <= 0xFB28) or (>= 0xFB2A and <= 0xFB36)
        or (>= 0xFB38 and <= 0xFB3C) or 0xFB3E or 0xFB40 or 0xFB41 or 0xFB43 or 0xFB44 or (>= 0xFB46 and <= 0xFBB1) or (>= 0xFBD3 and <= 0xFD3D)
        or (>= 0xFD50 and <= 0xFD8F) or (>= 0xFD92 and <= 0xFDC7) or (>= 0xFDF0 and <= 0xFDFC) or (>= 0xFE70 and <= 0xFE74) or (>= 0xFE76 and <= 0xFEFC);

    // RFC 3454 D.2 lists these; here every other letter counts.
    private static bool IsLeftToRight(Rune rune) => !IsRightToLeft(rune) && Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
        or UnicodeCategory.OtherLetter or UnicodeCategory.ModifierLetter;
}
