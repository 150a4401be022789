using System.Buffers;
using System.Text;
using MailCloud.Wire;

namespace MailCloud.MailboxAccess.Imap;

internal enum CommandStatus
{
    Complete = 0,

    /// <summary>The client closed its side.</summary>
    End = 1,

    /// <summary>A line was too long and has been thrown away.</summary>
    LineTooLong = 2,

    /// <summary>A literal was too large; the session can go on.</summary>
    LiteralTooLarge = 3,

    /// <summary>A literal is so large that it will not be read.</summary>
    Unreadable = 4,
}

/// <summary>
/// Reads one whole command: lines, and the literals that they announce. What was written before is flushed only when there is nothing left
/// to read, so that pipelined commands are answered in few packets.
/// </summary>
internal sealed class ImapCommandReader(TimedReader input, ImapWriter output, ImapOptions options)
{
    private readonly LineReader lines = new(input, options.MaxCommandLength);

    /// <summary>The command without its last CRLF, literals as they came; of a refused one what came before the literal. Valid until the next read.</summary>
    public ReadOnlyMemory<byte> Octets { get; private set; }

    /// <summary>A line that is no command: a response to a continuation request.</summary>
    public async ValueTask<CommandStatus> ReadLineAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        if (!lines.TryRead(out var status))
        {
            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            status = await lines.ReadAsync(limit, cancellationToken).ConfigureAwait(false);
        }

        Octets = lines.Line;
        return status switch
        {
            LineStatus.Complete => CommandStatus.Complete,
            LineStatus.TooLong => CommandStatus.LineTooLong,
            _ => CommandStatus.End,
        };
    }

    public async ValueTask<CommandStatus> ReadAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        var status = await ReadLineAsync(limit, cancellationToken).ConfigureAwait(false);
        if (status != CommandStatus.Complete || !TryLiteral(Octets.Span, out var length, out var waits))
        {
            return status;
        }

        return await ReadLiteralsAsync(length, waits, limit, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<CommandStatus> ReadLiteralsAsync(long length, bool waits, TimeSpan limit, CancellationToken cancellationToken)
    {
        var command = new ArrayBufferWriter<byte>(512);
        command.Write(Octets.Span);
        var tooLarge = false;
        while (true)
        {
            tooLarge |= command.WrittenCount + length > options.MaxCommandLength;
            if (tooLarge && waits)
            {
                // RFC 3501 §4.3: the client sends the literal only when asked to; it is not asked.
                Octets = command.WrittenMemory;
                return CommandStatus.LiteralTooLarge;
            }

            if (tooLarge && length > options.MaxDiscardedLiteral)
            {
                Octets = command.WrittenMemory;
                return CommandStatus.Unreadable;
            }

            if (waits)
            {
                output.Line("+ Ready for the literal");
                await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            }

            await TakeLiteralAsync(command, length, tooLarge, limit, cancellationToken).ConfigureAwait(false);
            var status = await ReadLineAsync(limit, cancellationToken).ConfigureAwait(false);
            var line = Octets;
            Octets = command.WrittenMemory;
            if (status != CommandStatus.Complete)
            {
                return status;
            }

            tooLarge |= command.WrittenCount + line.Length > options.MaxCommandLength;
            if (!tooLarge)
            {
                command.Write(line.Span);
                Octets = command.WrittenMemory;
            }

            if (!TryLiteral(line.Span, out length, out waits))
            {
                return tooLarge ? CommandStatus.LiteralTooLarge : CommandStatus.Complete;
            }
        }
    }

    private async ValueTask TakeLiteralAsync(ArrayBufferWriter<byte> command, long length, bool tooLarge, TimeSpan limit, CancellationToken cancellationToken)
    {
        var pace = new ReadPace(limit, 0);
        if (tooLarge)
        {
            await LiteralReader.SkipAsync(input, length, pace, cancellationToken).ConfigureAwait(false);
            return;
        }

        command.Write("\r\n"u8);
        await LiteralReader.ReadAsync(input, length, pace, (piece, _) => Append(command, piece), cancellationToken).ConfigureAwait(false);
    }

    private static ValueTask Append(ArrayBufferWriter<byte> command, ReadOnlyMemory<byte> piece)
    {
        command.Write(piece.Span);
        return ValueTask.CompletedTask;
    }

    /// <summary>Whether a line ends in <c>{n}</c> or <c>{n+}</c> (RFC 3501 §4.3, RFC 7888 §3).</summary>
    internal static bool TryLiteral(ReadOnlySpan<byte> line, out long length, out bool waits)
    {
        (length, waits) = (0, true);
        if (line.IsEmpty || line[^1] != '}')
        {
            return false;
        }

        var open = line.LastIndexOf((byte)'{');
        if (open < 0)
        {
            return false;
        }

        var digits = line[(open + 1)..^1];
        if (digits.EndsWith("+"u8))
        {
            waits = false;
            digits = digits[..^1];
        }

        return digits.Length is > 0 and <= 10 && digits.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0
            && long.TryParse(Encoding.ASCII.GetString(digits), out length);
    }
}
