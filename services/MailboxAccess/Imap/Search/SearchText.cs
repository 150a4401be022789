using System.Text;

namespace MailCloud.MailboxAccess.Imap.Search;

/// <summary>
/// The text of a search key. Comparison is as i;unicode-casemap means it (RFC 5051), on composed forms: both sides are brought into NFKC, then compared without regard to
/// case, so that decomposed and full-width letters match the usual ones and a letter does not match within an accented one.
/// </summary>
internal sealed class SearchText(string text)
{
    private readonly string wanted = Normalise(text);

    public bool IsEmpty => wanted.Length == 0;

    public bool IsIn(string text) => Normalise(text).Contains(wanted, StringComparison.OrdinalIgnoreCase);

    /// <summary>Looks in a text that comes piece by piece.</summary>
    public Window Begin() => new(wanted);

    private static string Normalise(string text)
    {
        try
        {
            return Ascii.IsValid(text) ? text : text.Normalize(NormalizationForm.FormKC);
        }
        catch (ArgumentException)
        {
            // Half a surrogate pair, or a code point that is none.
            return text;
        }
    }

    /// <summary>What has come of a text as far as the next piece may need it: bounded by the pieces and the wanted text.</summary>
    internal sealed class Window(string wanted)
    {
        // Not normalised: it may combine with what follows.
        private string open = "";

        // Normalised: a match may begin in it.
        private string tail = "";

        /// <summary>True when the text so far has what is wanted.</summary>
        /// <param name="more">The next piece.</param>
        /// <param name="last">Nothing follows.</param>
        public bool Add(ReadOnlySpan<char> more, bool last)
        {
            var text = string.Concat(open, more);
            var cut = last ? text.Length : CutOf(text);
            open = text[cut..];
            var looked = tail + Normalise(text[..cut]);
            tail = looked[Math.Max(0, looked.Length - wanted.Length + 1)..];
            return looked.Contains(wanted, StringComparison.OrdinalIgnoreCase);
        }

        // Before the last character that combines with none before it: ASCII or a Han character; where there is none, not within a surrogate pair.
        private static int CutOf(string text)
        {
            for (var i = text.Length - 1; i >= text.Length / 2; i--)
            {
                if (text[i] is < '\u0080' or >= '\u4e00' and <= '\u9fff')
                {
                    return i;
                }
            }

            return text.Length > 0 && char.IsHighSurrogate(text[^1]) ? text.Length - 1 : text.Length;
        }
    }
}
