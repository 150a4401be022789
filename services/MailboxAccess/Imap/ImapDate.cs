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

    /// <summary>date-time without its quotes, as UTC. A second of 60 is the first of the next minute.</summary>
    public static bool TryParseDateTime(string text, out DateTimeOffset time)
    {
        time = default;
        if (text.Length != 26 || text[11] != ' ' || text[20] != ' ' || text[21] is not ('+' or '-')
            || !DateOnly.TryParseExact(text[0] == ' ' ? text[1..11] : text[..11], [text[0] == ' ' ? "d-MMM-yyyy" : "dd-MMM-yyyy"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            || !TryTwoDigits(text, 12, 23, out var hour) || text[14] != ':' || !TryTwoDigits(text, 15, 59, out var minute) || text[17] != ':'
            || !TryTwoDigits(text, 18, 60, out var second) || !TryTwoDigits(text, 22, 23, out var zoneHour) || !TryTwoDigits(text, 24, 59, out var zoneMinute))
        {
            return false;
        }

        var zone = new TimeSpan(text[21] == '-' ? -zoneHour : zoneHour, text[21] == '-' ? -zoneMinute : zoneMinute, 0);
        var ticks = date.ToDateTime(default).Ticks + new TimeSpan(hour, minute, second).Ticks - zone.Ticks;
        var inRange = ticks >= 0 && ticks <= DateTime.MaxValue.Ticks;
        time = inRange ? new(ticks, TimeSpan.Zero) : default;
        return inRange;
    }

    /// <summary>date-text: <c>1-Feb-1994</c>, one or two digits of day.</summary>
    public static bool TryParseDate(string text, out DateOnly date) =>
        DateOnly.TryParseExact(text, ["d-MMM-yyyy", "dd-MMM-yyyy"], CultureInfo.InvariantCulture, DateTimeStyles.None, out date);

    private static bool TryTwoDigits(string text, int at, int highest, out int number)
    {
        number = ((text[at] - '0') * 10) + text[at + 1] - '0';
        return char.IsAsciiDigit(text[at]) && char.IsAsciiDigit(text[at + 1]) && number <= highest;
    }
}
