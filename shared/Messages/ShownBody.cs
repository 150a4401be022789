using System.Buffers.Text;

namespace MailCloud.Messages;

/// <summary>A range of a body as it is shown (<see cref="BodyLayout"/>), made while it is read. Owns the stored stream.</summary>
internal sealed class ShownBody(Stream stored, LayoutPiece[] pieces, int first, long offset, long length) : ForwardStream
{
    private const int LinesAtOnce = 64;

    private readonly byte[] octets = new byte[LinesAtOnce * BodyLayout.OctetsPerLine];
    private readonly byte[] lines = new byte[LinesAtOnce * BodyLayout.LineLength];
    private ReadOnlyMemory<byte> ready;
    private int index = first;
    private long at = offset;
    private long remaining = length;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (remaining == 0 || buffer.IsEmpty)
        {
            return 0;
        }

        while (at == pieces[index].ShownEnd)
        {
            index++;
        }

        var piece = pieces[index];
        var wanted = buffer[..(int)Math.Min(buffer.Length, Math.Min(remaining, piece.ShownEnd - at))];
        var read = piece.Kind == PieceKind.Stored
            ? await stored.ReadAsync(wanted, cancellationToken).ConfigureAwait(false)
            : await TakeReadyAsync(piece, wanted, cancellationToken).ConfigureAwait(false);
        at += read;
        remaining -= read;
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            stored.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<int> TakeReadyAsync(LayoutPiece piece, Memory<byte> wanted, CancellationToken cancellationToken)
    {
        if (ready.IsEmpty)
        {
            ready = piece.Kind == PieceKind.Word
                ? await MakeWordAsync(piece, cancellationToken).ConfigureAwait(false)
                : await MakeLinesAsync(piece, cancellationToken).ConfigureAwait(false);
        }

        var taken = ready[..Math.Min(ready.Length, wanted.Length)];
        taken.CopyTo(wanted);
        ready = ready[taken.Length..];
        return taken.Length;
    }

    private async ValueTask<ReadOnlyMemory<byte>> MakeWordAsync(LayoutPiece piece, CancellationToken cancellationToken)
    {
        var replaced = await stored.ReadAtLeastAsync(octets.AsMemory(0, (int)piece.StoredLength), (int)piece.StoredLength, throwOnEndOfStream: false, cancellationToken)
            .ConfigureAwait(false);
        return replaced < piece.StoredLength ? default : BodyLayout.Base64Word.AsMemory((int)(at - piece.Shown));
    }

    // Nothing when the stored body ends early: then this stream does.
    private async ValueTask<ReadOnlyMemory<byte>> MakeLinesAsync(LayoutPiece piece, CancellationToken cancellationToken)
    {
        var (line, skipped) = Math.DivRem(at - piece.Shown, BodyLayout.LineLength);
        var lastLine = (at + remaining - 1 - piece.Shown) / BodyLayout.LineLength;
        var left = Math.Min(piece.StoredLength, (lastLine + 1) * BodyLayout.OctetsPerLine) - (line * BodyLayout.OctetsPerLine);
        var count = (int)Math.Min(octets.Length, left);
        if (await stored.ReadAtLeastAsync(octets.AsMemory(0, count), count, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) < count)
        {
            return default;
        }

        var isEnd = (line * BodyLayout.OctetsPerLine) + count == piece.StoredLength;
        var made = 0;
        for (var from = 0; from < count; from += BodyLayout.OctetsPerLine)
        {
            Base64.EncodeToUtf8(octets.AsSpan(from, Math.Min(BodyLayout.OctetsPerLine, count - from)), lines.AsSpan(made), out _, out var written);
            made += written;
            if (!isEnd || from + BodyLayout.OctetsPerLine < count)
            {
                "\r\n"u8.CopyTo(lines.AsSpan(made));
                made += 2;
            }
        }

        return lines.AsMemory((int)skipped, made - (int)skipped);
    }
}
