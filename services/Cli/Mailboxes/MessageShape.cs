namespace MailCloud.Cli.Mailboxes;

/// <summary>What has to be known of a message's octets so that it is written in a way from which the same octets are read.</summary>
/// <param name="AsStored">Lines that end with LF could not be made what they were: a bare LF, a CR before a CRLF, a CR at the end.</param>
/// <param name="Ended">The last octet is a line end.</param>
/// <param name="HasStatus">Its header has fields such as mbox files keep flags in, or begins within a field.</param>
internal readonly record struct MessageShape(bool AsStored, bool Ended, bool HasStatus)
{
    public static async Task<MessageShape> ScanAsync(Stream message, CancellationToken cancellationToken)
    {
        var lines = new LinePieces(message);
        var (shape, inHeader, first) = (default(MessageShape), true, true);
        var (beforeLast, last) = ((byte)0, (byte)0);
        for (ReadOnlyMemory<byte> piece; !(piece = await lines.NextAsync(cancellationToken)).IsEmpty;)
        {
            if (inHeader && lines.Begins)
            {
                inHeader = !StatusFields.IsEmptyLine(piece.Span);
                shape = shape with { HasStatus = shape.HasStatus || StatusFields.IsOne(piece.Span) || (first && StatusFields.IsContinuation(piece.Span)) };
                first = false;
            }

            var octets = piece.Span;
            var thirdLast = octets.Length switch { 1 => beforeLast, 2 => last, _ => octets[^3] };
            (beforeLast, last) = (octets.Length > 1 ? octets[^2] : last, octets[^1]);
            shape = shape with { AsStored = shape.AsStored || (last == '\n' && (beforeLast != '\r' || thirdLast == '\r')) };
        }

        return shape with { Ended = last == '\n', AsStored = shape.AsStored || last == '\r' };
    }
}
