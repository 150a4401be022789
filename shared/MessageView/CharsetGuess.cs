using System.Text;
using MailCloud.Messages;

namespace MailCloud.MessageView;

/// <summary>
/// What text looks like that names no charset: Japanese by its kana, which stand in a quarter of its characters and hardly ever elsewhere; Chinese by its frequent characters; and what
/// <see cref="Charsets.Guess"/> says. A line or two are not enough for any such guess to be sure: who knows the reader's charset names it (<see cref="RenderOptions.FallbackCharset"/>).
/// </summary>
internal static class CharsetGuess
{
    // Characters below which Big5 is not guessed: western text has pairs that could be its own.
    private const int MinBig5 = 4;

    public static Encoding Of(ReadOnlySpan<byte> octets, bool isCut)
    {
        var charset = Charsets.Guess(octets, isCut);
        if (octets.IndexOf("\u001b$B"u8) >= 0 || octets.IndexOf("\u001b$@"u8) >= 0)
        {
            return Encoding.GetEncoding("iso-2022-jp");
        }

        return charset.CodePage == Encoding.UTF8.CodePage ? charset
            : IsShiftJis(octets, isCut) ? Encoding.GetEncoding("shift_jis")
            : IsEucJp(octets, isCut) ? Encoding.GetEncoding("euc-jp")
            : charset.CodePage == 1252 && IsBig5(octets, isCut) ? Encoding.GetEncoding("big5")
            : charset;
    }

    private static bool IsShiftJis(ReadOnlySpan<byte> octets, bool isCut)
    {
        int characters = 0, kana = 0;
        for (var i = 0; i < octets.Length; i++)
        {
            switch (octets[i])
            {
                case < 0x80 or (>= 0xa1 and <= 0xdf):
                    // ASCII, and katakana of half width.
                    break;
                case 0x80 or 0xa0 or > 0xfc:
                    return false;
                default:
                    if (i + 1 == octets.Length)
                    {
                        return isCut && kana > 0 && kana * 4 >= characters;
                    }

                    var (lead, trail) = (octets[i], octets[++i]);
                    if (trail is < 0x40 or 0x7f or > 0xfc)
                    {
                        return false;
                    }

                    characters++;
                    kana += (lead == 0x82 && trail is >= 0x9f and <= 0xf1) || (lead == 0x83 && trail is >= 0x40 and <= 0x96) ? 1 : 0;
                    break;
            }
        }

        return kana > 0 && kana * 4 >= characters;
    }

    private static bool IsEucJp(ReadOnlySpan<byte> octets, bool isCut)
    {
        int characters = 0, kana = 0;
        for (var i = 0; i < octets.Length; i++)
        {
            if (octets[i] < 0x80)
            {
                continue;
            }

            if (i + 1 == octets.Length)
            {
                return isCut && kana > 0 && kana * 4 >= characters;
            }

            var (lead, trail) = (octets[i], octets[++i]);
            if (lead is not (0x8e or (>= 0xa1 and <= 0xfe)) || trail is < 0xa1 or 0xff)
            {
                return false;
            }

            characters++;
            kana += lead is 0xa4 or 0xa5 ? 1 : 0;
        }

        return kana > 0 && kana * 4 >= characters;
    }

    // Lead octets A4 to C6 are the frequent characters, A1 to A3 punctuation.
    private static bool IsBig5(ReadOnlySpan<byte> octets, bool isCut)
    {
        int characters = 0, frequent = 0;
        for (var i = 0; i < octets.Length; i++)
        {
            if (octets[i] < 0x80)
            {
                continue;
            }

            if (i + 1 == octets.Length)
            {
                return isCut && characters >= MinBig5 && frequent * 10 >= characters * 7;
            }

            var (lead, trail) = (octets[i], octets[++i]);
            if (lead is < 0x81 or 0xff || trail is < 0x40 or (> 0x7e and < 0xa1) or 0xff)
            {
                return false;
            }

            characters += lead is >= 0xa1 and <= 0xa3 ? 0 : 1;
            frequent += lead is >= 0xa4 and <= 0xc6 ? 1 : 0;
        }

        return characters >= MinBig5 && frequent * 10 >= characters * 7;
    }
}
