using System.Collections.Concurrent;
using MailCloud.Messages;

namespace MailCloud.Web.Jmap.Emails;

/// <summary>
/// How many octets parts have once decoded. Of base64 and quoted-printable nothing but decoding tells: such a part is read once, as a stream, and the number is remembered.
/// </summary>
internal sealed class PartSizes
{
    /// <summary>About 200 octets each.</summary>
    private const int Max = 50_000;

    private readonly ConcurrentDictionary<(string Name, long Offset), long> known = new();

    public async ValueTask<long> OfAsync(EmailContent content, BodyPart part, CancellationToken cancellationToken)
    {
        if (DecodedPart.IsIdentity(part))
        {
            return part.BodyLength;
        }

        var key = (content.Name, part.BodyOffset);
        if (!known.TryGetValue(key, out var size))
        {
            size = await CountAsync(content, part, cancellationToken).ConfigureAwait(false);
            if (known.Count >= Max)
            {
                // All of them: which are still of use nobody knows, and each is found again by one reading.
                known.Clear();
            }

            known[key] = size;
        }

        return size;
    }

    private static async Task<long> CountAsync(EmailContent content, BodyPart part, CancellationToken cancellationToken)
    {
        await using var decoded = await DecodedPart.OpenAsync(content, part, cancellationToken).ConfigureAwait(false);
        var block = new byte[32 * 1024];
        var size = 0L;
        for (int read; (read = await decoded.ReadAsync(block, cancellationToken).ConfigureAwait(false)) > 0;)
        {
            size += read;
        }

        return size;
    }
}
