using System.IO.Pipelines;
using System.Text;

namespace MailCloud.Wire.Tests;

/// <summary>Octets that arrive in pieces of a given size, then the end.</summary>
internal static class Piped
{
    public static TimedReader Reader(string text, int pieceSize) => new(PipeReader.Create(new Pieces(Encoding.Latin1.GetBytes(text), pieceSize)), TimeProvider.System);

    private sealed class Pieces(byte[] all, int size) : MemoryStream(all)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(size, buffer.Length)], cancellationToken);
    }
}
