using System.Buffers;

namespace MailCloud.Messages;

/// <summary>Makes the summary of a message.</summary>
public static class MessageParser
{
    private const int BlockSize = 32 * 1024;

    /// <summary>
    /// Reads the message to its end, never holding more than one part's header and the beginning of the first text, and never fails on what it reads:
    /// what makes no sense as MIME becomes one text/plain or application/octet-stream part with the envelope that could be read.
    /// </summary>
    /// <exception cref="MessageParserException">It failed all the same, by an error of its own. Those of the stream come as they are.</exception>
    public static async Task<MessageSummary> SummariseAsync(Stream body, CancellationToken cancellationToken)
    {
        var scanner = new MimeScanner();
        var block = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            MessageSummary? summary;
            do
            {
                var read = await body.ReadAsync(block.AsMemory(0, BlockSize), cancellationToken).ConfigureAwait(false);
                summary = Scan(scanner, block.AsSpan(0, read));
            }
            while (summary is null);
            return summary;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    // No octets are the end.
    private static MessageSummary? Scan(MimeScanner scanner, ReadOnlySpan<byte> octets)
    {
        try
        {
            if (octets.IsEmpty)
            {
                return scanner.Finish();
            }

            scanner.Feed(octets);
            return null;
        }
        catch (Exception e)
        {
            throw new MessageParserException(e);
        }
    }
}

/// <summary>The parser failed, whatever the message: an error of the program.</summary>
public sealed class MessageParserException(Exception inner) : Exception("the message could not be parsed", inner);
