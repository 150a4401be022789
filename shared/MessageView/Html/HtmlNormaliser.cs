using System.Collections.Frozen;
using System.Text;

namespace MailCloud.MessageView.Html;

/// <summary>
/// Writes a message's HTML anew in one pass: only elements and attributes that are kept, each closed where it must, no comment and no element whose content browsers read by other rules.
/// What a parser makes of the result is beyond doubt, so that nothing can mean one thing to the sanitiser and another to a browser; and how long a parser takes, however the message was
/// nested, is bounded by the limits of <see cref="BalancedHtml"/>. It keeps nothing safe by itself: values of attributes go through as they stand.
/// </summary>
internal sealed class HtmlNormaliser
{
    private const int MaxAttributes = 30;

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Kept = HtmlElements.Kept.GetAlternateLookup<ReadOnlySpan<char>>();
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> KeptAttributes = HtmlElements.Attributes.GetAlternateLookup<ReadOnlySpan<char>>();
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> WithoutContent = HtmlElements.WithoutContent.GetAlternateLookup<ReadOnlySpan<char>>();

    private readonly string html;
    private readonly BalancedHtml output;
    private readonly StringBuilder attributes = new();
    private readonly HashSet<string> attributeNames = new(StringComparer.Ordinal);
    private int at;

    private HtmlNormaliser(string html)
    {
        this.html = html;
        output = new(html.Length);
    }

    /// <summary>False: elements were left out, for there were too many.</summary>
    public static (string Html, bool IsWhole) Normalise(string html)
    {
        var normaliser = new HtmlNormaliser(html);
        normaliser.Run();
        return (normaliser.output.Finish(), normaliser.output.IsWhole);
    }

    // WHATWG HTML §13.2.5, as far as it decides where tags and comments begin and end.
    private void Run()
    {
        while (at < html.Length)
        {
            var tag = html.IndexOf('<', at);
            AddText(tag < 0 ? html.Length : tag);
            if (at == html.Length)
            {
                break;
            }

            switch (at + 1 < html.Length ? html[at + 1] : '\0')
            {
                case >= 'a' and <= 'z' or >= 'A' and <= 'Z':
                    ReadStartTag();
                    break;
                case '/' when at + 2 < html.Length && char.IsAsciiLetter(html[at + 2]):
                    ReadEndTag();
                    break;
                case '!' when html.AsSpan(at).StartsWith("<!--"):
                    SkipComment();
                    break;
                case '/' or '!' or '?':
                    SkipPast('>');
                    break;
                default:
                    AddText(at + 1);
                    break;
            }
        }
    }

    private void AddText(int end)
    {
        output.AddText(html.AsSpan(at, end - at));
        at = end;
    }

    private void SkipPast(char c)
    {
        var end = html.IndexOf(c, at);
        at = end < 0 ? html.Length : end + 1;
    }

    // "<!-->" and "<!--->" are whole comments, and "--!>" ends one.
    private void SkipComment()
    {
        var content = html.AsSpan(at + 4);
        if (content is ['>', ..] or ['-', '>', ..])
        {
            SkipPast('>');
            return;
        }

        at += 4;
        while ((at = html.IndexOf("--", at, StringComparison.Ordinal)) >= 0)
        {
            var after = html.AsSpan(at + 2);
            if (after is ['>', ..] or ['!', '>', ..])
            {
                SkipPast('>');
                return;
            }

            at++;
        }

        at = html.Length;
    }

    private void ReadStartTag()
    {
        at++;
        var name = ReadName();
        if (!ReadAttributes())
        {
            // The end of the text within a tag: it is none.
            at = html.Length;
        }
        else if (WithoutContent.TryGetValue(name, out var dropped))
        {
            SkipTo(dropped);
        }
        else if (Find(name) is { } known)
        {
            output.Open(known, attributes.ToString());
        }
    }

    private void ReadEndTag()
    {
        at += 2;
        var name = ReadName();
        if (!ReadAttributes())
        {
            at = html.Length;
        }
        else if (Find(name) is { } known && !HtmlElements.Void.Contains(known))
        {
            output.Close(known);
        }
    }

    // A body is an element like others here, since colours and fonts of the whole message stand at it.
    private static string? Find(ReadOnlySpan<char> name) => name switch
    {
        _ when Kept.TryGetValue(name, out var known) => known,
        _ when name.Equals("body", StringComparison.OrdinalIgnoreCase) => "div",
        _ when name.Equals("image", StringComparison.OrdinalIgnoreCase) => "img",
        _ => null,
    };

    private ReadOnlySpan<char> ReadName()
    {
        var from = at;
        while (at < html.Length && html[at] is not ('/' or '>') && !IsSpace(html[at]))
        {
            at++;
        }

        return html.AsSpan(from, at - from);
    }

    // False: the text ended.
    private bool ReadAttributes()
    {
        attributes.Clear();
        attributeNames.Clear();
        while (at < html.Length)
        {
            if (html[at] == '>')
            {
                at++;
                return true;
            }

            if (html[at] == '/' || IsSpace(html[at]))
            {
                at++;
                continue;
            }

            // A name may begin with "=".
            var from = at++;
            while (at < html.Length && html[at] is not ('=' or '>' or '/') && !IsSpace(html[at]))
            {
                at++;
            }

            var name = html.AsSpan(from, at - from);
            SkipSpace();
            ReadOnlySpan<char> value = default;
            if (at < html.Length && html[at] == '=')
            {
                at++;
                SkipSpace();
                if (!TryReadValue(out value))
                {
                    return false;
                }
            }

            Keep(name, value);
        }

        return false;
    }

    private bool TryReadValue(out ReadOnlySpan<char> value)
    {
        value = default;
        if (at < html.Length && html[at] is '"' or '\'')
        {
            var end = html.IndexOf(html[at], at + 1);
            if (end < 0)
            {
                return false;
            }

            value = html.AsSpan(at + 1, end - at - 1);
            at = end + 1;
            return true;
        }

        var from = at;
        while (at < html.Length && html[at] != '>' && !IsSpace(html[at]))
        {
            at++;
        }

        value = html.AsSpan(from, at - from);
        return at < html.Length;
    }

    private void Keep(ReadOnlySpan<char> name, ReadOnlySpan<char> value)
    {
        // The first of a name counts.
        if (attributeNames.Count < MaxAttributes && KeptAttributes.TryGetValue(name, out var known) && attributeNames.Add(known))
        {
            attributes.Append(' ').Append(known).Append("=\"");
            BalancedHtml.Escape(value, attributes);
            attributes.Append('"');
        }
    }

    private void SkipTo(string name)
    {
        var end = "</" + name;
        while (true)
        {
            var found = html.IndexOf(end, at, StringComparison.OrdinalIgnoreCase);
            var after = found + end.Length;
            if (found < 0)
            {
                at = html.Length;
                return;
            }

            if (after == html.Length || html[after] is '/' or '>' || IsSpace(html[after]))
            {
                at = found;
                return;
            }

            at = after;
        }
    }

    private void SkipSpace()
    {
        while (at < html.Length && IsSpace(html[at]))
        {
            at++;
        }
    }

    private static bool IsSpace(char c) => c is ' ' or '\t' or '\n' or '\r' or '\f';
}
