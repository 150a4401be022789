using System.Text;
using MailCloud.Web.Jmap.Emails.Search;

namespace MailCloud.Web.Jmap.Snippets;

/// <summary>Text as HTML, with what was looked for between <c>&lt;mark&gt;</c> and <c>&lt;/mark&gt;</c> (RFC 8621 §5). Nothing else of it is markup. Pure.</summary>
internal sealed class MarkedText
{
    private const string Open = "<mark>";
    private const string Close = "</mark>";

    // Marks of one text: a preview has no room for more.
    private const int MaxMarks = 200;

    // Octets before the first match, so that a reader sees what it belongs to.
    private const int Before = 60;

    private readonly string text;
    private readonly List<(int Start, int End)> marks;

    private MarkedText(string text, List<(int Start, int End)> marks) => (this.text, this.marks) = (text, marks);

    /// <summary>Null when none of the words is in it.</summary>
    public static MarkedText? Find(string text, IReadOnlyCollection<string> folded)
    {
        var (looked, places) = Fold(text);
        var marks = new List<(int, int)>();
        foreach (var word in folded)
        {
            for (var at = 0; marks.Count < MaxMarks && (at = looked.IndexOf(word, at, StringComparison.Ordinal)) >= 0; at += word.Length)
            {
                // To the end of the character that the match ends in: one may be folded to several.
                var (start, end) = (places[at], at + word.Length);
                while (end < places.Count - 1 && places[end] == places[end - 1])
                {
                    end++;
                }

                marks.Add((start, places[end]));
            }
        }

        return marks.Count == 0 ? null : new(text, Merge(marks));
    }

    /// <summary>The whole text.</summary>
    public string Whole() => Write(0, int.MaxValue);

    /// <summary>A part of it around the first match, of at most so many octets of UTF-8.</summary>
    public string Around(int maxOctets)
    {
        var (first, start, octets) = (marks[0].Start, marks[0].Start, 0);
        while (start > 0)
        {
            Rune.DecodeLastFromUtf16(text.AsSpan(0, start), out var rune, out var length);
            octets += Encoding.UTF8.GetByteCount(Escape(rune));
            if (octets > Before)
            {
                break;
            }

            start -= length;
        }

        // From a word's beginning, where there are words.
        if (start > 0 && text.IndexOf(' ', start, first - start) is >= 0 and var space)
        {
            start = space + 1;
        }

        return Write(start, maxOctets);
    }

    private string Write(int start, int maxOctets)
    {
        var html = new StringBuilder();
        var (octets, mark, isOpen) = (0, 0, false);
        for (var at = start; at < text.Length;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var length);
            while (mark < marks.Count && marks[mark].End <= at)
            {
                mark++;
            }

            // What is open must have room to be closed.
            var isMarked = mark < marks.Count && marks[mark].Start <= at;
            var piece = (isOpen && !isMarked ? Close : !isOpen && isMarked ? Open : "") + Escape(rune);
            var more = Encoding.UTF8.GetByteCount(piece);
            if (octets + more + (isMarked ? Close.Length : 0) > maxOctets)
            {
                break;
            }

            html.Append(piece);
            (octets, isOpen) = (octets + more, isMarked);
            at += length;
        }

        return html.Append(isOpen ? Close : "").ToString();
    }

    private static string Escape(Rune rune) => rune.Value switch
    {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        '\'' => "&#39;",
        _ => rune.ToString(),
    };

    // The place in the text of each char of its folded form, and of its end.
    private static (string Folded, List<int> Places) Fold(string text)
    {
        var folded = new StringBuilder(text.Length);
        var places = new List<int>(text.Length + 1);
        for (var at = 0; at < text.Length;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var length);
            TextFold.Append(folded, rune);
            while (places.Count < folded.Length)
            {
                places.Add(at);
            }

            at += length;
        }

        places.Add(text.Length);
        return (folded.ToString(), places);
    }

    private static List<(int Start, int End)> Merge(List<(int Start, int End)> marks)
    {
        marks.Sort();
        var merged = new List<(int Start, int End)>();
        foreach (var mark in marks)
        {
            if (merged.Count > 0 && mark.Start <= merged[^1].End)
            {
                merged[^1] = (merged[^1].Start, Math.Max(merged[^1].End, mark.End));
            }
            else
            {
                merged.Add(mark);
            }
        }

        return merged;
    }
}
