using MailCloud.MailboxAccess.Bodies;

namespace MailCloud.MailboxAccess.Imap.Fetch;

/// <summary>What a response gives for a section: NIL, a number, or octets: those at hand, then a stream of known length, which it owns.</summary>
internal sealed class SectionValue : IAsyncDisposable
{
    public static readonly SectionValue Nil = new();

    /// <summary>A size; null for all but BINARY.SIZE.</summary>
    public long? Number { get; private init; }

    public ReadOnlyMemory<byte> AtHand { get; private init; }

    public Stream? Rest { get; private init; }

    public long RestLength { get; private init; }

    public static SectionValue Size(long octets) => new() { Number = octets };

    public static SectionValue Octets(ReadOnlyMemory<byte> atHand, Stream? rest = null, long restLength = 0) =>
        new() { AtHand = atHand, Rest = rest, RestLength = restLength };

    public ValueTask DisposeAsync() => Rest?.DisposeAsync() ?? default;

    /// <summary>Writes it behind its name; a decoded section is a literal8 (RFC 3516 §4.2), which may hold NUL.</summary>
    public async ValueTask WriteAsync(ImapWriter writer, SectionForm form, string body, CancellationToken cancellationToken)
    {
        writer.Raw(" "u8);
        if (Number is { } number)
        {
            writer.Number(number);
            return;
        }

        if (this == Nil)
        {
            writer.Raw("NIL"u8);
            return;
        }

        writer.Raw(form == SectionForm.Decoded ? "~"u8 : ""u8);
        writer.LiteralHead(AtHand.Length + RestLength);
        writer.Raw(AtHand.Span);
        if (Rest is not null)
        {
            await CopyAsync(writer, Rest, RestLength, body, cancellationToken).ConfigureAwait(false);
        }
    }

    // Straight from the blob into the connection's buffers; a client that does not read stops the reading here.
    private static async ValueTask CopyAsync(ImapWriter writer, Stream from, long length, string body, CancellationToken cancellationToken)
    {
        while (length > 0)
        {
            var memory = writer.Output.GetMemory(4096);
            var read = await from.ReadAsync(memory[..(int)Math.Min(memory.Length, length)], cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                throw new MessageBrokenException(body);
            }

            writer.Output.Advance(read);
            length -= read;
            await writer.FlushIfFullAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
