using System.Globalization;

namespace MailCloud.MailboxAccess.Imap;

/// <summary>Dates of RFC 3501 §9.</summary>
internal static class ImapDate
{
    /// <summary>date-time without its quotes: <c>17-Jul-1996 02:44:25 -0700</c>, the day padded by a space.</summary>
    public static string Format(DateTimeOffset time)
    {
        var offset = time.Offset;
        var sign = offset < TimeSpan.Zero ? '-' : '+';
        return string.Create(
            CultureInfo.InvariantCulture, $"{time.Day,2}-{time:MMM-yyyy HH:mm:ss} {sign}{Math.Abs(offset.Hours):00}{Math.Abs(offset.Minutes):00}");
    }

    /// <summary>date-text: <c>1-Feb-1994</c>, one or two digits of day.</summary>
    public static bool TryParseDate(string text, out DateOnly date) =>
        DateOnly.TryParseExact(text, ["d-MMM-yyyy", "dd-MMM-yyyy"], CultureInfo.InvariantCulture, DateTimeStyles.None, out date);
}
