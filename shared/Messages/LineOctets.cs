namespace MailCloud.Messages;

/// <summary>
/// Watches a part's body for octets that lines cannot carry: NUL, and CR or LF alone (RFC 2045 §2.9). The line end before a delimiter is not the body's, so
/// that an LF alone at the end counts only when the body goes on or the message ends with it.
/// </summary>
internal sealed class LineOctets
{
    private bool afterCr;
    private bool afterBareLf;

    /// <summary>True when there was such an octet.</summary>
    public bool Found { get; private set; }

    public void Append(ReadOnlySpan<byte> piece)
    {
        if (Found || piece.IsEmpty)
        {
            return;
        }

        Found = afterBareLf || (afterCr && piece[0] != '\n') || piece.Contains((byte)0);
        var rest = afterCr && piece[0] == '\n' ? piece[1..] : piece;
        (afterCr, afterBareLf) = (false, false);
        while (!Found)
        {
            var at = rest.IndexOfAny((byte)'\r', (byte)'\n');
            if (at < 0)
            {
                return;
            }

            // Every CRLF is passed over as a whole: an LF that is met is alone.
            var isLast = at == rest.Length - 1;
            if (isLast)
            {
                (afterCr, afterBareLf) = (rest[at] == '\r', rest[at] == '\n');
                return;
            }

            Found = rest[at] == '\n' || rest[at + 1] != '\n';
            rest = rest[(at + 2)..];
        }
    }

    /// <summary>The body ends here: with the message, so that what came last is its own, or before the line end of a delimiter.</summary>
    public void End(bool atDelimiter) => Found |= !atDelimiter && (afterBareLf || afterCr);
}
