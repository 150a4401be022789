using System.Net.Mime;
using MailCloud.Blobs;
using MailCloud.Cluster;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace MailCloud.Web.Jmap.Transfer;

/// <summary>
/// <c>GET /jmap/download/{accountId}/{blobId}/{name}?accept={type}</c> (RFC 8620 §6.2). What strangers have sent comes from the origin of the webmail here: a browser saves it, and never shows or runs it.
/// </summary>
internal static class DownloadResource
{
    /// <summary>A year, as long as caches go: what a blob id stands for never changes.</summary>
    private const string Immutable = "private, immutable, max-age=31536000";

    public static void Map(IEndpointRouteBuilder jmap) => jmap.MapMethods("/jmap/download/{accountId}/{blobId}/{**name}", [HttpMethods.Get, HttpMethods.Head], DownloadAsync);

    private static async Task<IResult> DownloadAsync(HttpContext context, JmapUser user, JmapServices services, string accountId, string blobId, string? name, string? accept)
    {
        try
        {
            // Word for word the same for what is another's and what there is not.
            return accountId == user.AccountKey && await services.BlobsById.FindAsync(user.Account, blobId, context.RequestAborted) is { } blob
                ? Answer(context, blob, name, accept, services.Loggers.CreateLogger("MailCloud.Web.Jmap"))
                : BlobAnswer.NotFound();
        }
        catch (BlobMissingException)
        {
            return BlobAnswer.NotFound();
        }
        catch (GrainUnavailableException)
        {
            return Results.Problem("the mailbox does not answer, try again", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    private static IResult Answer(HttpContext context, FoundBlob blob, string? name, string? accept, ILogger log)
    {
        var headers = context.Response.GetTypedHeaders();
        var tag = new EntityTagHeaderValue($"\"{blob.Id}\"");
        headers.ETag = tag;
        context.Response.Headers.CacheControl = Immutable;
        if (context.Request.GetTypedHeaders().IfNoneMatch.Any(other => other.Compare(tag, useStrongComparison: false)))
        {
            return Results.StatusCode(StatusCodes.Status304NotModified);
        }

        context.Response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        context.Response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
        var disposition = new ContentDispositionHeaderValue("attachment");
        disposition.SetHttpFileName(string.IsNullOrEmpty(name) ? "download" : name);
        headers.ContentDisposition = disposition;
        headers.ContentType = TypeOf(accept);
        if (blob.Size is not { } size)
        {
            return new BlobAnswer(blob, 0, null, log);
        }

        headers.Set(HeaderNames.AcceptRanges, "bytes");
        if (RangeOf(context.Request, tag) is not { } range)
        {
            return new BlobAnswer(blob, 0, size, log);
        }

        var (first, last) = (range.From ?? Math.Max(0, size - range.To!.Value), range.From is null ? size - 1 : Math.Min(range.To ?? (size - 1), size - 1));
        if (first > last)
        {
            headers.ContentRange = new(size);
            return Results.StatusCode(StatusCodes.Status416RangeNotSatisfiable);
        }

        headers.ContentRange = new(first, last, size);
        context.Response.StatusCode = StatusCodes.Status206PartialContent;
        return new BlobAnswer(blob, first, last - first + 1, log);
    }

    // RFC 9110 §14.2: who asks for several ranges may be given all of it.
    private static RangeItemHeaderValue? RangeOf(HttpRequest request, EntityTagHeaderValue tag)
    {
        var headers = request.GetTypedHeaders();
        return headers.Range is { Ranges.Count: 1 } range && range.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase)
            && (headers.IfRange is not { } condition || condition.EntityTag?.Compare(tag, useStrongComparison: true) == true)
                ? range.Ranges.Single()
                : null;
    }

    // What the client asks for (RFC 8620 §6.2) if it is a media type at all.
    private static MediaTypeHeaderValue TypeOf(string? accept)
    {
        var isType = MediaTypeHeaderValue.TryParse(accept, out var type) && !type.MatchesAllTypes && !type.MatchesAllSubTypes;
        var plain = new MediaTypeHeaderValue(isType ? type!.MediaType : MediaTypeNames.Application.Octet);
        if (isType && type!.Charset.HasValue)
        {
            plain.Charset = type.Charset;
        }

        return plain;
    }
}
