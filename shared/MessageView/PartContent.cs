using MailCloud.Messages;
using MimeKit.IO;
using MimeKit.IO.Filters;

namespace MailCloud.MessageView;

/// <summary>The octets of a part without its transfer encoding.</summary>
public static class PartContent
{
    /// <summary>A forward stream; disposing it disposes what the source gave.</summary>
    public static async ValueTask<Stream> OpenAsync(BodyPart part, PartSource source, CancellationToken cancellationToken)
    {
        if (part.BodyLength == 0)
        {
            return Stream.Null;
        }

        var decoded = new FilteredStream(await source(part.BodyOffset, part.BodyLength, cancellationToken).ConfigureAwait(false));
        if (part.Encoding.ToUpperInvariant() is "BASE64" or "QUOTED-PRINTABLE")
        {
            decoded.Add(DecoderFilter.Create(part.Encoding));
        }

        return decoded;
    }
}
