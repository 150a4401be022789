namespace MailCloud.Cli.Mailboxes;

/// <summary>Line ends of the store, CRLF, and those of files, LF.</summary>
internal static class LineEnds
{
    /// <summary>Each CRLF becomes LF; other octets stay.</summary>
    public static async Task ToFileAsync(Stream from, Stream to, Func<ReadOnlyMemory<byte>, bool>? quote, bool asStored, CancellationToken cancellationToken)
    {
        var lines = new LinePieces(from);
        var heldCr = false;
        for (ReadOnlyMemory<byte> piece; !(piece = await lines.NextAsync(cancellationToken)).IsEmpty;)
        {
            if (lines.Begins && quote?.Invoke(piece) == true)
            {
                await to.WriteAsync(">"u8.ToArray(), cancellationToken);
            }

            if (asStored)
            {
                await to.WriteAsync(piece, cancellationToken);
                continue;
            }

            if (heldCr && piece.Span[0] != '\n')
            {
                await to.WriteAsync("\r"u8.ToArray(), cancellationToken);
            }

            // A piece that ends with CR may be the first half of a line end.
            var ends = piece.Span[^1] == '\n';
            heldCr = piece.Span[^1] == '\r';
            var text = ends ? piece[..^1] : heldCr ? piece[..^1] : piece;
            text = ends && text.Length > 0 && text.Span[^1] == '\r' ? text[..^1] : text;
            await to.WriteAsync(text, cancellationToken);
            if (ends)
            {
                await to.WriteAsync("\n"u8.ToArray(), cancellationToken);
            }
        }

        if (heldCr)
        {
            await to.WriteAsync("\r"u8.ToArray(), cancellationToken);
        }
    }
}

/// <summary>Writes what lines of a file stand for: each LF without a CR gets one.</summary>
internal sealed class StoredLines(Stream to, bool asStored)
{
    private byte last;

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        if (piece.IsEmpty)
        {
            return;
        }

        var before = piece.Length > 1 ? piece.Span[^2] : last;
        last = piece.Span[^1];
        if (asStored || last != '\n' || before == '\r')
        {
            await to.WriteAsync(piece, cancellationToken);
            return;
        }

        await to.WriteAsync(piece[..^1], cancellationToken);
        await to.WriteAsync("\r\n"u8.ToArray(), cancellationToken);
    }
}
