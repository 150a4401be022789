using System.Globalization;
using MailCloud.MailboxContracts;

namespace MailCloud.Web.Jmap;

/// <summary>States of mailboxes, threads and Emails as text (RFC 8620 §5.1): <c>123</c>, or <c>123-guid</c> where an answer of changes was cut within one modseq.</summary>
internal static class JmapState
{
    public static string Text(long modSeq) => modSeq.ToString(CultureInfo.InvariantCulture);

    public static string Text(EmailState state) => state.UpTo is { } upTo ? $"{Text(state.ModSeq)}-{upTo:N}" : Text(state.ModSeq);

    public static bool TryParse(string text, out EmailState state)
    {
        state = default;
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (!TryParse(dash < 0 ? text : text[..dash], out long modSeq))
        {
            return false;
        }

        if (dash < 0)
        {
            state = new(modSeq);
            return true;
        }

        var isWhole = Guid.TryParseExact(text.AsSpan(dash + 1), "N", out var upTo);
        state = new(modSeq, upTo);
        return isWhole;
    }

    public static bool TryParse(string text, out long modSeq) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out modSeq);
}
