namespace MailCloud.Messages;

/// <summary>
/// Finds the parts of a message (RFC 2045, RFC 2046) with their exact octets, line by line in one pass. MimeKit's MimeReader was looked at first: it keeps
/// neither raw parameters nor raw addresses, both of which BODYSTRUCTURE and ENVELOPE must give as they stand.
/// </summary>
public sealed class MimeScanner
{
    /// <summary>Deeper multiparts and messages are leaves: beyond what any mail program makes, below what recursion over parts can bear.</summary>
    public const int MaxDepth = 100;

    /// <summary>What follows the last part that is told apart belongs to it: bounds the summary.</summary>
    public const int MaxParts = 10_000;

    /// <summary>
    /// Octets of all headers together after which no further part is told apart: bounds the summary too, which keeps of each part's header what BODYSTRUCTURE
    /// shows. A thousand attachments have a fifth of it.
    /// </summary>
    private const int MaxHeadersRead = 1024 * 1024;

    /// <summary>Octets of one part's header that are read for fields; Postfix's header_size_limit is 102,400.</summary>
    private const int MaxHeaderRead = 256 * 1024;

    /// <summary>A longer line is taken in pieces; no header-like or delimiter line is longer (RFC 5322 §2.1.1 allows 998).</summary>
    private const int MaxPiece = 4096;

    private readonly List<MimeNode> open = [new MimeNode { IsMessage = true }];
    private readonly OctetBuffer header = new(MaxHeaderRead);
    private readonly OctetBuffer carry = new(MaxPiece);
    private readonly PreviewText preview = new();

    private bool inHeader = true;
    private bool opaque;
    private bool midLine;
    private bool hasBinary;
    private int parts = 1;
    private int headersRead;
    private long position;
    private long lines;
    private int lastLineEnd;
    private byte lastOctet;
    private byte[]? rootHeader;
    private HeaderFields rootFields = HeaderFields.Empty;

    private MimeNode Top => open[^1];

    /// <summary>Takes the next octets of the message.</summary>
    public void Feed(ReadOnlySpan<byte> block)
    {
        while (!block.IsEmpty)
        {
            var window = block[..Math.Min(block.Length, MaxPiece - carry.Length)];
            var lineEnd = window.IndexOf((byte)'\n');
            var piece = lineEnd < 0 ? window : window[..(lineEnd + 1)];
            block = block[piece.Length..];
            if (lineEnd < 0 && carry.Length + piece.Length < MaxPiece)
            {
                carry.Append(piece);
            }
            else if (carry.Length == 0)
            {
                Take(piece, lineEnd >= 0);
            }
            else
            {
                carry.Append(piece);
                Take(carry.Octets, lineEnd >= 0);
                carry.Clear();
            }
        }
    }

    /// <summary>The message has ended.</summary>
    public MessageSummary Finish()
    {
        if (carry.Length > 0)
        {
            Take(carry.Octets, endsLine: false);
        }

        // Twice when it ends in the header of a message/rfc822 part: the message in it has an empty header.
        while (inHeader)
        {
            EndHeader(position);
        }

        CloseAbove(0, position);
        var root = Top;
        root.Close(position, position, lines);
        hasBinary |= root.IsBinary;
        var structure = root.ToBodyPart();
        return new MessageSummary
        {
            Envelope = rootFields.ToEnvelope(),
            Structure = structure,
            Header = rootHeader,
            ShownLength = hasBinary ? BodyLayout.Of(structure, position).Length : null,
            Preview = preview.ToString(),
            References = rootFields.ThreadIds(),
        };
    }

    /// <summary>Takes a line, or a piece of one that is longer than <see cref="MaxPiece"/>.</summary>
    private void Take(ReadOnlySpan<byte> piece, bool endsLine)
    {
        var begins = position;
        var startsLine = !midLine;
        var isDelimiter = startsLine && !opaque && piece.Length > 2 && piece[0] == '-' && piece[1] == '-' && TakeDelimiter(piece, begins);
        if (!isDelimiter)
        {
            if (inHeader)
            {
                header.Append(piece);
            }
            else
            {
                Top.Capture?.Append(piece);
                Top.BinaryOctets?.Append(piece);
            }
        }

        position += piece.Length;
        midLine = !endsLine;
        if (endsLine)
        {
            lines++;
            var beforeEnd = piece.Length > 1 ? piece[^2] : lastOctet;
            lastLineEnd = beforeEnd == '\r' ? 2 : 1;
            if (!isDelimiter && inHeader && startsLine && piece.Length == (piece[0] == '\r' ? 2 : 1))
            {
                EndHeader(position);
            }
        }

        lastOctet = piece[^1];
        if (isDelimiter && Top.AwaitsPart)
        {
            BeginPart(position);
        }
    }

    /// <summary>RFC 2046 §5.1.1: the line end before a delimiter belongs to the delimiter. An outer delimiter ends the inner parts, finished or not.</summary>
    private bool TakeDelimiter(ReadOnlySpan<byte> line, long begins)
    {
        for (var level = open.Count - 1; level >= 0; level--)
        {
            var node = open[level];
            if (node.Boundary is not { } boundary || !line[2..].StartsWith(boundary))
            {
                continue;
            }

            var rest = line[(2 + boundary.Length)..].TrimEnd(" \t\r\n"u8);
            var closing = rest.SequenceEqual("--"u8);
            if (!rest.IsEmpty && !closing)
            {
                continue;
            }

            var end = Math.Max(begins - lastLineEnd, node.BodyOffset);
            if (inHeader)
            {
                EndHeader(Math.Max(end, Top.HeaderOffset), interrupted: true);
            }

            CloseAbove(level, end);
            node.AwaitsPart = !closing;
            node.Boundary = closing ? null : boundary;
            return true;
        }

        return false;
    }

    private void BeginPart(long offset)
    {
        var parent = Top;
        parent.AwaitsPart = false;
        open.Add(new MimeNode { HeaderOffset = offset, DefaultsToMessage = parent.IsDigest });
        header.Clear();
        inHeader = true;
        opaque = IsLastPart();
    }

    private void EndHeader(long bodyOffset, bool interrupted = false)
    {
        inHeader = false;
        var node = Top;
        var fields = HeaderFields.Parse(header.Octets);
        headersRead += header.Length;
        if (open.Count == 1)
        {
            rootFields = fields;
            rootHeader = header.Total <= MessageSummary.MaxHeader ? header.Octets.ToArray() : null;
        }

        node.BeginBody(fields, bodyOffset, lines, canNest: !interrupted && !opaque && open.Count < MaxDepth);
        if (node.IsLeaf)
        {
            node.BeginLeaf(header.Octets);
        }

        header.Clear();
        if (node.IsEmbedding)
        {
            open.Add(new MimeNode { IsMessage = true, HeaderOffset = bodyOffset });
            inHeader = true;
            opaque = IsLastPart();
        }
        else if (node.IsLeaf)
        {
            node.Capture = preview.Offer(node);
        }
    }

    private bool IsLastPart() => ++parts >= MaxParts || headersRead >= MaxHeadersRead;

    private void CloseAbove(int level, long end)
    {
        var floor = 0L;
        for (; open.Count > level + 1; open.RemoveAt(open.Count - 1))
        {
            var node = Top;
            floor = node.Close(Math.Max(end, floor), position, lines);
            hasBinary |= node.IsBinary;
            open[^2].Children.Add(node.ToBodyPart());
            if (open[^2].IsEmbedding)
            {
                open[^2].EmbeddedEnvelope = node.Fields.ToEnvelope();
            }
        }
    }
}

/// <summary>Octets gathered up to a bound; what is beyond is only counted.</summary>
internal sealed class OctetBuffer(int capacity)
{
    private byte[] octets = new byte[Math.Min(capacity, 1024)];

    public int Length { get; private set; }

    /// <summary>With what was not kept.</summary>
    public long Total { get; private set; }

    public ReadOnlySpan<byte> Octets => octets.AsSpan(0, Length);

    public void Append(ReadOnlySpan<byte> more)
    {
        Total += more.Length;
        var kept = more[..Math.Min(more.Length, capacity - Length)];
        if (Length + kept.Length > octets.Length)
        {
            Array.Resize(ref octets, Math.Min(capacity, Math.Max(octets.Length * 2, Length + kept.Length)));
        }

        kept.CopyTo(octets.AsSpan(Length));
        Length += kept.Length;
    }

    public void Clear()
    {
        Length = 0;
        Total = 0;
    }
}
