using System.Text;

namespace MailCloud.OutboundRelay.Smtp;

/// <summary>A reply of the next host (RFC 5321 §4.2).</summary>
/// <param name="Code">Of its last line (§4.2.1), 200 to 599.</param>
/// <param name="Status">The enhanced status code that it gave (RFC 2034), or X.0.0 of the code's class when it gave none that fits.</param>
/// <param name="Text">What it said beside, its lines joined by spaces: printable, at most <see cref="MaxText"/> characters.</param>
/// <param name="Lines">The lines as they came, without codes: what EHLO's keywords are read from.</param>
internal sealed record RemoteReply(int Code, string Status, string Text, IReadOnlyList<string> Lines)
{
    /// <summary>What is kept for reports and logs. Long explanations of large providers have about 400.</summary>
    public const int MaxText = 1000;

    /// <summary>2 to 5, the first digit of the code.</summary>
    public int Class => Code / 100;

    /// <summary>One line: code, the enhanced status code if the host gave one, text.</summary>
    public override string ToString() => Text.Length == 0 ? $"{Code}" : $"{Code} {Text}";

    /// <summary>Reads <c>ddd-text</c>, <c>ddd text</c> or <c>ddd</c>. False when it is none of these.</summary>
    public static bool TryParseLine(ReadOnlySpan<byte> line, out int code, out bool isLast, out string text)
    {
        (code, isLast, text) = (0, true, "");
        if (line.Length < 3 || line[0] is < (byte)'2' or > (byte)'5' || !char.IsAsciiDigit((char)line[1]) || !char.IsAsciiDigit((char)line[2]))
        {
            return false;
        }

        code = (((line[0] - '0') * 10) + line[1] - '0') * 10 + line[2] - '0';
        if (line.Length == 3)
        {
            return true;
        }

        isLast = line[3] != '-';
        text = Printable(Encoding.UTF8.GetString(line[4..]));
        return line[3] is (byte)' ' or (byte)'-';
    }

    /// <summary>Puts the lines of one reply together.</summary>
    public static RemoteReply Join(int code, IReadOnlyList<string> lines)
    {
        string? status = null;
        var text = new StringBuilder();
        foreach (var line in lines)
        {
            var words = line.Trim();
            var found = EnhancedCode(words, code / 100);
            status ??= found;

            // RFC 2034 §4 repeats it on each line; once is enough in one.
            words = found is not null && text.Length > 0 ? words[found.Length..].TrimStart() : words;
            if (words.Length > 0 && text.Length < MaxText)
            {
                text.Append(text.Length > 0 ? " " : "").Append(words);
            }
        }

        // Half of a surrogate pair is no text.
        text.Length = text.Length <= MaxText ? text.Length : char.IsHighSurrogate(text[MaxText - 1]) ? MaxText - 1 : MaxText;
        return new(code, status ?? $"{code / 100}.0.0", text.ToString(), lines);
    }

    /// <summary><c>class.subject.detail</c> at the start of a text, when its class is that of the code (RFC 2034 §4 demands it).</summary>
    private static string? EnhancedCode(string text, int @class)
    {
        var end = text.IndexOf(' ', StringComparison.Ordinal);
        var word = end < 0 ? text : text[..end];
        var parts = word.Split('.');
        return parts.Length == 3 && parts[0].Length == 1 && parts[0][0] - '0' == @class && IsNumber(parts[1]) && IsNumber(parts[2]) ? word : null;
    }

    private static bool IsNumber(string digits) => digits.Length is > 0 and <= 3 && digits.All(char.IsAsciiDigit);

    /// <summary>What is no text becomes a question mark: replies go into reports, logs and terminals.</summary>
    private static string Printable(string text) =>
        string.Create(text.Length, text, static (to, from) =>
        {
            for (var i = 0; i < from.Length; i++)
            {
                to[i] = char.IsControl(from[i]) || char.GetUnicodeCategory(from[i]) is System.Globalization.UnicodeCategory.Format
                    or System.Globalization.UnicodeCategory.LineSeparator or System.Globalization.UnicodeCategory.ParagraphSeparator
                    ? '?'
                    : from[i];
            }
        });
}
