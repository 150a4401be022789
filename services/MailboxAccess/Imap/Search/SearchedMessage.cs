using System.Text;
using MailCloud.Blobs;
using MailCloud.MailboxAccess.Imap.Fetch;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MimeKit.IO;
using MimeKit.IO.Filters;
using MimeKit.Utils;

namespace MailCloud.MailboxAccess.Imap.Search;

/// <summary>A message as far as a search has read it.</summary>
/// <param name="row">The message; with content once the row alone did not decide.</param>
/// <param name="view">The session's view.</param>
/// <param name="keywords">The mailbox's keywords, by the bits of flag sets.</param>
/// <param name="blobs">Where bodies are.</param>
/// <param name="cancellationToken">Set when the connection is gone.</param>
internal sealed class SearchedMessage(
    FetchedMessage row, MailboxView view, IReadOnlyList<string> keywords, IMessageBlobs blobs, CancellationToken cancellationToken)
{
    // Chars decoded at a time.
    private const int Piece = 8192;

    private byte[]? header;

    public FetchedMessage Row => row;

    public MailboxView View => view;

    public IReadOnlyList<string> Keywords => keywords;

    /// <summary>True once everything cheaper has been tried.</summary>
    public bool MayOpenBody { get; set; }

    /// <summary>Text in the decoded header: in fields of one name, or anywhere.</summary>
    public async ValueTask<bool> HeaderContainsAsync(string? field, string text)
    {
        header ??= await ReadHeaderAsync().ConfigureAwait(false);
        return Contains(header, field, text);
    }

    /// <summary>Text in the decoded text parts, and in the headers of attached messages. A part is read piece by piece.</summary>
    public async ValueTask<bool> BodyContainsAsync(string text)
    {
        var parts = new Stack<BodyPart>([row.Content!.Summary.Structure]);
        while (parts.TryPop(out var part))
        {
            if (part.Type.Equals("text", StringComparison.OrdinalIgnoreCase) && await PartContainsAsync(part, text).ConfigureAwait(false))
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

    private async ValueTask<byte[]> ReadHeaderAsync()
    {
        var octets = new MessageOctets(row, blobs);
        var range = BodySection.WholeHeader.Locate(row.Content!.Summary.Structure, octets.PrefixLength, octets.BodyLength)!.Value;
        var searched = range with { Length = Math.Min(range.Length, MessageOctets.MaxSearchedHeader) };
        return (await octets.ReadAsync(searched, cancellationToken).ConfigureAwait(false)).ToArray();
    }

    private async ValueTask<bool> EmbeddedHeaderContainsAsync(BodyPart embedded, string text)
    {
        var length = (int)Math.Min(embedded.BodyOffset - embedded.HeaderOffset, MessageOctets.MaxSearchedHeader);
        var octets = await blobs.ReadAsync(row.Body.Name, embedded.HeaderOffset, length, cancellationToken).ConfigureAwait(false);
        return Contains(octets.Span, null, text);
    }

    private static bool Contains(ReadOnlySpan<byte> rest, string? field, string text)
    {
        while (HeaderFields.TryTakeField(ref rest, out var name, out var octets))
        {
            if (field is not null && !name.Equals(field, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            var value = field is null ? octets : octets[(octets.IndexOf((byte)':') + 1)..];
            if (Rfc2047.DecodeText(value.ToArray()).Contains(text, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private async ValueTask<bool> PartContainsAsync(BodyPart part, string text)
    {
        if (text.Length == 0)
        {
            return true;
        }

        var body = await blobs.OpenReadAsync(row.Body.Name, part.BodyOffset, part.BodyLength, cancellationToken).ConfigureAwait(false);
        await using var filtered = new FilteredStream(body);
        filtered.Add(DecoderFilter.Create(part.Encoding));
        using var decoded = new StreamReader(filtered, CharsetOf(part), detectEncodingFromByteOrderMarks: false);

        // A match may lie across two pieces: as many chars as it has, less one, are kept.
        var window = new char[Piece + text.Length];
        var kept = 0;
        int read;
        while ((read = await decoded.ReadAsync(window.AsMemory(kept, Piece), cancellationToken).ConfigureAwait(false)) > 0)
        {
            var filled = window.AsSpan(0, kept + read);
            if (filled.Contains(text, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }

            kept = Math.Min(text.Length - 1, filled.Length);
            filled[^kept..].CopyTo(window);
        }

        return false;
    }

    private static Encoding CharsetOf(BodyPart part)
    {
        for (var i = 0; i + 1 < part.Parameters.Count; i += 2)
        {
            if (part.Parameters[i].Equals("charset", StringComparison.OrdinalIgnoreCase))
            {
                return Charsets.TryFind(part.Parameters[i + 1], out var charset) ? charset : Encoding.Latin1;
            }
        }

        // What has no charset is ASCII, and UTF-8 where it is not.
        return Encoding.UTF8;
    }
}
