using MailCloud.Messages;

namespace MailCloud.MessageView;

/// <summary>Reads the texts of a message, all of them together within <see cref="RenderOptions.MaxOctets"/>.</summary>
internal sealed class PartTextReader(PartSource source, RenderOptions options)
{
    private int remaining = options.MaxOctets;

    public bool WasCut { get; private set; }

    public async Task<string> ReadAsync(BodyPart part, CancellationToken cancellationToken)
    {
        await using var decoded = await PartContent.OpenAsync(part, source, cancellationToken).ConfigureAwait(false);

        // One octet more tells whether it goes on.
        using var octets = new MemoryStream();
        var block = new byte[32 * 1024];
        while (octets.Length <= remaining)
        {
            var wanted = (int)Math.Min(block.Length, remaining + 1 - octets.Length);
            var read = await decoded.ReadAsync(block.AsMemory(0, wanted), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                break;
            }

            octets.Write(block, 0, read);
        }

        var isCut = octets.Length > remaining;
        var length = (int)Math.Min(octets.Length, remaining);
        remaining -= length;
        WasCut |= isCut;
        return TextDecoder.Decode(octets.GetBuffer().AsSpan(0, length), part.Parameter("charset"), options.FallbackCharset, part.Is("text", "html"), isCut);
    }
}
