using System.Net;
using System.Text;

namespace MailCloud.Web.Jmap.Emails.Search;

/// <summary>The text of HTML that comes piece by piece, for searching: without tags, comments, styles and scripts, references decoded. Nothing of it is to be shown as HTML.</summary>
internal sealed class HtmlText
{
    // Longer than any reference that stands for a character, and than the names of elements.
    private const int MaxHeld = 40;

    // Elements within words: what they part belongs together.
    private static readonly HashSet<string> Inline = new(StringComparer.OrdinalIgnoreCase)
    {
        "a", "abbr", "b", "big", "em", "font", "i", "mark", "s", "small", "span", "strong", "sub", "sup", "tt", "u", "wbr",
    };

    private readonly StringBuilder text = new();
    private readonly StringBuilder tag = new();
    private bool inTag;
    private string? skipped;

    /// <param name="piece">What comes next.</param>
    /// <param name="last">Nothing follows.</param>
    public string Add(ReadOnlySpan<char> piece, bool last)
    {
        foreach (var c in piece)
        {
            if (inTag)
            {
                AddToTag(c);
            }
            else if (c == '<')
            {
                inTag = true;
                tag.Clear();
            }
            else if (skipped is null)
            {
                text.Append(c);
            }
        }

        // A reference that may go on is kept for the next piece.
        var all = text.ToString();
        var reference = last ? -1 : all.LastIndexOf('&');
        var end = reference >= 0 && all.Length - reference < MaxHeld && all.IndexOf(';', reference) < 0 ? reference : all.Length;
        text.Clear().Append(all, end, all.Length - end);
        return WebUtility.HtmlDecode(all[..end]);
    }

    private void AddToTag(char c)
    {
        var isComment = tag.Length >= 3 && tag[0] == '!' && tag[1] == '-' && tag[2] == '-';
        if (c != '>' || (isComment && !(tag[^1] == '-' && tag[^2] == '-')))
        {
            // Only its name and its last characters count.
            tag.Append(c);
            if (tag.Length > 2 * MaxHeld)
            {
                tag.Remove(MaxHeld, tag.Length - MaxHeld - 2);
            }

            return;
        }

        inTag = false;
        EndTag(isComment ? "!" : NameOf(tag.ToString()));
    }

    private void EndTag(string name)
    {
        if (skipped is not null)
        {
            skipped = name.Equals("/" + skipped, StringComparison.OrdinalIgnoreCase) ? null : skipped;
        }
        else if (name.ToLowerInvariant() is "style" or "script" or "head" or "title")
        {
            // Within a head everything is passed over up to its end.
            skipped = name;
        }
        else if (name != "!" && !Inline.Contains(name.TrimStart('/')))
        {
            text.Append(' ');
        }
    }

    private static string NameOf(string tag)
    {
        var end = tag.AsSpan().IndexOfAny(" \t\r\n");
        return (end < 0 ? tag : tag[..end]).TrimEnd('/');
    }
}
