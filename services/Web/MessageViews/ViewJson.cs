using System.Text.Json;
using MailCloud.MessageView;
using MailCloud.Web.Jmap;
using Microsoft.AspNetCore.Http;

namespace MailCloud.Web.MessageViews;

/// <summary>The same for the webmail, which has the fragment in a page of its own making, and says beside it what is attached and what was left out.</summary>
internal static class ViewJson
{
    public static IResult Write(HttpContext context, FoundMessage message, RenderedMessage rendered)
    {
        ViewHeaders.Set(context.Response, ViewHeaders.Nothing);
        return Results.Json(new View(
            rendered.Html,
            rendered.Text,
            rendered.RemoteCount,
            rendered.RemoteHosts,
            rendered.Attachments.Select(attached => new Attachment(
                attached.Part, new BlobId(BlobKind.Part, message.Email, attached.Part).ToString(), attached.Name, attached.Type, attached.Size, attached.ContentId)),
            rendered.Notes.Select(note => JsonNamingPolicy.CamelCase.ConvertName(note.ToString()))));
    }

    private sealed record View(string Html, string? Text, int RemoteCount, IReadOnlyList<string> RemoteHosts, IEnumerable<Attachment> Attachments, IEnumerable<string> Notes);

    private sealed record Attachment(string Part, string BlobId, string? Name, string Type, long Size, string? ContentId);
}
