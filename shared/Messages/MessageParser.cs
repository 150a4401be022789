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
            int read;
            while ((read = await body.ReadAsync(block.AsMemory(0, BlockSize), cancellationToken).ConfigureAwait(false)) > 0)
            {
                Feed(scanner, block.AsSpan(0, read));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }

        return Finish(scanner);
    }

    private static void Feed(MimeScanner scanner, ReadOnlySpan<byte> octets)
    {
        try
        {
            scanner.Feed(octets);
        }
        catch (Exception e)
        {
            throw new MessageParserException(e);
        }
    }

    private static MessageSummary Finish(MimeScanner scanner)
    {
        try
        {
            return scanner.Finish();
        }
        catch (Exception e)
        {
            throw new MessageParserException(e);
        }
    }
}

/// <summary>The parser failed, whatever the message: an error of the program.</summary>
public sealed class MessageParserException(Exception inner) : Exception("the message could not be parsed", inner);
