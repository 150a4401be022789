using System.Globalization;
using MailCloud.Blobs;
using MailCloud.Cluster;
using MailCloud.MessageView;
using MailCloud.Web.Admin;
using MailCloud.Web.Jmap;
using MailCloud.Web.Jmap.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.MessageViews;

/// <summary>
/// <c>GET /mail/{accountId}/{emailId}/view?remote=0|1</c>, a message as a page for a sandboxed frame, or as JSON for who asks for that; and <c>GET /mail/{accountId}/{emailId}/part/{id}</c>, the images that
/// it shows of itself. Ids are those of JMAP.
/// </summary>
internal static class MessageViewPages
{
    /// <summary>Seconds: a few renderings take as long.</summary>
    private const int RetryAfter = 5;

    public static void Map(IEndpointRouteBuilder http)
    {
        var mail = http.MapGroup("/mail/{accountId}/{emailId}").WithMetadata(NeedsJmapUser.Instance);
        mail.MapGet("/view", (JmapUser user, string accountId, string emailId, string? remote, HttpContext context, MessageLookup lookup, Renderings renderings) =>
            AnswerAsync(user, accountId, emailId, context, lookup, message => ViewAsync(message, remote, context, lookup, renderings)));
        mail.MapGet("/part/{id}", (JmapUser user, string accountId, string emailId, string id, HttpContext context, MessageLookup lookup) =>
            AnswerAsync(user, accountId, emailId, context, lookup, message => PartAsync(message, id, context, lookup)));
    }

    private static async Task<IResult> AnswerAsync(JmapUser user, string accountId, string emailId, HttpContext context, MessageLookup lookup, Func<FoundMessage, Task<IResult>> answer)
    {
        try
        {
            return await lookup.FindAsync(user, accountId, emailId, context.RequestAborted) is { } message ? await answer(message) : NoMessage();
        }
        catch (BlobMissingException)
        {
            // Expunged since it was found.
            return NoMessage();
        }
        catch (GrainUnavailableException)
        {
            return Problem.Unavailable("the mailbox does not answer, try again");
        }
    }

    private static async Task<IResult> ViewAsync(FoundMessage message, string? remote, HttpContext context, MessageLookup lookup, Renderings renderings)
    {
        if (remote is not (null or "0" or "1"))
        {
            return Problem.BadRequest("remote is 0 or 1");
        }

        var options = new RenderOptions { PartUrl = id => $"{message.Path}/part/{id}", AllowRemote = remote == "1" };
        var rendered = await renderings.RunAsync(message.Account, ct => MessageRenderer.RenderAsync(message.Structure, lookup.SourceOf(message), options, ct), context.RequestAborted);
        return rendered is null ? Busy(context)
            : ViewPage.WantsJson(context.Request) ? ViewJson.Write(context, message, rendered)
            : ViewPage.Write(context, message, rendered, options.AllowRemote);
    }

    private static async Task<IResult> PartAsync(FoundMessage message, string id, HttpContext context, MessageLookup lookup) =>
        ShownImages.Find(message.Structure, id) is { } part ? await PartImage.WriteAsync(context, part, lookup.SourceOf(message)) : PartImage.None();

    private static IResult NoMessage() => Problem.NotFound("there is no such message");

    private static IResult Busy(HttpContext context)
    {
        context.Response.Headers.RetryAfter = RetryAfter.ToString(CultureInfo.InvariantCulture);
        return Problem.Unavailable("too many messages are being shown, try again");
    }
}
