using System.Net.Mime;
using System.Text.Json.Nodes;
using MailCloud.Blobs;
using MailCloud.Web.Jmap.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace MailCloud.Web.Jmap.Transfer;

/// <summary><c>POST /jmap/upload/{accountId}</c> (RFC 8620 §6.1): the octets of the request become a blob, piece by piece as they come.</summary>
internal static class UploadResource
{
    public static void Map(IEndpointRouteBuilder jmap) => jmap.MapPost("/jmap/upload/{accountId}", UploadAsync);

    private static async Task<IResult> UploadAsync(HttpContext context, JmapUser user, JmapServices services, RequestTurns turns, string accountId)
    {
        if (accountId != user.AccountKey)
        {
            return Results.Problem("there is no such account", statusCode: StatusCodes.Status404NotFound);
        }

        if (user.IsReadOnly)
        {
            return Results.Problem("the token that was shown may only read", statusCode: StatusCodes.Status403Forbidden);
        }

        var options = services.Options;
        if (context.Request.ContentLength > options.MaxSizeUpload)
        {
            return TooLong(options);
        }

        using var turn = turns.TryEnter(user.Account, "upload", options.MaxConcurrentUpload);
        if (turn is null)
        {
            return (RequestError.Beyond("maxConcurrentUpload", $"an account has {options.MaxConcurrentUpload} uploads under way at most") with { Status = StatusCodes.Status429TooManyRequests }).ToResult();
        }

        try
        {
            return await KeepAsync(context, user, services) is var (id, size) ? JmapJson.Result(Describe(context, user, id, size), StatusCodes.Status201Created) : TooLong(options);
        }
        catch (StorageFullException)
        {
            return Results.Problem("the server has no room for it", statusCode: StatusCodes.Status507InsufficientStorage);
        }
    }

    private static Task<(BlobId Id, long Size)?> KeepAsync(HttpContext context, JmapUser user, JmapServices services)
    {
        // The limit is our own.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        return services.BlobsById.KeepAsync(user.Account, upload => upload.WriteAsync(context.Request.Body, long.MaxValue, context.RequestAborted), context.RequestAborted);
    }

    // The type is whatever the client says (RFC 8620 §6.1); nothing is kept of it, as a download says its own.
    private static JsonObject Describe(HttpContext context, JmapUser user, BlobId id, long size) => new()
    {
        ["accountId"] = user.AccountKey,
        ["blobId"] = id.ToString(),
        ["type"] = context.Request.ContentType is { Length: > 0 } type ? type : MediaTypeNames.Application.Octet,
        ["size"] = size,
    };

    private static IResult TooLong(JmapOptions options) =>
        (RequestError.Beyond("maxSizeUpload", $"an upload has {options.MaxSizeUpload} octets at most") with { Status = StatusCodes.Status413PayloadTooLarge }).ToResult();
}
