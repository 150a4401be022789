using MailCloud.MailboxAccess.Bodies;
using MailCloud.Messages;

namespace MailCloud.MailboxAccess.Pop3.Retrieval;

/// <summary>
/// A message's header and the first lines of its body (RFC 1939 §7, TOP). It reads in pieces, and no further than to the piece in which the last line ends; a header that the
/// mailbox keeps costs no read of the body.
/// </summary>
internal sealed class TopStream : ForwardStream
{
    // Guessed from the usual 78 octets of a line (RFC 5322 §2.1.1); a wrong guess costs another read, or some octets too many.
    private const int LineLength = 80;
    private const int MinPiece = 4 * 1024;

    private readonly MessageOctets octets;
    private ReadOnlyMemory<byte> ready;
    private long next;
    private long linesLeft;

    private TopStream(MessageOctets octets, long lines) => (this.octets, linesLeft) = (octets, lines);

    /// <summary>What is sent first has been read: what is missing shows before the reply begins.</summary>
    public static async ValueTask<TopStream> OpenAsync(MessageOctets octets, long lines, CancellationToken cancellationToken)
    {
        var top = new TopStream(octets, lines);
        await top.ReadFirstAsync(cancellationToken).ConfigureAwait(false);
        return top;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (ready.IsEmpty)
        {
            await ReadPieceAsync(cancellationToken).ConfigureAwait(false);
        }

        var taken = ready[..Math.Min(ready.Length, buffer.Length)];
        taken.CopyTo(buffer);
        ready = ready[taken.Length..];
        return taken.Length;
    }

    // The header may be at hand when the body is gone: then the reply must not begin either.
    private async ValueTask ReadFirstAsync(CancellationToken cancellationToken)
    {
        await ReadPieceAsync(cancellationToken).ConfigureAwait(false);
        if (linesLeft > 0 && next == octets.Head.Length)
        {
            var header = ready;
            await ReadPieceAsync(cancellationToken).ConfigureAwait(false);
            var both = new byte[header.Length + ready.Length];
            header.CopyTo(both);
            ready.CopyTo(both.AsMemory(header.Length));
            ready = both;
        }
    }

    // Nothing when all is read.
    private async ValueTask ReadPieceAsync(CancellationToken cancellationToken)
    {
        var inHeader = next < octets.Head.Length;
        var left = (inHeader ? octets.Head.Length : linesLeft == 0 ? next : octets.Whole.Length) - next;
        var wanted = inHeader ? MessageOctets.OnePiece : Math.Clamp(linesLeft * LineLength, MinPiece, MessageOctets.OnePiece);
        var piece = await octets.ReadAsync(new(next, Math.Min(left, wanted)), cancellationToken).ConfigureAwait(false);
        ready = inHeader ? piece : UntilLastLine(piece);
        next += piece.Length;
    }

    private ReadOnlyMemory<byte> UntilLastLine(ReadOnlyMemory<byte> piece)
    {
        var used = 0;
        while (linesLeft > 0)
        {
            var end = piece.Span[used..].IndexOf((byte)'\n');
            if (end < 0)
            {
                return piece;
            }

            used += end + 1;
            linesLeft--;
        }

        return piece[..used];
    }
}
