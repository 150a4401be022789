using MailCloud.MessageView;
using MailCloud.Messages;
using MailCloud.Web.Admin;
using Microsoft.AspNetCore.Http;

namespace MailCloud.Web.MessageViews;

/// <summary>An image of a message, streamed: as what its octets are, whatever the message calls it, and only if they are of an image.</summary>
internal static class PartImage
{
    public static async Task<IResult> WriteAsync(HttpContext context, BodyPart part, PartSource source)
    {
        await using var content = await PartContent.OpenAsync(part, source, context.RequestAborted);
        var start = new byte[ShownImages.SignatureLength];
        var length = await content.ReadAtLeastAsync(start, start.Length, throwOnEndOfStream: false, context.RequestAborted);
        if (ShownImages.TypeOf(start.AsSpan(0, length)) is not { } type)
        {
            return None();
        }

        ViewHeaders.Set(context.Response, ViewHeaders.Nothing);
        context.Response.ContentType = type;
        await context.Response.Body.WriteAsync(start.AsMemory(0, length), context.RequestAborted);
        await content.CopyToAsync(context.Response.Body, context.RequestAborted);
        return Results.Empty;
    }

    public static IResult None() => Problem.NotFound("the message shows no image of this id");
}
