using System.Globalization;
using System.Text;

namespace MailCloud.MailboxAccess.Imap.Terminals;

/// <summary>A text on its way to an account's sessions.</summary>
/// <param name="text">It may hold anything.</param>
/// <param name="sessions">How many will settle it, at least one.</param>
internal sealed class Notice(string text, int sessions)
{
    private readonly TaskCompletionSource<bool> shown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int open = sessions;

    /// <summary>
    /// The response, with CRLF (RFC 3501 §7.1). Text beyond ASCII is UTF-8, which RFC 9051 §9 has for clients that enabled IMAP4rev2: one that did not reads it or shows the rest,
    /// and nothing else would give it the message.
    /// </summary>
    public byte[] Response { get; } = Encoding.UTF8.GetBytes($"* OK [ALERT] {OneLine(text)}\r\n");

    /// <summary>True once a session has sent it to its client; false once none will.</summary>
    public Task<bool> Shown => shown.Task;

    /// <summary>A session has sent it, or will not.</summary>
    public void Settle(bool isShown)
    {
        if (isShown || Interlocked.Decrement(ref open) == 0)
        {
            shown.TrySetResult(isShown);
        }
    }

    /// <summary>Without what ends a line or makes text look like other text: controls, and formatting but the joiners that scripts and emoji need.</summary>
    private static string OneLine(string text)
    {
        var line = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            switch (Rune.GetUnicodeCategory(rune))
            {
                case UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator:
                    line.Append(' ');
                    break;
                case UnicodeCategory.Format when rune.Value is not (0x200C or 0x200D):
                    break;
                default:
                    line.Append(rune.ToString());
                    break;
            }
        }

        return line.ToString();
    }
}
