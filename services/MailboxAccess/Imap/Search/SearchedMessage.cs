using MailCloud.Blobs;
using MailCloud.MailboxAccess.Bodies;
using MailCloud.MailboxAccess.Imap.Fetch;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MimeKit.IO;
using MimeKit.IO.Filters;

namespace MailCloud.MailboxAccess.Imap.Search;

/// <summary>A message as far as a search has read it.</summary>
/// <param name="uid">Its UID.</param>
/// <param name="row">Null when only the view is asked; with content once the row alone did not decide.</param>
/// <param name="view">The session's view.</param>
/// <param name="keywords">The mailbox's keywords, by the bits of flag sets.</param>
/// <param name="bodies">Where bodies are.</param>
/// <param name="cancellationToken">Set when the connection is gone.</param>
internal sealed class SearchedMessage(
    uint uid, FetchedMessage? row, MailboxView view, IReadOnlyList<string> keywords, BodyReader bodies, CancellationToken cancellationToken)
{
    // Octets of a header that are looked at.
    private const int MaxHeader = 1024 * 1024;

    // Octets of a body that are decoded at a time.
    private const int Piece = 8192;

    private ReadOnlyMemory<byte>? header;

    public uint Uid => uid;

    public FetchedMessage? Row => row;

    public MailboxView View => view;

    public IReadOnlyList<string> Keywords => keywords;

    /// <summary>True once everything cheaper has been tried.</summary>
    public bool MayOpenBody { get; set; }

    private BodyPart Root => row!.Content!.Summary.Structure;

    /// <summary>Text in the decoded header: in fields of one name, or anywhere.</summary>
    public async ValueTask<bool> HeaderContainsAsync(string? field, SearchText text)
    {
        header ??= await ReadHeaderAsync().ConfigureAwait(false);
        return Contains(header.Value.Span, field, text);
    }

    /// <summary>Text in the decoded text parts, and in the headers of attached messages. A part is read piece by piece.</summary>
    public async ValueTask<bool> BodyContainsAsync(SearchText text)
    {
        if (text.IsEmpty)
        {
            return true;
        }

        // Parts nest at most as deep as the parser lets them; a stack of ours is bounded by their number.
        var parts = new Stack<BodyPart>([Root]);
        while (parts.TryPop(out var part))
        {
            if (IsText(part) && await PartContainsAsync(part, text).ConfigureAwait(false))
            {
                return true;
            }

            if (BodySection.IsMessage(part) && await EmbeddedHeaderContainsAsync(part.Parts[0], text).ConfigureAwait(false))
            {
                return true;
            }

            foreach (var child in part.Parts.Reverse())
            {
                parts.Push(child);
            }
        }

        return false;
    }

    private static bool IsText(BodyPart part) => part.Parts.Count == 0 && part.Type.Equals("text", StringComparison.OrdinalIgnoreCase);

    private async ValueTask<ReadOnlyMemory<byte>> ReadHeaderAsync()
    {
        var octets = MessageOctets.Stored(row!, bodies);
        var range = octets.Find(BodySection.WholeHeader)!.Value;
        return await octets.ReadAsync(range with { Length = Math.Min(range.Length, MaxHeader) }, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<bool> EmbeddedHeaderContainsAsync(BodyPart embedded, SearchText text)
    {
        var length = (int)Math.Min(embedded.BodyOffset - embedded.HeaderOffset, MaxHeader);
        if (length == 0)
        {
            return false;
        }

        var octets = await bodies.ReadAsync(row!.Body.Name, embedded.HeaderOffset, length, cancellationToken).ConfigureAwait(false);
        return Contains(octets.Span, null, text);
    }

    private static bool Contains(ReadOnlySpan<byte> rest, string? field, SearchText text)
    {
        while (Fetch.HeaderFields.TryTakeField(ref rest, out var name, out var octets))
        {
            if (field is not null && !name.Equals(field, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            var value = field is null ? octets : octets[(octets.IndexOf((byte)':') + 1)..];
            if (text.IsEmpty || text.IsIn(HeaderDecoder.Decode(value)))
            {
                return true;
            }
        }

        return false;
    }

    private async ValueTask<bool> PartContainsAsync(BodyPart part, SearchText text)
    {
        var body = await bodies.OpenAsync(row!.Body.Name, part.BodyOffset, part.BodyLength, cancellationToken).ConfigureAwait(false);
        await using var decoded = new FilteredStream(body);
        if (part.Encoding.ToUpperInvariant() is "BASE64" or "QUOTED-PRINTABLE")
        {
            decoded.Add(DecoderFilter.Create(part.Encoding));
        }

        var window = text.Begin();
        var octets = new byte[Piece];
        System.Text.Decoder? decoder = null;
        char[] chars = [];
        while (true)
        {
            var read = await decoded.ReadAtLeastAsync(octets, octets.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            if (decoder is null)
            {
                var charset = Charsets.Of(CharsetOf(part), octets.AsSpan(0, read), mayBeCut: read == octets.Length);
                (decoder, chars) = (charset.GetDecoder(), new char[charset.GetMaxCharCount(Piece)]);
            }

            var last = read < octets.Length;
            if (window.Add(chars.AsSpan(0, decoder.GetChars(octets.AsSpan(0, read), chars, flush: last)), last))
            {
                return true;
            }

            if (last)
            {
                return false;
            }
        }
    }

    private static string? CharsetOf(BodyPart part)
    {
        for (var i = 0; i + 1 < part.Parameters.Count; i += 2)
        {
            if (part.Parameters[i].Equals("charset", StringComparison.OrdinalIgnoreCase))
            {
                return part.Parameters[i + 1];
            }
        }

        return null;
    }
}
