using System.Text;

namespace MailCloud.Messages;

/// <summary>
/// A subject without what mail programs and lists put around it (RFC 8621 §3, after RFC 5256 §2.1, which knows English only): marks of replies and forwards in many languages, counted or not,
/// <c>[tags]</c> of lists, and differences of case and white space.
/// </summary>
public static class BaseSubject
{
    /// <summary>Chars. Longer marks are none.</summary>
    private const int MaxMark = 24;

    private static readonly HashSet<string> Marks = new(StringComparer.Ordinal)
    {
        "re", "fw", "fwd",

        // German, Dutch, Danish, Norwegian, Swedish, Finnish, Icelandic.
        "aw", "wg", "antw", "antwort", "doorst", "sv", "vs", "vb", "vl", "svar",

        // Italian, Spanish, Portuguese, French, Romanian, Catalan.
        "r", "rif", "i", "rv", "res", "enc", "tr", "réf", "ref",

        // Polish, Czech, Hungarian, Turkish, Greek, Welsh, Vietnamese.
        "odp", "pd", "vá", "továbbítás", "ynt", "ilt", "απ", "πρθ", "σχετ", "atb", "trả lời", "chuyển tiếp",

        // Hebrew, Arabic, Russian, Ukrainian.
        "השב", "הועבר", "رد", "إعادة توجيه", "ответ", "на", "пересл", "отв",

        // Chinese, Japanese, Korean.
        "回复", "答复", "转发", "回覆", "轉寄", "轉發", "返信", "転送", "회신", "전달",
    };

    /// <summary>Characters: the rest of a longer one is not looked at, as marks are taken off one by one, and anybody may send a hundred thousand of them.</summary>
    private const int MaxLength = 1000;

    /// <param name="subject">Decoded.</param>
    public static string Of(string subject)
    {
        var text = Fold(subject.Length <= MaxLength ? subject : subject[..MaxLength]);
        for (var before = -1; before != text.Length;)
        {
            before = text.Length;
            text = WithoutTag(WithoutMark(text));
        }

        return text;
    }

    // White space of any kind, and as much of it as there is, is one space; case goes.
    private static string Fold(string subject)
    {
        var folded = new StringBuilder(subject.Length);
        foreach (var c in subject)
        {
            if (!char.IsWhiteSpace(c))
            {
                folded.Append(char.ToLowerInvariant(c));
            }
            else if (folded.Length > 0 && folded[^1] != ' ')
            {
                folded.Append(' ');
            }
        }

        return folded.ToString().TrimEnd(' ');
    }

    private static string WithoutMark(string text)
    {
        if (text.EndsWith("(fwd)", StringComparison.Ordinal))
        {
            return text[..^5].TrimEnd(' ');
        }

        var colon = text.AsSpan(0, Math.Min(text.Length, MaxMark)).IndexOfAny(':', '：');
        return colon > 0 && Marks.Contains(WithoutCounter(text[..colon].TrimEnd(' '))) ? text[(colon + 1)..].TrimStart(' ') : text;
    }

    // "re[2]", "re(2)", "re^2" and "re 2" are "re".
    private static string WithoutCounter(string mark)
    {
        var open = mark.LastIndexOfAny(['[', '(']);
        if (open > 0 && mark[^1] is ']' or ')' && mark.AsSpan(open + 1, mark.Length - open - 2).Trim().IndexOfAnyExceptInRange('0', '9') < 0)
        {
            return mark[..open].TrimEnd(' ');
        }

        return mark.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9').TrimEnd('^', '*', ' ');
    }

    // A tag alone is the subject.
    private static string WithoutTag(string text)
    {
        var end = text.StartsWith('[') ? text.IndexOf(']', StringComparison.Ordinal) : -1;
        var rest = end < 0 ? "" : text[(end + 1)..].TrimStart(' ');
        return rest.Length == 0 ? text : rest;
    }
}
