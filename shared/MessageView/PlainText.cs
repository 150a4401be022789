using System.Buffers;
using System.Text;
using MailCloud.Messages;
using MailCloud.MessageView.Html;

namespace MailCloud.MessageView;

/// <summary>How a text/plain part's lines are to be read (RFC 3676 §4).</summary>
/// <param name="IsFlowed">Lines that end with a space go on.</param>
/// <param name="DeletesSpace">The space itself is not part of the text.</param>
internal readonly record struct PlainTextFormat(bool IsFlowed, bool DeletesSpace)
{
    public static PlainTextFormat Of(BodyPart part) => new(
        part.Parameter("format") is { } format && format.Equals("flowed", StringComparison.OrdinalIgnoreCase),
        part.Parameter("delsp") is { } deletes && deletes.Equals("yes", StringComparison.OrdinalIgnoreCase));
}

/// <summary>Plain text as HTML: quoted lines as quotes, addresses as links, all else as it stands.</summary>
internal sealed class PlainText
{
    // Quotes within quotes; deeper ones stay at this depth.
    private const int MaxQuotes = 50;

    // Quotes, paragraphs and links, as many as HTML may have elements.
    private const int MaxElements = BalancedHtml.MaxElements;

    private static readonly SearchValues<string> Schemes = SearchValues.Create(["http://", "https://", "mailto:"], StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<char> LinkCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#[]@!$&'()*+,;=%");

    private readonly StringBuilder html;
    private readonly StringBuilder paragraph = new();
    private int depth;
    private int elements;
    private bool isOpen;
    private bool goesOn;

    private PlainText(StringBuilder html) => this.html = html;

    /// <summary>False: there were too many quotes and links; their text is there.</summary>
    public static bool Write(string text, PlainTextFormat format, StringBuilder html)
    {
        var writer = new PlainText(html);
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (format.IsFlowed)
            {
                writer.AddFlowed(line, format.DeletesSpace);
            }
            else
            {
                var (quotes, rest) = Unquote(line);
                writer.Add(quotes, line[rest..], goesOn: false);
            }
        }

        writer.Close();
        writer.Quote(0);
        return writer.elements < MaxElements;
    }

    /// <summary>Text of one line or more, for the inside of an element.</summary>
    public static void WriteEscaped(ReadOnlySpan<char> text, StringBuilder html)
    {
        foreach (var c in text)
        {
            switch (c)
            {
                case '&': html.Append("&amp;"); break;
                case '<': html.Append("&lt;"); break;
                case '>': html.Append("&gt;"); break;
                case '"': html.Append("&quot;"); break;
                case '\'': html.Append("&#39;"); break;
                case '\n' or '\t': html.Append(c); break;
                default: html.Append(c, char.IsControl(c) ? 0 : 1); break;
            }
        }
    }

    // RFC 3676 §4.5: the quotes, the space that was stuffed before the text, and whether it goes on: with a space at its end, unless it is a signature's separator (§4.3).
    private void AddFlowed(ReadOnlySpan<char> line, bool deletesSpace)
    {
        var quotes = line.IndexOfAnyExcept('>');
        quotes = quotes < 0 ? line.Length : quotes;
        var text = line[quotes..];
        text = text is [' ', ..] ? text[1..] : text;
        var isFlowed = text is [.., ' '] && text is not "-- ";
        Add(quotes, isFlowed && deletesSpace ? text[..^1] : text, isFlowed);
    }

    // "> > text" and ">> text" are what clients write.
    private static (int Quotes, int At) Unquote(ReadOnlySpan<char> line)
    {
        var (quotes, at) = (0, 0);
        while (at < line.Length)
        {
            if (line[at] == '>')
            {
                quotes++;
                at++;
            }
            else if (quotes > 0 && line[at] == ' ' && at + 1 < line.Length && line[at + 1] == '>')
            {
                at++;
            }
            else
            {
                break;
            }
        }

        return (quotes, quotes > 0 && at < line.Length && line[at] == ' ' ? at + 1 : at);
    }

    private void Add(int quotes, ReadOnlySpan<char> text, bool goesOn)
    {
        var isNext = MoveTo(Math.Min(quotes, MaxQuotes));
        if (!isNext)
        {
            html.Append("<div style=\"white-space: pre-wrap\">");
            isOpen = true;
        }
        else if (!this.goesOn)
        {
            paragraph.Append('\n');
        }

        paragraph.Append(text);
        this.goesOn = goesOn;
    }

    // True when a paragraph at this depth is open.
    private bool MoveTo(int quotes)
    {
        if (isOpen && (quotes == depth || elements >= MaxElements))
        {
            return true;
        }

        Close();
        Quote(quotes);
        elements++;
        return false;
    }

    private void Quote(int quotes)
    {
        for (; depth > quotes; depth--)
        {
            html.Append("</blockquote>");
        }

        for (; depth < quotes; depth++)
        {
            html.Append("<blockquote>");
            elements++;
        }
    }

    private void Close()
    {
        if (isOpen)
        {
            WriteLinked(paragraph.ToString());
            html.Append("</div>");
            paragraph.Clear();
            isOpen = false;
        }
    }

    private void WriteLinked(string text)
    {
        var rest = text.AsSpan();
        while (elements < MaxElements && rest.IndexOfAny(Schemes) is >= 0 and var at)
        {
            var length = LinkLength(rest[at..]);
            var isWord = at > 0 && char.IsAsciiLetterOrDigit(rest[at - 1]);
            if (!isWord && length > 0 && Addresses.Link(rest.Slice(at, length).ToString()) is { } address)
            {
                WriteEscaped(rest[..at], html);
                html.Append("<a href=\"");
                WriteEscaped(address, html);
                html.Append("\" target=\"_blank\" rel=\"noopener noreferrer\">");
                WriteEscaped(rest.Slice(at, length), html);
                html.Append("</a>");
                elements++;
            }
            else
            {
                length = Math.Max(length, 1);
                WriteEscaped(rest[..(at + length)], html);
            }

            rest = rest[(at + length)..];
        }

        WriteEscaped(rest, html);
    }

    // The characters that a URL may have, but not the punctuation of the sentence around them. Letters beyond ASCII end a link: Chinese stands right behind it.
    private static int LinkLength(ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAnyExcept(LinkCharacters);
        var link = text[..(end < 0 ? text.Length : end)];
        var (hasRound, hasSquare) = (link.Contains('('), link.Contains('['));
        while (link is [.., var last] && (".,;:!?'*_~".Contains(last, StringComparison.Ordinal) || (last == ')' && !hasRound) || (last == ']' && !hasSquare)))
        {
            link = link[..^1];
        }

        // A scheme alone is none.
        return link is [.., '/' or ':'] && link.Length <= "https://".Length ? 0 : link.Length;
    }
}
