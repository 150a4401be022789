using System.Buffers;
using MailCloud.Messages;

namespace MailCloud.OutboundRelay.Content;

/// <summary>How a line ended.</summary>
internal enum LineEnd
{
    /// <summary>It goes on, or the message ends in it.</summary>
    None = 0,
    CrLf = 1,

    /// <summary>CR alone, which RFC 5321 §2.3.8 forbids.</summary>
    Cr = 2,

    /// <summary>LF alone, which it forbids too.</summary>
    Lf = 3,
}

/// <summary>
/// Walks over a message entity by entity and line by line, the same way each time, so that what one walk finds out another can act on. It cuts parts by the rules of <see cref="MimeScanner"/>,
/// but for two things: it knows no greatest number of parts, and CR, LF and CRLF each end a line (but in a part that says it is binary), since that is what they become on their way.
/// Memory does not grow with the message: a header field of at most 256 kB, and a piece of a line.
/// </summary>
internal abstract class MimeWalk
{
    /// <summary>A longer line comes in pieces; no line that delimits parts is longer.</summary>
    public const int MaxPiece = 4096;

    /// <summary>A longer header field is passed on line by line, and nothing can be encoded in it. Two thousand addresses have a third of it.</summary>
    private const int MaxField = 256 * 1024;

    private readonly List<MimePart> open = [];
    private readonly ArrayBufferWriter<byte> field = new(1024);
    private bool fieldIsLong;
    private bool inHeader;
    private bool midLine;
    private int ordinal;

    // The end of the last line of a body: its own, or that of the delimiter after it (RFC 2046 §5.1.1).
    private LineEnd held;

    /// <summary>True when the message has ended without a line end.</summary>
    protected bool EndsWithinLine => midLine;

    private MimePart Top => open[^1];

    /// <summary>
    /// Takes octets from the front of <paramref name="data"/> and returns how many; the rest, fewer than a piece and a line end, is to come again with more behind it.
    /// When <paramref name="isEnd"/> says that nothing more comes, it takes all.
    /// </summary>
    public int Consume(ReadOnlySpan<byte> data, bool isEnd)
    {
        if (ordinal == 0)
        {
            Begin(null, isMessage: true);
        }

        var at = 0;
        while (at < data.Length && TryCut(data[at..], isEnd, out var length, out var end))
        {
            var next = at + length + LengthOf(end);
            Take(data.Slice(at, length), end, isLast: isEnd && next == data.Length);
            at = next;
        }

        if (isEnd)
        {
            Finish();
        }

        return at;
    }

    protected static int LengthOf(LineEnd end) => end switch
    {
        LineEnd.None => 0,
        LineEnd.CrLf => 2,
        _ => 1,
    };

    protected static ReadOnlySpan<byte> OctetsOf(LineEnd end) => end switch
    {
        LineEnd.None => [],
        LineEnd.CrLf => "\r\n"u8,
        LineEnd.Cr => "\r"u8,
        _ => "\n"u8,
    };

    /// <summary>An entity begins; its header is next.</summary>
    protected virtual void PartBegins(MimePart part)
    {
    }

    /// <summary>A header field in lines with CRLF, or a line that is none.</summary>
    protected abstract void Field(MimePart part, ReadOnlySpan<byte> octets);

    /// <summary>A piece of a field that is too long to be taken as one, its line ends as CRLF.</summary>
    protected abstract void FieldPiece(MimePart part, ReadOnlySpan<byte> octets);

    /// <summary>A line of a header or a delimiter did not end with CRLF.</summary>
    protected virtual void LineEndMended()
    {
    }

    /// <summary>A header has ended: with an empty line, or without one, by a delimiter or by the message's end.</summary>
    protected abstract void HeaderEnds(MimePart part, bool hasEmptyLine);

    /// <summary>Octets of a body; of a multipart's, what is no part's.</summary>
    protected abstract void Content(MimePart part, ReadOnlySpan<byte> text);

    /// <summary>A line end that belongs to the body.</summary>
    protected abstract void ContentLineEnds(MimePart part, LineEnd end);

    /// <summary>An entity has ended, with all that is in it.</summary>
    protected abstract void PartEnds(MimePart part);

    /// <summary>A line that delimits parts.</summary>
    /// <param name="multipart">Whose parts they are.</param>
    /// <param name="line">Without its end.</param>
    /// <param name="hasOwnLineEnd">The line end before it belongs to it, and is not written yet.</param>
    protected abstract void Delimiter(MimePart multipart, ReadOnlySpan<byte> line, bool hasOwnLineEnd);

    protected abstract void MessageEnds();

    // A line, or a piece of a long one; false when more octets must decide.
    private bool TryCut(ReadOnlySpan<byte> rest, bool isEnd, out int length, out LineEnd end)
    {
        var window = rest[..Math.Min(rest.Length, MaxPiece)];
        var isBinary = !inHeader && Top.IsBinary;
        var at = isBinary ? window.IndexOf((byte)'\n') : window.IndexOfAny((byte)'\r', (byte)'\n');
        (length, end) = (at, LineEnd.Lf);
        if (at < 0)
        {
            // A CR at the end of a piece waits for the LF that may follow.
            (length, end) = (isEnd && rest.Length <= MaxPiece ? rest.Length : window[^1] == '\r' ? window.Length - 1 : window.Length, LineEnd.None);
            return isEnd || rest.Length >= MaxPiece;
        }

        if (isBinary)
        {
            (length, end) = at > 0 && rest[at - 1] == '\r' ? (at - 1, LineEnd.CrLf) : (at, LineEnd.Lf);
        }
        else if (rest[at] == '\r')
        {
            end = at + 1 < rest.Length && rest[at + 1] == '\n' ? LineEnd.CrLf : LineEnd.Cr;
            return isEnd || at + 1 < rest.Length;
        }

        return true;
    }

    private void Take(ReadOnlySpan<byte> text, LineEnd end, bool isLast)
    {
        var startsLine = !midLine;
        midLine = end == LineEnd.None;
        if (startsLine && (!midLine || isLast) && text.StartsWith("--"u8) && TakeDelimiter(text, end))
        {
            return;
        }

        if (inHeader)
        {
            TakeHeader(text, end, startsLine);
            return;
        }

        ReleaseLineEnd();
        if (!text.IsEmpty)
        {
            Content(Top, text);
        }

        held = end;
    }

    private void TakeHeader(ReadOnlySpan<byte> text, LineEnd end, bool startsLine)
    {
        if (end is LineEnd.Cr or LineEnd.Lf)
        {
            LineEndMended();
        }

        if (startsLine && (text.IsEmpty || text[0] is not ((byte)' ' or (byte)'\t')))
        {
            EndField();
        }

        if (startsLine && text.IsEmpty)
        {
            EndHeader(hasEmptyLine: true, canNest: true);
            return;
        }

        field.Write(text);
        if (end != LineEnd.None)
        {
            field.Write("\r\n"u8);
        }

        if (fieldIsLong || field.WrittenCount > MaxField)
        {
            fieldIsLong = true;
            FieldPiece(Top, field.WrittenSpan);
            field.ResetWrittenCount();
        }
    }

    private void EndField()
    {
        if (field.WrittenCount > 0)
        {
            Top.Read(field.WrittenSpan);
            Field(Top, field.WrittenSpan);
            field.ResetWrittenCount();
        }

        fieldIsLong = false;
    }

    private void EndHeader(bool hasEmptyLine, bool canNest)
    {
        inHeader = false;
        var part = Top;
        part.BeginBody(canNest && open.Count < MimeScanner.MaxDepth);
        HeaderEnds(part, hasEmptyLine);
        if (part.IsEmbedding)
        {
            Begin(part, isMessage: true);
        }
    }

    private void Begin(MimePart? parent, bool isMessage)
    {
        var part = new MimePart { Ordinal = ordinal++, Parent = parent, IsMessage = isMessage, IsSigned = parent is { IsSigned: true } or { IsMultipartSigned: true } };
        open.Add(part);
        inHeader = true;
        PartBegins(part);
    }

    // RFC 2046 §5.1.2: an outer delimiter ends the inner parts, finished or not.
    private bool TakeDelimiter(ReadOnlySpan<byte> line, LineEnd end)
    {
        for (var level = open.Count - 1; level >= 0; level--)
        {
            var multipart = open[level];
            if (multipart.Boundary is not { } boundary || !line[2..].StartsWith(boundary))
            {
                continue;
            }

            var rest = line[(2 + boundary.Length)..].TrimEnd(" \t"u8);
            var isClosing = rest.SequenceEqual("--"u8);
            if (!rest.IsEmpty && !isClosing)
            {
                continue;
            }

            EndInner(level);
            if (end is LineEnd.Cr or LineEnd.Lf || held is LineEnd.Cr or LineEnd.Lf)
            {
                LineEndMended();
            }

            Delimiter(multipart, line, hasOwnLineEnd: held != LineEnd.None);
            held = LineEnd.None;
            if (isClosing)
            {
                multipart.Boundary = null;
            }
            else
            {
                multipart.Children++;
                Begin(multipart, isMessage: false);
            }

            return true;
        }

        return false;
    }

    private void EndInner(int level)
    {
        if (inHeader)
        {
            EndField();
            EndHeader(hasEmptyLine: false, canNest: false);
        }

        for (; open.Count > level + 1; open.RemoveAt(open.Count - 1))
        {
            PartEnds(Top);
        }
    }

    private void ReleaseLineEnd()
    {
        if (held != LineEnd.None)
        {
            ContentLineEnds(Top, held);
            held = LineEnd.None;
        }
    }

    private void Finish()
    {
        // Twice when it ends in the header of a message/rfc822 part: the message in it has an empty header.
        while (inHeader)
        {
            EndField();
            EndHeader(hasEmptyLine: false, canNest: true);
        }

        ReleaseLineEnd();
        EndInner(-1);
        MessageEnds();
    }
}
