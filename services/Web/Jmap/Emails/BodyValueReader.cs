using System.Text;
using System.Text.Json.Nodes;
using MailCloud.MessageView;
using MailCloud.Messages;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>Texts of parts as EmailBodyValue (RFC 8621 §4.1.4), those of one call together within <see cref="MaxOfCall"/>.</summary>
/// <param name="maxBytes">What the client takes of each, octets of UTF-8; 0: all.</param>
internal sealed class BodyValueReader(long maxBytes)
{
    /// <summary>Decoded octets of one text. The view cuts at 2 MiB; longer texts are logs, which the blob gives whole.</summary>
    public const int MaxOfPart = 5 * 1024 * 1024;

    /// <summary>Of all texts of a call: its response is made in memory.</summary>
    public const int MaxOfCall = 32 * 1024 * 1024;

    // Octets from which the charset is guessed, whatever the client takes.
    private const int MinRead = 64 * 1024;

    // UTF-16 and UTF-32 have up to four octets where UTF-8 has one, and a CRLF becomes an LF.
    private const int OctetsPerByte = 8;

    private int remaining = MaxOfCall;

    public async Task<JsonObject> ReadAsync(EmailContent content, EmailPart part, CancellationToken cancellationToken)
    {
        var most = Math.Min(remaining, MaxOfPart);
        var wanted = maxBytes == 0 ? most : (int)Math.Min(most, Math.Max(MinRead, OctetsPerByte * Math.Min(maxBytes, MaxOfPart)));

        // One octet more tells whether it goes on.
        var octets = new byte[(int)Math.Min(wanted + 1, (2 * part.Part.BodyLength) + 1)];
        await using var decoded = await DecodedPart.OpenAsync(content, part.Part, cancellationToken).ConfigureAwait(false);
        var read = await decoded.ReadAtLeastAsync(octets, octets.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        var length = Math.Min(read, wanted);
        remaining -= length;
        return Make(octets.AsSpan(0, length), part, read > wanted, maxBytes);
    }

    /// <param name="octets">Decoded ones.</param>
    /// <param name="part">Whose they are.</param>
    /// <param name="isCut">The text goes on.</param>
    /// <param name="maxBytes">As above.</param>
    public static JsonObject Make(ReadOnlySpan<byte> octets, EmailPart part, bool isCut, long maxBytes)
    {
        var label = part.Part.Parameter("charset");
        var isHtml = part.Type == "text/html";
        var text = TextDecoder.Decode(octets, label, null, isHtml, isCut);
        text = isCut ? text.TrimEnd('\ufffd') : text;
        var isProblem = text.Contains('\ufffd', StringComparison.Ordinal) || IsGuessed(octets, label) || !DecodedPart.IsKnown(part.Part);
        text = JmapText.Clean(text.Replace("\r\n", "\n", StringComparison.Ordinal));
        var value = maxBytes == 0 && !isCut ? text : Shorten(text, maxBytes, isHtml, isCut);
        return new()
        {
            ["value"] = value,
            ["isEncodingProblem"] = isProblem,
            ["isTruncated"] = isCut || value.Length < text.Length,
        };
    }

    /// <summary>At most so many octets of UTF-8, cut between characters and not within a tag.</summary>
    private static string Shorten(string text, long maxBytes, bool isHtml, bool isCut)
    {
        var (length, bytes) = (0, 0L);
        foreach (var rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (maxBytes > 0 && bytes > maxBytes)
            {
                break;
            }

            length += rune.Utf16SequenceLength;
        }

        var shortened = text[..length];
        if (isHtml && (isCut || length < text.Length))
        {
            var tag = shortened.LastIndexOf('<');
            return tag >= 0 && shortened.IndexOf('>', tag) < 0 ? shortened[..tag] : shortened;
        }

        return shortened;
    }

    private static bool IsGuessed(ReadOnlySpan<byte> octets, string? label) =>
        label is not null && (!Charsets.TryFind(label, out var charset) || (charset.CodePage == Encoding.ASCII.CodePage && !Ascii.IsValid(octets)));
}
