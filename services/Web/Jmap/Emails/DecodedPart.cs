using MailCloud.Messages;
using MimeKit.IO;
using MimeKit.IO.Filters;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>Parts with their transfer encoding taken off (RFC 2045 §6).</summary>
internal static class DecodedPart
{
    /// <summary>True when the octets are the part's own: no encoding, or one that nobody knows.</summary>
    public static bool IsIdentity(BodyPart part) => part.Parts.Count > 0 || part.Encoding.ToUpperInvariant() is not ("BASE64" or "QUOTED-PRINTABLE");

    public static bool IsKnown(BodyPart part) => part.Encoding.ToUpperInvariant() is "7BIT" or "8BIT" or "BINARY" or "BASE64" or "QUOTED-PRINTABLE";

    public static async ValueTask<Stream> OpenAsync(EmailContent content, BodyPart part, CancellationToken cancellationToken)
    {
        var body = await content.OpenAsync(part, cancellationToken).ConfigureAwait(false);
        if (IsIdentity(part))
        {
            return body;
        }

        var decoded = new FilteredStream(body);
        decoded.Add(DecoderFilter.Create(part.Encoding));
        return decoded;
    }
}
