using System.Text;

namespace MailCloud.Messages;

/// <summary>Message-ID (RFC 5322 §3.6.4) as it is compared: without brackets, of bounded length.</summary>
public static class MessageIds
{
    /// <summary>Characters. Real ones have fewer than 100; a line may have 998 (RFC 5322 §2.1.1).</summary>
    public const int MaxLength = 250;

    /// <summary>What stands between the first brackets, or without brackets all of it; white space and control characters left out. Empty when nothing is left.</summary>
    public static string Normalize(string text)
    {
        var start = text.IndexOf('<', StringComparison.Ordinal);
        var end = start < 0 ? -1 : text.IndexOf('>', start);
        var inner = end < 0 ? text.AsSpan(start + 1) : text.AsSpan(start + 1, end - start - 1);
        var kept = new StringBuilder(Math.Min(inner.Length, MaxLength));
        foreach (var c in inner)
        {
            if (kept.Length < MaxLength && !char.IsControl(c) && !char.IsWhiteSpace(c))
            {
                kept.Append(c);
            }
        }

        return kept.ToString();
    }
}
