using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace MailCloud.Web.Jmap;

/// <summary>Text and times as JSON has them here.</summary>
internal static class JmapText
{
    private static readonly string[] UtcForms = ["yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'"];

    /// <summary>Without NUL (RFC 8621 §4.1.2), and with U+FFFD for half of a surrogate pair (RFC 7493 §2.1 forbids it).</summary>
    public static string Clean(string text)
    {
        if (!text.AsSpan().Contains('\0') && !text.AsSpan().ContainsAnyInRange('\ud800', '\udfff'))
        {
            return text;
        }

        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value != 0)
            {
                clean.Append(rune.ToString());
            }
        }

        return clean.ToString();
    }

    public static JsonArray Array(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)JsonValue.Create(text))]);

    /// <summary>UTCDate (RFC 8620 §1.4): a fraction only where it is not zero.</summary>
    public static string UtcDate(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFF'Z'", CultureInfo.InvariantCulture);

    /// <summary>Date: with the zone that was written.</summary>
    public static string Date(DateTimeOffset time) => time.Offset == TimeSpan.Zero ? UtcDate(time) : time.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFzzz", CultureInfo.InvariantCulture);

    public static bool TryUtcDate(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(text, UtcForms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
}
