using MailCloud.Messages;
using MailCloud.Wire;

namespace MailCloud.OutboundRelay.Smtp;

/// <summary>
/// The octets of a message on their way out. They have CRLF and nothing else for a line end, whatever became of them before: here is the last chance to stop what another host would see two messages in.
/// </summary>
internal sealed class MessageBody : IAsyncDisposable
{
    private readonly Stream content;
    private readonly bool hasLines;
    private LineEndCheck check;

    private MessageBody(Stream content, bool hasLines) => (this.content, this.hasLines) = (content, hasLines);

    /// <exception cref="MessageBodyException">It cannot be had.</exception>
    public static async Task<MessageBody> OpenAsync(OutboundTransaction transaction, CancellationToken cancellationToken)
    {
        try
        {
            return new(await transaction.OpenBody(cancellationToken).ConfigureAwait(false), transaction.Form != BodyType.BinaryMime);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw new MessageBodyException(e);
        }
    }

    /// <summary>Some octets; 0 at the end.</summary>
    /// <exception cref="MessageBodyException">They cannot be had, or have a bare CR or LF.</exception>
    public async Task<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int read;
        try
        {
            read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw new MessageBodyException(e);
        }

        if (hasLines)
        {
            Check(buffer.Span[..read]);
        }

        return read;
    }

    /// <summary>As many octets as the buffer takes; fewer only at the end.</summary>
    /// <exception cref="MessageBodyException">They cannot be had, or have a bare CR or LF.</exception>
    public async Task<int> FillAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var length = 0;
        while (length < buffer.Length && await ReadAsync(buffer[length..], cancellationToken).ConfigureAwait(false) is > 0 and var read)
        {
            length += read;
        }

        return length;
    }

    public ValueTask DisposeAsync() => content.DisposeAsync();

    private void Check(ReadOnlySpan<byte> piece)
    {
        check.Add(piece);
        if (check.FoundBare || (piece.IsEmpty && check.EndsInCr))
        {
            throw new MessageBodyException(new InvalidDataException("the message has a bare CR or LF"));
        }
    }
}

/// <summary>The message cannot be had here; the host is not to blame.</summary>
internal sealed class MessageBodyException(Exception inner) : Exception(inner.Message, inner);
