using System.Text.RegularExpressions;

namespace MailCloud.MessageView;

/// <summary>Addresses as they stand in HTML, read as browsers do: space around them and line ends within them do not count (WHATWG URL §4.4).</summary>
internal static partial class Addresses
{
    // Chars. Links that carry what they track get long; more is no address.
    private const int MaxLength = 8 * 1024;

    private static readonly char[] SpaceAndControls = [.. Enumerable.Range(0, 0x21).Select(c => (char)c)];

    /// <summary>A link's address when it is one of http, https and mailto; null otherwise.</summary>
    public static string? Link(string value)
    {
        var address = Clean(value);
        return address is not null && address.StartsWith("mailto:", StringComparison.OrdinalIgnoreCase)
            ? "mailto:" + address["mailto:".Length..]
            : address is null || address.StartsWith("//", StringComparison.Ordinal) ? null : Absolute(address)?.AbsoluteUri;
    }

    /// <summary>The address of something on another host; null when it is none.</summary>
    public static Uri? Remote(string value)
    {
        var address = Clean(value);
        return address is null ? null : Absolute(address.StartsWith("//", StringComparison.Ordinal) ? "https:" + address : address);
    }

    /// <summary>An image that stands in its own address, of a type that browsers show without running anything; null otherwise.</summary>
    public static string? ImageData(string value) => ImageDataForm().IsMatch(value) ? "data:" + value.Trim()["data:".Length..] : null;

    private static Uri? Absolute(string address) =>
        (address.StartsWith("http:", StringComparison.OrdinalIgnoreCase) || address.StartsWith("https:", StringComparison.OrdinalIgnoreCase))
        && Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.Host.Length > 0
            ? uri
            : null;

    private static string? Clean(string value)
    {
        if (value.Length > MaxLength)
        {
            return null;
        }

        var address = value.Trim(SpaceAndControls)
            .Replace("\t", "", StringComparison.Ordinal).Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal);
        return address.Any(char.IsControl) ? null : address;
    }

    [GeneratedRegex(@"^\s*data:image/(?:png|jpe?g|gif|webp|bmp);base64,[A-Za-z0-9+/=\s]*$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ImageDataForm();
}
