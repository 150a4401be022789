using System.Buffers;
using System.Text;

namespace MailCloud.MessageView.Html;

/// <summary>
/// Elements and text, written so that each element is closed where it must be, stands where it may, and neither depth nor number goes beyond the limits: what a browser's tree builder would make
/// of the same tags, nearly, but for misplaced parts of tables. The output needs no repair by any parser.
/// </summary>
internal sealed class BalancedHtml(int capacity)
{
    /// <summary>Elements within elements. Browsers stop at 512; newsletters reach 60, a reply to fifty replies 150.</summary>
    public const int MaxDepth = 200;

    /// <summary>Twice what a table of 3,000 cells has that a spreadsheet wrote.</summary>
    public const int MaxElements = 20_000;

    // Beginnings and ends that are looked at: each looks through what is open.
    private const int MaxTags = 3 * MaxElements;

    // Formatting that goes on behind an end: of so many elements, each with a tag of so many chars at most.
    private const int MaxReopened = 16;
    private const int MaxReopenedTag = 512;

    private static readonly SearchValues<char> Special = SearchValues.Create("<>\"\0");

    private readonly StringBuilder output = new(capacity);
    private readonly List<OpenElement> open = [];

    // How many of a name are open: most ends and beginnings need not look.
    private readonly Dictionary<string, int> openOf = new(StringComparer.Ordinal);
    private int elements;
    private int tags;

    private readonly record struct OpenElement(string Name, string Tag);

    /// <summary>False: elements were left out, for there were too many.</summary>
    public bool IsWhole { get; private set; } = true;

    private string Top => open.Count == 0 ? "" : open[^1].Name;

    /// <summary>Text or a value. Character references stay as they are: the parser reads them, by the rules of the place where they stand.</summary>
    public static void Escape(ReadOnlySpan<char> text, StringBuilder into)
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

    public void AddText(ReadOnlySpan<char> text)
    {
        if (!text.IsWhiteSpace())
        {
            EnsureCell();
        }

        Escape(text, output);
    }

    /// <summary>An element begins.</summary>
    /// <param name="name">One that is kept.</param>
    /// <param name="attributes">As they are written, with a space before each.</param>
    public void Open(string name, string attributes)
    {
        var tag = $"<{name}{attributes}>";
        var goesOn = new List<OpenElement>();
        if (!CountTag() || !MakePlace(name, goesOn))
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
            IsWhole = false;
        }
        else if (Count())
        {
            open.Add(element);
            openOf[element.Name] = openOf.GetValueOrDefault(element.Name) + 1;
            output.Append(element.Tag);
        }
    }

    private bool Count()
    {
        IsWhole &= elements < MaxElements;
        return elements++ < MaxElements;
    }

    private bool CountTag()
    {
        IsWhole &= tags < MaxTags;
        return tags++ < MaxTags;
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
        if (name is "li" && IsOpen("li"))
        {
            End(static open => open is "li", static open => open is "ol" or "ul", goesOn);
        }
        else if (name is "dd" or "dt")
        {
            End(static open => open is "dd" or "dt", static open => open is "dl", goesOn);
        }
        else if (name is "a" && IsOpen("a"))
        {
            End(static open => open is "a", static _ => false, goesOn);
        }

        if (IsOpen("p") && HtmlElements.Blocks.Contains(name))
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

    private bool IsOpen(string name) => openOf.GetValueOrDefault(name) > 0;

    private static bool IsCell(string name) => name is "caption" or "table" or "td" or "th";

    /// <summary>An element ends, with those in it; when there is none that could, nothing does.</summary>
    public void Close(string name)
    {
        var isTablePart = HtmlElements.TableParts.Contains(name);
        if (!CountTag() || !IsOpen(name))
        {
            return;
        }

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
            WriteEnd(open[i]);
            openOf[open[i].Name]--;
        }

        open.RemoveRange(index, open.Count - index);
        again.ForEach(Push);
    }

    // Formatting of nothing is not written: it went on from an element that ended, and ends itself.
    private void WriteEnd(OpenElement element)
    {
        var start = output.Length - element.Tag.Length;
        if (HtmlElements.Formatting.Contains(element.Name) && element.Tag.Length <= MaxReopenedTag && output.ToString(start, element.Tag.Length) == element.Tag)
        {
            output.Length = start;
        }
        else
        {
            output.Append("</").Append(element.Name).Append('>');
        }
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

    /// <summary>All that is open ends.</summary>
    public string Finish()
    {
        CloseFrom(0, goesOn: false);
        return output.ToString();
    }
}
