namespace MailCloud.Cli.Mailboxes;

/// <summary>A stream's lines, each with its LF; a line that is longer than the buffer comes in pieces. Memory is the buffer, whatever the file's size.</summary>
internal sealed class LinePieces(Stream stream)
{
    private readonly byte[] buffer = new byte[64 * 1024];
    private int start;
    private int end;
    private bool within;

    /// <summary>Octets before the piece that <see cref="NextAsync"/> returned last.</summary>
    public long Offset { get; private set; }

    /// <summary>The piece begins a line.</summary>
    public bool Begins { get; private set; }

    private long Position { get; set; }

    /// <summary>The next piece, valid until the next call; empty at the end.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> NextAsync(CancellationToken cancellationToken)
    {
        int lineEnd;
        while ((lineEnd = buffer.AsSpan(start, end - start).IndexOf((byte)'\n')) < 0 && !(start == 0 && end == buffer.Length))
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
            var read = await stream.ReadAsync(buffer.AsMemory(end), cancellationToken);
            if (read == 0)
            {
                break;
            }

            end += read;
        }

        var length = lineEnd >= 0 ? lineEnd + 1 : end - start;
        var piece = buffer.AsMemory(start, length);
        (Offset, Begins) = (Position, !within);
        (start, Position, within) = (start + length, Position + length, length > 0 && lineEnd < 0);
        return piece;
    }
}
