using System.Buffers;
using System.Collections.Frozen;
using System.Text;

namespace MailCloud.MessageView.Html;

/// <summary>
/// Writes a message's HTML anew in one pass: only elements and attributes that are kept, each closed where it must, no comment and no element whose content browsers read by other rules.
/// What a parser makes of the result is beyond doubt, so that nothing can mean one thing to the sanitiser and another to a browser; and how long a parser takes, however the message was
/// nested, is bounded by the limits here. It keeps nothing safe by itself: values of attributes go through as they stand.
/// </summary>
internal sealed class HtmlNormaliser
{
    /// <summary>Elements within elements. Browsers stop at 512; newsletters reach 60, a reply to fifty replies 150.</summary>
    public const int MaxDepth = 200;

    /// <summary>Twice what a table of 3,000 cells has that a spreadsheet wrote.</summary>
    public const int MaxElements = 20_000;

    private const int MaxAttributes = 30;

    // Formatting that goes on behind an end: of so many elements, each with a tag of so many chars at most.
    private const int MaxReopened = 16;
    private const int MaxReopenedTag = 512;

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Kept = HtmlElements.Kept.GetAlternateLookup<ReadOnlySpan<char>>();
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> KeptAttributes = HtmlElements.Attributes.GetAlternateLookup<ReadOnlySpan<char>>();
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> WithoutContent = HtmlElements.WithoutContent.GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly SearchValues<char> Special = SearchValues.Create("<>\"\0");

    private readonly string html;
    private readonly StringBuilder output;
    private readonly List<OpenElement> open = [];
    private readonly StringBuilder attributes = new();
    private readonly HashSet<string> attributeNames = new(StringComparer.Ordinal);
    private int at;
    private int elements;
    private bool isWhole = true;

    private HtmlNormaliser(string html)
    {
        this.html = html;
        output = new(html.Length);
    }

    private readonly record struct OpenElement(string Name, string Tag);

    private string Top => open.Count == 0 ? "" : open[^1].Name;

    /// <summary>False: elements were left out, for there were too many.</summary>
    public static (string Html, bool IsWhole) Normalise(string html)
    {
        var normaliser = new HtmlNormaliser(html);
        normaliser.Run();
        return (normaliser.output.ToString(), normaliser.isWhole);
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

        CloseFrom(0, goesOn: false);
    }

    private void AddText(int end)
    {
        var text = html.AsSpan(at, end - at);
        at = end;
        if (!text.IsWhiteSpace())
        {
            EnsureCell();
        }

        Escape(text, output);
    }

    // Character references stay as they are: the parser reads them, by the rules of the place where they stand.
    private static void Escape(ReadOnlySpan<char> text, StringBuilder into)
    {
        while (text.IndexOfAny(Special) is >= 0 and var special)
        {
            into.Append(text[..special]).Append(text[special] switch
            {
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                _ => "",
            });
            text = text[(special + 1)..];
        }

        into.Append(text);
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
            Open(known);
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
            Close(known);
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
            Escape(value, attributes);
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

    private void Open(string name)
    {
        var tag = $"<{name}{attributes}>";
        var goesOn = new List<OpenElement>();
        if (!MakePlace(name, goesOn))
        {
            return;
        }

        if (!HtmlElements.Void.Contains(name))
        {
            Push(new(name, tag));
        }
        else if (Count())
        {
            output.Append(tag);
        }

        goesOn.ForEach(Push);
    }

    private void Push(OpenElement element)
    {
        if (open.Count == MaxDepth)
        {
            isWhole = false;
        }
        else if (Count())
        {
            open.Add(element);
            output.Append(element.Tag);
        }
    }

    private bool Count()
    {
        isWhole &= elements < MaxElements;
        return elements++ < MaxElements;
    }

    // Ends what an element's beginning ends, and begins what must be around it. False: it has no place here.
    private bool MakePlace(string name, List<OpenElement> goesOn)
    {
        switch (name)
        {
            case "caption" or "colgroup" or "tbody" or "tfoot" or "thead":
                return BackTo(static top => top is "table");
            case "col":
                if (Top != "colgroup")
                {
                    if (!BackTo(static top => top is "table"))
                    {
                        return false;
                    }

                    Push(new("colgroup", "<colgroup>"));
                }

                return true;
            case "tr":
                return BackTo(static top => top is "table" or "tbody" or "tfoot" or "thead");
            case "td" or "th":
                if (!BackTo(static top => top is "table" or "tbody" or "tfoot" or "thead" or "tr"))
                {
                    return false;
                }

                if (Top != "tr")
                {
                    Push(new("tr", "<tr>"));
                }

                return true;
        }

        EnsureCell();
        if (name is "li")
        {
            End(static open => open is "li", static open => open is "ol" or "ul", goesOn);
        }
        else if (name is "dd" or "dt")
        {
            End(static open => open is "dd" or "dt", static open => open is "dl", goesOn);
        }
        else if (name is "a")
        {
            End(static open => open is "a", static _ => false, goesOn);
        }

        if (HtmlElements.Blocks.Contains(name))
        {
            End(static open => open is "p", static _ => false, goesOn);
        }

        return true;
    }

    // Back to the innermost part of a table that can hold what comes; false when there is no table.
    private bool BackTo(Func<string, bool> canHold)
    {
        for (var i = open.Count - 1; i >= 0; i--)
        {
            if (canHold(open[i].Name))
            {
                CloseFrom(i + 1, goesOn: false);
                return true;
            }
        }

        return false;
    }

    // Only cells hold text and other elements. Browsers move what stands between cells before the table, each time looking for its place there.
    private void EnsureCell()
    {
        if (Top is "colgroup")
        {
            CloseFrom(open.Count - 1, goesOn: false);
        }

        if (Top is "table" or "tbody" or "tfoot" or "thead")
        {
            Push(new("tr", "<tr>"));
        }

        if (Top is "tr")
        {
            Push(new("td", "<td>"));
        }
    }

    private void End(Func<string, bool> ends, Func<string, bool> bounds, List<OpenElement> goesOn)
    {
        for (var i = open.Count - 1; i >= 0 && !IsCell(open[i].Name) && !bounds(open[i].Name); i--)
        {
            if (ends(open[i].Name))
            {
                goesOn.AddRange(FormattingFrom(i + 1));
                CloseFrom(i, goesOn: false);
                return;
            }
        }
    }

    private static bool IsCell(string name) => name is "caption" or "table" or "td" or "th";

    private void Close(string name)
    {
        var isTablePart = HtmlElements.TableParts.Contains(name);
        for (var i = open.Count - 1; i >= 0; i--)
        {
            if (open[i].Name == name)
            {
                CloseFrom(i, goesOn: !isTablePart);
                return;
            }

            if (isTablePart ? open[i].Name == "table" : IsCell(open[i].Name))
            {
                return;
            }
        }
    }

    private void CloseFrom(int index, bool goesOn)
    {
        var again = goesOn ? FormattingFrom(index + 1) : [];
        for (var i = open.Count - 1; i >= index; i--)
        {
            output.Append("</").Append(open[i].Name).Append('>');
        }

        open.RemoveRange(index, open.Count - index);
        again.ForEach(Push);
    }

    private List<OpenElement> FormattingFrom(int index)
    {
        var formatting = new List<OpenElement>();
        for (var i = index; i < open.Count && formatting.Count < MaxReopened; i++)
        {
            if (HtmlElements.Formatting.Contains(open[i].Name) && open[i].Tag.Length <= MaxReopenedTag && !formatting.Contains(open[i]))
            {
                formatting.Add(open[i]);
            }
        }

        return formatting;
    }
}
