namespace MailCloud.Messages;

/// <summary>
/// A body as it is shown where only lines can go, in IMAP's BODY[] and in POP3: a part that came as <c>binary</c> and has octets which lines cannot carry
/// (<see cref="BodyPart.BinaryAt"/>) is shown in base64, all else as it stands. Pure, computed from the summary. <c>binary</c> and <c>base64</c> have six
/// letters each, so that headers keep their lengths. Offsets and lengths are octets of the body; "stored" ones of the blob, "shown" ones of what is shown.
/// </summary>
public sealed class BodyLayout
{
    /// <summary>Octets of a body in one line of base64 (RFC 2045 §6.8: at most 76 characters).</summary>
    internal const int OctetsPerLine = 57;

    /// <summary>A line of base64 with its CRLF.</summary>
    internal const int LineLength = 78;

    internal const string BinaryWord = "binary";

    internal static readonly byte[] Base64Word = "base64"u8.ToArray();

    private readonly LayoutPiece[] pieces;

    private BodyLayout(LayoutPiece[] pieces) => this.pieces = pieces;

    /// <summary>True when it is shown as it is stored, as nearly all mail is.</summary>
    public bool IsExact => pieces.Length <= 1;

    /// <summary>Octets as shown.</summary>
    public long Length => pieces.Length == 0 ? 0 : pieces[^1].ShownEnd;

    /// <param name="root">The message's structure.</param>
    /// <param name="length">Octets of the stored body.</param>
    public static BodyLayout Of(BodyPart root, long length)
    {
        var pieces = new List<LayoutPiece>();
        Add(pieces, root);
        AddUntil(pieces, length);
        return new([.. pieces]);
    }

    /// <summary>The body as it stands.</summary>
    public static BodyLayout Stored(long length) => new(length == 0 ? [] : [new(PieceKind.Stored, 0, length, 0, length)]);

    /// <summary>Where a place of the stored body is shown. The place is not within the body of a part that is shown in base64.</summary>
    public long ToShown(long stored)
    {
        if (IsExact)
        {
            return stored;
        }

        var piece = pieces[Find(stored, static piece => piece.StoredEnd)];
        return stored == piece.StoredEnd ? piece.ShownEnd : piece.Shown + (piece.Kind == PieceKind.Base64 ? 0 : stored - piece.Stored);
    }

    /// <summary>A part as BODYSTRUCTURE describes what is shown. Its offsets stay those of the stored body.</summary>
    public BodyPart Describe(BodyPart part)
    {
        if (IsExact)
        {
            return part;
        }

        if (part.BinaryAt is not null)
        {
            return part with { Encoding = "base64", BodyLength = Base64Length(part.BodyLength), Lines = Base64LineEnds(part.BodyLength) };
        }

        return part.Parts.Count == 0 ? part : part with
        {
            BodyLength = ToShown(part.BodyOffset + part.BodyLength) - ToShown(part.BodyOffset),
            Lines = part.Lines == 0 ? 0 : part.Lines + MoreLineEnds(part),
            Parts = [.. part.Parts.Select(Describe)],
        };
    }

    /// <summary>
    /// A forward stream of a range of what is shown. <paramref name="open"/> gives the range of the stored body that it is made of (offset, length); memory does not grow
    /// with either. The stream ends early when the stored one does.
    /// </summary>
    public async ValueTask<Stream> OpenAsync(
        long offset, long length, Func<long, long, CancellationToken, ValueTask<Stream>> open, CancellationToken cancellationToken)
    {
        if (length == 0)
        {
            return Stream.Null;
        }

        if (IsExact)
        {
            return await open(offset, length, cancellationToken).ConfigureAwait(false);
        }

        var first = Find(offset, static piece => piece.ShownEnd - 1);
        var from = pieces[first].StoredFrom(offset);
        var to = pieces[Find(offset + length - 1, static piece => piece.ShownEnd - 1)].StoredUntil(offset + length);
        var stored = await open(from, to - from, cancellationToken).ConfigureAwait(false);
        return new ShownBody(stored, pieces, first, offset, length);
    }

    /// <summary>Octets of base64 in lines, without a line end behind the last.</summary>
    internal static long Base64Length(long octets) => octets == 0 ? 0 : ((octets + 2) / 3 * 4) + (2 * Base64LineEnds(octets));

    private static long Base64LineEnds(long octets) => octets == 0 ? 0 : (octets - 1) / OctetsPerLine;

    private static void Add(List<LayoutPiece> pieces, BodyPart part)
    {
        if (part.BinaryAt is { } word)
        {
            AddUntil(pieces, word);
            AddPiece(pieces, PieceKind.Word, BinaryWord.Length, BinaryWord.Length);
            AddUntil(pieces, part.BodyOffset);
            AddPiece(pieces, PieceKind.Base64, part.BodyLength, Base64Length(part.BodyLength));
        }

        foreach (var child in part.Parts)
        {
            Add(pieces, child);
        }
    }

    private static void AddUntil(List<LayoutPiece> pieces, long end)
    {
        var from = pieces.Count == 0 ? 0 : pieces[^1].StoredEnd;
        if (end > from)
        {
            AddPiece(pieces, PieceKind.Stored, end - from, end - from);
        }
    }

    private static void AddPiece(List<LayoutPiece> pieces, PieceKind kind, long stored, long shown) =>
        pieces.Add(pieces.Count == 0 ? new(kind, 0, stored, 0, shown) : new(kind, pieces[^1].StoredEnd, stored, pieces[^1].ShownEnd, shown));

    private static long MoreLineEnds(BodyPart part) => part.BinaryAt is null ? part.Parts.Sum(MoreLineEnds) : Base64LineEnds(part.BodyLength) - part.Lines;

    // The first piece of which the end is not before the place; the last one for what lies beyond.
    private int Find(long place, Func<LayoutPiece, long> end)
    {
        int low = 0, high = pieces.Length - 1;
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = end(pieces[middle]) < place ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}

internal enum PieceKind
{
    /// <summary>Shown as it is stored.</summary>
    Stored = 0,

    /// <summary>The word <c>binary</c> in a Content-Transfer-Encoding, shown as <c>base64</c>.</summary>
    Word = 1,

    /// <summary>Shown in base64.</summary>
    Base64 = 2,
}

/// <summary>Octets of the stored body and what is shown for them.</summary>
internal readonly record struct LayoutPiece(PieceKind Kind, long Stored, long StoredLength, long Shown, long ShownLength)
{
    public long StoredEnd => Stored + StoredLength;

    public long ShownEnd => Shown + ShownLength;

    /// <summary>From where the stored body must be read to show it from a place of this piece on: base64 line by line, a word as a whole.</summary>
    public long StoredFrom(long shown) => Kind switch
    {
        PieceKind.Stored => Stored + (shown - Shown),
        PieceKind.Word => Stored,
        _ => Stored + ((shown - Shown) / BodyLayout.LineLength * BodyLayout.OctetsPerLine),
    };

    /// <summary>Up to where it must be read to show it up to a place of this piece.</summary>
    public long StoredUntil(long shown) => Kind switch
    {
        PieceKind.Stored => Stored + (shown - Shown),
        PieceKind.Word => StoredEnd,
        _ => Math.Min(StoredEnd, Stored + ((shown - Shown + BodyLayout.LineLength - 1) / BodyLayout.LineLength * BodyLayout.OctetsPerLine)),
    };
}
