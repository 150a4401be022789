using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MailCloud.MessageView;
using MailCloud.Web.Jmap.Emails;
using MailCloud.Web.Jmap.Emails.Search;

namespace MailCloud.Web.Jmap.Snippets;

/// <summary>Makes SearchSnippet objects (RFC 8621 §5).</summary>
internal static partial class SnippetBuilder
{
    /// <summary>Octets of a preview (§5).</summary>
    private const int MaxPreview = 255;

    // Decoded octets of each text that are looked at: a match farther on shows no preview.
    private const int MaxOctets = 256 * 1024;

    private const int MaxParts = 20;

    public static async Task<JsonObject> BuildAsync(string id, EmailContent content, SnippetWords words, CancellationToken cancellationToken) => new()
    {
        ["emailId"] = id,
        ["subject"] = words.Subject.Count == 0 ? null : await SubjectAsync(content, words.Subject, cancellationToken).ConfigureAwait(false),
        ["preview"] = words.Body.Count == 0 ? null : await PreviewAsync(content, words.Body, cancellationToken).ConfigureAwait(false),
    };

    private static async Task<string?> SubjectAsync(EmailContent content, IReadOnlyCollection<string> words, CancellationToken cancellationToken)
    {
        var header = await content.HeaderAsync(cancellationToken).ConfigureAwait(false);
        return header.Last("Subject") is { } subject ? MarkedText.Find(HeaderValue.Text(subject.Value.Span), words)?.Whole() : null;
    }

    private static async Task<string?> PreviewAsync(EmailContent content, IReadOnlyCollection<string> words, CancellationToken cancellationToken)
    {
        foreach (var part in content.Root.Leaves().Where(part => part.IsText).Take(MaxParts))
        {
            var text = await TextAsync(content, part, cancellationToken).ConfigureAwait(false);
            if (MarkedText.Find(text, words) is { } found)
            {
                return found.Around(MaxPreview);
            }
        }

        return null;
    }

    private static async Task<string> TextAsync(EmailContent content, EmailPart part, CancellationToken cancellationToken)
    {
        await using var decoded = await DecodedPart.OpenAsync(content, part.Part, cancellationToken).ConfigureAwait(false);
        var octets = new byte[(int)Math.Min(MaxOctets, part.Part.BodyLength + 1)];
        var read = await decoded.ReadAtLeastAsync(octets, octets.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        var isHtml = part.Type == "text/html";
        var text = TextDecoder.Decode(octets.AsSpan(0, read), part.Part.Parameter("charset"), null, isHtml, read == octets.Length);
        return Space().Replace(JmapText.Clean(isHtml ? new HtmlText().Add(text, last: true) : text), " ").Trim();
    }

    [GeneratedRegex(@"[\s\p{Cc}]+")]
    private static partial Regex Space();
}
