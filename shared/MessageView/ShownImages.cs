using System.Globalization;
using MailCloud.Messages;

namespace MailCloud.MessageView;

/// <summary>The images of a message that its view may ask for, for whoever serves <see cref="RenderOptions.PartUrl"/>.</summary>
public static class ShownImages
{
    /// <summary>Octets that <see cref="TypeOf"/> looks at (https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern).</summary>
    public const int SignatureLength = 14;

    private static ReadOnlySpan<byte> Png => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a];

    private static ReadOnlySpan<byte> Jpeg => [0xff, 0xd8, 0xff];

    /// <summary>The part with this id; null when the message has none, or it is no image as a view has them.</summary>
    public static BodyPart? Find(BodyPart root, string id)
    {
        // As MessageContent numbers them: what is within an attached message is no part of this one's view.
        if (!root.IsMultipart())
        {
            return id == "1" && MayBeShown(root) ? root : null;
        }

        var part = root;
        foreach (var number in id.Split('.'))
        {
            if (!part.IsMultipart() || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var place) || place < 1 || place > part.Parts.Count)
            {
                return null;
            }

            part = part.Parts[place - 1];
        }

        return MayBeShown(part) ? part : null;
    }

    /// <summary>What an image is by its first octets, whatever its sender calls it; null when it is none of those that browsers decode without running anything of them.</summary>
    public static string? TypeOf(ReadOnlySpan<byte> start) =>
        start.StartsWith(Png) ? "image/png"
        : start.StartsWith(Jpeg) ? "image/jpeg"
        : start.StartsWith("GIF87a"u8) || start.StartsWith("GIF89a"u8) ? "image/gif"
        : start.Length >= SignatureLength && start.StartsWith("RIFF"u8) && start[8..].StartsWith("WEBPVP"u8) ? "image/webp"
        : start.StartsWith("BM"u8) ? "image/bmp"
        : null;

    // SVG is a document with scripts, of which this library sees nothing. Some clients know no type for the images they send.
    internal static bool MayBeShown(BodyPart part) =>
        (part.Type.Equals("image", StringComparison.OrdinalIgnoreCase) && !part.Subtype.StartsWith("svg", StringComparison.OrdinalIgnoreCase)) || part.Is("application", "octet-stream");
}
