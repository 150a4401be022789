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

/// <summary>A literal that a line has announced and that has not been read.</summary>
/// <param name="Length">Octets.</param>
/// <param name="Waits">The client sends it only when asked to (RFC 3501 §4.3).</param>
internal readonly record struct AnnouncedLiteral(long Length, bool Waits);

/// <summary>
/// Reads one whole command: lines, and the literals that they announce. A message of APPEND is not read with the command but left
/// <see cref="Pending"/> for the verb, which takes it piece by piece. What was written before is flushed only when there is nothing left to read, so that
/// pipelined commands are answered in few packets.
/// </summary>
internal sealed class ImapCommandReader(TimedReader input, ImapWriter output, ImapOptions options)
{
    private static ReadOnlySpan<byte> AppendVerb => "APPEND "u8;

    private readonly LineReader lines = new(input, options.MaxCommandLength);

    /// <summary>The command without its last CRLF, literals as they came; of a refused one what came before the literal. Valid until the next read.</summary>
    public ReadOnlyMemory<byte> Octets { get; private set; }

    /// <summary>The literal that <see cref="Octets"/> ends before; null when the command is whole.</summary>
    public AnnouncedLiteral? Pending { get; private set; }

    /// <summary>A line that is no command: a response to a continuation request.</summary>
    public ValueTask<CommandStatus> ReadLineAsync(TimeSpan limit, CancellationToken cancellationToken) => ReadLineAsync(limit, cancellationToken, cancellationToken);

    /// <param name="limit">For the line.</param>
    /// <param name="whileIdle">For the wait for it, not for what is sent before.</param>
    /// <param name="cancellationToken">For all of it.</param>
    private async ValueTask<CommandStatus> ReadLineAsync(TimeSpan limit, CancellationToken whileIdle, CancellationToken cancellationToken)
    {
        if (!lines.TryRead(out var status))
        {
            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            status = await lines.ReadAsync(limit, whileIdle).ConfigureAwait(false);
        }
        else
        {
            // Who sends commands faster than they are answered must take the answers too.
            await output.FlushIfFullAsync(cancellationToken).ConfigureAwait(false);
        }

        Octets = lines.Line;
        return status switch
        {
            LineStatus.Complete => CommandStatus.Complete,
            LineStatus.TooLong => CommandStatus.LineTooLong,
            _ => CommandStatus.End,
        };
    }

    /// <param name="limit">For the command.</param>
    /// <param name="whileIdle">For the wait for its first line, which the end of the process ends.</param>
    /// <param name="cancellationToken">For all of it.</param>
    public async ValueTask<CommandStatus> ReadAsync(TimeSpan limit, CancellationToken whileIdle, CancellationToken cancellationToken)
    {
        Pending = null;
        var status = await ReadLineAsync(limit, whileIdle, cancellationToken).ConfigureAwait(false);
        if (status != CommandStatus.Complete || !TryLiteral(Octets.Span, out var literal) || IsLeftPending(Octets.Span, literal))
        {
            return status;
        }

        return await ReadLiteralsAsync(literal, limit, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Reads the pending literal into the sink, and the line after it into <see cref="Octets"/>; that line may announce the next one.
    /// </summary>
    /// <exception cref="EndOfStreamException">The client closed its side before.</exception>
    public async ValueTask<CommandStatus> ReadPendingAsync(PieceSink sink, TimeSpan limit, CancellationToken cancellationToken)
    {
        var literal = Pending ?? throw new InvalidOperationException("no literal is pending");
        Pending = null;
        await AskForAsync(literal, cancellationToken).ConfigureAwait(false);
        await LiteralReader.ReadAsync(input, literal.Length, Pace(limit), sink, cancellationToken).ConfigureAwait(false);
        return await ReadRestAsync(limit, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Reads and throws away what is left of a command that the verb gave up: literals that come unasked, and the lines after them. False when these are
    /// more than <paramref name="bound"/> octets, which nobody will read (RFC 7888 §4).
    /// </summary>
    public async ValueTask<bool> DiscardPendingAsync(long bound, TimeSpan limit, CancellationToken cancellationToken)
    {
        while (Pending is { Waits: false } literal)
        {
            bound -= literal.Length;
            if (bound < 0)
            {
                return false;
            }

            Pending = null;
            await output.FlushAsync(cancellationToken).ConfigureAwait(false);
            await LiteralReader.SkipAsync(input, literal.Length, Pace(limit), cancellationToken).ConfigureAwait(false);
            await ReadRestAsync(limit, cancellationToken).ConfigureAwait(false);
        }

        // RFC 3501 §4.3: one that waits is not asked for, and so the command has ended.
        Pending = null;
        return true;
    }

    private async ValueTask<CommandStatus> ReadRestAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        var status = await ReadLineAsync(limit, cancellationToken).ConfigureAwait(false);
        Pending = status == CommandStatus.Complete && TryLiteral(Octets.Span, out var next) ? next : null;
        return status;
    }

    // A message of APPEND may be large and must not stand in memory. Its mailbox name may be a literal too: that one comes right after the verb.
    private bool IsLeftPending(ReadOnlySpan<byte> command, AnnouncedLiteral literal)
    {
        var arguments = command[(command.IndexOf((byte)' ') + 1)..];
        if (arguments.Length < AppendVerb.Length || !Ascii.EqualsIgnoreCase(arguments[..AppendVerb.Length], AppendVerb)
            || command.LastIndexOf((byte)'{') == command.Length - arguments.Length + AppendVerb.Length)
        {
            return false;
        }

        Pending = literal;
        return true;
    }

    private ValueTask AskForAsync(AnnouncedLiteral literal, CancellationToken cancellationToken)
    {
        if (literal.Waits)
        {
            output.Line("+ Ready for the literal");
        }

        return output.FlushAsync(cancellationToken);
    }

    private ReadPace Pace(TimeSpan limit) => new(limit, options.MinDataRate);

    private async ValueTask<CommandStatus> ReadLiteralsAsync(AnnouncedLiteral literal, TimeSpan limit, CancellationToken cancellationToken)
    {
        // The limit is that of the whole command: one of 64 kB may have thousands of literals.
        var deadline = input.DeadlineAfter(limit);
        var command = new ArrayBufferWriter<byte>(512);
        command.Write(Octets.Span);
        var tooLarge = false;
        while (true)
        {
            tooLarge |= command.WrittenCount + literal.Length > options.MaxCommandLength;
            if (tooLarge && literal.Waits)
            {
                // RFC 3501 §4.3: the client sends the literal only when asked to; it is not asked.
                Octets = command.WrittenMemory;
                return CommandStatus.LiteralTooLarge;
            }

            if (tooLarge && literal.Length > options.MaxDiscardedLiteral)
            {
                Octets = command.WrittenMemory;
                return CommandStatus.Unreadable;
            }

            await AskForAsync(literal, cancellationToken).ConfigureAwait(false);
            await TakeLiteralAsync(command, literal.Length, tooLarge, input.Until(deadline), cancellationToken).ConfigureAwait(false);
            var status = await ReadLineAsync(input.Until(deadline), cancellationToken).ConfigureAwait(false);
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

            if (!TryLiteral(line.Span, out literal))
            {
                return tooLarge ? CommandStatus.LiteralTooLarge : CommandStatus.Complete;
            }

            if (!tooLarge && IsLeftPending(Octets.Span, literal))
            {
                return CommandStatus.Complete;
            }
        }
    }

    private async ValueTask TakeLiteralAsync(ArrayBufferWriter<byte> command, long length, bool tooLarge, TimeSpan limit, CancellationToken cancellationToken)
    {
        var pace = Pace(limit);
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
    internal static bool TryLiteral(ReadOnlySpan<byte> line, out AnnouncedLiteral literal)
    {
        literal = default;
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
        var waits = !digits.EndsWith("+"u8);
        if (!waits)
        {
            digits = digits[..^1];
        }

        if (digits.Length is 0 or > 10 || digits.ContainsAnyExceptInRange((byte)'0', (byte)'9')
            || !long.TryParse(Encoding.ASCII.GetString(digits), out var length))
        {
            return false;
        }

        literal = new(length, waits);
        return true;
    }
}
