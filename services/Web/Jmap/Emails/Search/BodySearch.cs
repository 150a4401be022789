using System.Text;
using MailCloud.MessageView;
using MailCloud.Messages;

namespace MailCloud.Web.Jmap.Emails.Search;

/// <summary>Looks in the decoded text parts of a message, those of attached messages too, piece by piece.</summary>
internal static class BodySearch
{
    /// <summary>Decoded octets of one message that are looked at. Texts of people have some kilobytes; what is longer is a log or a table.</summary>
    private const int MaxOctets = 16 * 1024 * 1024;

    private const int Piece = 16 * 1024;

    public static async ValueTask<bool> FindAsync(EmailContent content, TextSearch search, CancellationToken cancellationToken)
    {
        var left = MaxOctets;

        // Parts nest at most as deep as the parser lets them; a stack of ours is bounded by their number.
        var parts = new Stack<BodyPart>([content.Summary.Structure]);
        while (!search.IsDone && left > 0 && parts.TryPop(out var part))
        {
            if (part.Parts.Count == 0 && part.Type.Equals("text", StringComparison.OrdinalIgnoreCase))
            {
                left -= await ReadAsync(content, part, search, left, cancellationToken).ConfigureAwait(false);
                search.Break();
            }

            foreach (var child in part.Parts.Reverse())
            {
                parts.Push(child);
            }
        }

        return search.IsDone;
    }

    private static async ValueTask<int> ReadAsync(EmailContent content, BodyPart part, TextSearch search, int most, CancellationToken cancellationToken)
    {
        await using var decoded = await DecodedPart.OpenAsync(content, part, cancellationToken).ConfigureAwait(false);
        var octets = new byte[Piece];
        var html = part.Is("text", "html") ? new HtmlText() : null;
        Decoder? decoder = null;
        char[] chars = [];
        for (var total = 0; ;)
        {
            var read = await decoded.ReadAtLeastAsync(octets, octets.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            var last = read < octets.Length;
            if (decoder is null)
            {
                var charset = TextDecoder.CharsetOf(octets.AsSpan(0, read), part.Parameter("charset"), null, html is not null, !last);
                (decoder, chars) = (charset.GetDecoder(), new char[charset.GetMaxCharCount(Piece)]);
            }

            var text = chars.AsSpan(0, decoder.GetChars(octets.AsSpan(0, read), chars, flush: last));
            search.Add(html is null ? text : html.Add(text, last));
            total += read;
            if (last || search.IsDone || total >= most)
            {
                return total;
            }
        }
    }
}
