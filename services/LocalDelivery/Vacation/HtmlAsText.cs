using System.Text;
using MimeKit.Text;

namespace MailCloud.LocalDelivery.Vacation;

/// <summary>The text of a response that its owner has given as HTML alone: lines and paragraphs, nothing of its looks.</summary>
internal static class HtmlAsText
{
    private static readonly string[] paragraphs = ["blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"];

    private static readonly string[] lines = ["address", "article", "dd", "div", "dt", "footer", "header", "hr", "li", "section", "tr"];

    /// <summary>Lines end with LF; empty when it shows no text.</summary>
    public static string Convert(string html)
    {
        using var reader = new StringReader(html);
        var tokens = new HtmlTokenizer(reader) { DecodeCharacterReferences = true };
        var text = new StringBuilder();
        var hidden = default(string);
        while (tokens.ReadNextToken(out var token))
        {
            switch (token)
            {
                case HtmlTagToken tag when hidden is not null:
                    hidden = tag.IsEndTag && tag.Name.Equals(hidden, StringComparison.OrdinalIgnoreCase) ? null : hidden;
                    break;
                case HtmlTagToken tag:
                    hidden = AddTag(text, tag.Name.ToLowerInvariant(), tag);
                    break;
                case HtmlDataToken data when hidden is null:
                    AddText(text, data.Data);
                    break;
            }
        }

        return text.ToString().Trim();
    }

    // The element whose content is not shown, if this begins one.
    private static string? AddTag(StringBuilder text, string name, HtmlTagToken tag)
    {
        if (name is "script" or "style" or "title")
        {
            return tag.IsEndTag || tag.IsEmptyElement ? null : name;
        }

        if (name == "br")
        {
            TrimEnd(text);
            text.Append('\n');
        }
        else if (Array.IndexOf(paragraphs, name) >= 0)
        {
            EndLines(text, 2);
        }
        else if (Array.IndexOf(lines, name) >= 0)
        {
            EndLines(text, 1);
        }

        return null;
    }

    private static void AddText(StringBuilder text, string data)
    {
        foreach (var c in data)
        {
            if (!char.IsWhiteSpace(c))
            {
                text.Append(c);
            }
            else if (text.Length > 0 && text[^1] is not (' ' or '\n'))
            {
                text.Append(' ');
            }
        }
    }

    private static void EndLines(StringBuilder text, int wanted)
    {
        TrimEnd(text);
        var ended = 0;
        while (ended < wanted && ended < text.Length && text[^(ended + 1)] == '\n')
        {
            ended++;
        }

        text.Append('\n', text.Length == 0 ? 0 : wanted - ended);
    }

    private static void TrimEnd(StringBuilder text)
    {
        if (text.Length > 0 && text[^1] == ' ')
        {
            text.Length--;
        }
    }
}
