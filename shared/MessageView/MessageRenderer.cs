using System.Text;
using MailCloud.Messages;
using MailCloud.MessageView.Html;
using MimeKit.IO;

namespace MailCloud.MessageView;

/// <summary>Makes of a message what a browser may show.</summary>
public static class MessageRenderer
{
    /// <summary>Reads the whole message once to learn its structure. Who has its summary hands that in instead.</summary>
    /// <param name="message">Can seek; not closed here.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Between reads.</param>
    public static async Task<RenderedMessage> RenderAsync(Stream message, RenderOptions options, CancellationToken cancellationToken)
    {
        message.Position = 0;
        var summary = await MessageParser.SummariseAsync(message, cancellationToken).ConfigureAwait(false);
        return await RenderAsync(
            summary.Structure,
            (offset, length, _) => new(new BoundStream(message, offset, offset + length, leaveOpen: true)),
            options,
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads only the parts that are shown.</summary>
    public static async Task<RenderedMessage> RenderAsync(BodyPart structure, PartSource source, RenderOptions options, CancellationToken cancellationToken)
    {
        var content = MessageContent.Of(structure);
        var reader = new PartTextReader(source, options);
        var embedded = new EmbeddedParts(content.Others, options.PartUrl);
        var remote = new RemoteContent(options.AllowRemote);
        var notes = new SortedSet<ViewNote>(content.Notes);
        var html = new StringBuilder();
        var isWhole = true;
        string? text = null;
        foreach (var body in content.Bodies)
        {
            var read = await reader.ReadAsync(body.Part, cancellationToken).ConfigureAwait(false);
            if (body == content.Plain)
            {
                text = read;
            }

            if (body.Part.Is("text", "html"))
            {
                var rendered = HtmlBody.Render(read, embedded, remote);
                html.Append("<div>").Append(rendered.Html).Append("</div>");
                isWhole &= rendered.IsWhole;
            }
            else
            {
                isWhole &= PlainText.Write(read, PlainTextFormat.Of(body.Part), html);
            }
        }

        // A plain text that is only offered has an allowance of its own, and what is cut of it is not missed.
        notes.UnionWith(reader.WasCut ? [ViewNote.TextCut] : []);
        notes.UnionWith(isWhole ? [] : [ViewNote.MarkupLeftOut]);
        if (text is null && content.Plain is { } plain)
        {
            text = await new PartTextReader(source, options).ReadAsync(plain.Part, cancellationToken).ConfigureAwait(false);
        }

        return new()
        {
            Html = html.ToString(),
            Text = text,
            RemoteCount = remote.Count,
            RemoteHosts = remote.Hosts,
            Inline = embedded.Shown,
            Attachments = [.. content.Others.Where(other => !embedded.IsShown(other) || other.Part.IsAttachment()).Select(PartNames.Describe)],
            Notes = [.. notes],
        };
    }
}
