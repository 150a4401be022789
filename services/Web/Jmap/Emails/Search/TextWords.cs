using System.Text;

namespace MailCloud.Web.Jmap.Emails.Search;

/// <summary>
/// What a person looks for (RFC 8621 §4.4.1): words, all of which must be there, and phrases in quotes. A word matches within a longer one, as in IMAP (RFC 3501 §6.4.4), so that Chinese and Japanese, which have no
/// spaces, are found too.
/// </summary>
internal sealed class TextWords
{
    private const int MaxText = 1000;

    private TextWords(IReadOnlyList<string> words) => Folded = words;

    /// <summary>As <see cref="TextFold"/> has them.</summary>
    public IReadOnlyList<string> Folded { get; }

    /// <exception cref="MethodException">unsupportedFilter: longer than what a person types.</exception>
    public static TextWords Parse(string text)
    {
        if (text.Length > MaxText)
        {
            throw FilterReader.Unsupported($"a text has {MaxText} characters at most");
        }

        var words = new List<string>();
        for (var at = 0; at < text.Length;)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }

            var word = TextFold.Of(text[at] is '"' or '\'' ? Quoted(text, ref at) : Bare(text, ref at));
            if (word.Length > 0 && !words.Contains(word))
            {
                words.Add(word);
            }
        }

        return new(words);
    }

    /// <summary>All of them are in one text.</summary>
    public bool AreIn(string text)
    {
        var folded = TextFold.Of(text);
        return Folded.All(word => folded.Contains(word, StringComparison.Ordinal));
    }

    private static string Bare(string text, ref int at)
    {
        var from = at;
        while (at < text.Length && !char.IsWhiteSpace(text[at]))
        {
            at++;
        }

        return text[from..at];
    }

    // \' \" and \\ stand for the characters themselves; a quote that is not closed goes on to the end.
    private static string Quoted(string text, ref int at)
    {
        var (quote, phrase) = (text[at++], new StringBuilder());
        for (; at < text.Length && text[at] != quote; at++)
        {
            if (text[at] == '\\' && at + 1 < text.Length && text[at + 1] is '\'' or '"' or '\\')
            {
                at++;
            }

            phrase.Append(text[at]);
        }

        at++;
        return phrase.ToString();
    }
}

/// <summary>Looks for words in texts that come piece by piece; what has come is kept as far as a match may begin in it.</summary>
internal sealed class TextSearch(TextWords words)
{
    private readonly List<string> missing = [.. words.Folded];
    private readonly int kept = words.Folded.Count == 0 ? 0 : words.Folded.Max(word => word.Length) - 1;
    private string tail = "";

    /// <summary>All have been found.</summary>
    public bool IsDone => missing.Count == 0;

    public void Add(ReadOnlySpan<char> piece)
    {
        var looked = tail + TextFold.Of(piece);
        missing.RemoveAll(word => looked.Contains(word, StringComparison.Ordinal));
        tail = looked[Math.Max(0, looked.Length - kept)..];
    }

    /// <summary>What follows is another text: nothing is found across.</summary>
    public void Break() => tail = "";
}
