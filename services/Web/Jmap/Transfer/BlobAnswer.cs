using MailCloud.Blobs;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Net.Http.Headers;

namespace MailCloud.Web.Jmap.Transfer;

/// <summary>
/// The octets of a blob as an answer. What has gone since it was found, as a message that is expunged just now, is not there: 404 as long as nothing was sent. After that the connection breaks off,
/// so that nobody takes what came for all of it.
/// </summary>
internal sealed class BlobAnswer(FoundBlob blob, long offset, long? length, ILogger log) : IResult
{
    private const int Piece = 64 * 1024;

    public static IResult NotFound() => Results.Problem("there is no such blob", statusCode: StatusCodes.Status404NotFound);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentLength = length;
        if (HttpMethods.IsHead(httpContext.Request.Method))
        {
            return;
        }

        try
        {
            await SendAsync(response, httpContext.RequestAborted);
        }
        catch (BlobMissingException) when (!response.HasStarted)
        {
            Forget(response);
            await NotFound().ExecuteAsync(httpContext);
        }
        catch (Exception e) when (response.HasStarted && !httpContext.RequestAborted.IsCancellationRequested)
        {
            log.DownloadBroke(blob.Id.ToString(), e);
            httpContext.Abort();
        }
    }

    private async Task SendAsync(HttpResponse response, CancellationToken cancellationToken)
    {
        await using var stream = await blob.OpenAsync(offset, cancellationToken);
        var piece = new byte[Piece];
        for (var left = length ?? long.MaxValue; left > 0;)
        {
            // The first piece is read before anything is sent: stores tell of a missing blob when it is opened, or when it is read.
            var read = await stream.ReadAsync(piece.AsMemory(0, (int)Math.Min(piece.Length, left)), cancellationToken);
            if (read == 0)
            {
                if (length is not null)
                {
                    throw new BlobMissingException($"{blob.Id}, of which {left} octets are missing");
                }

                break;
            }

            await response.Body.WriteAsync(piece.AsMemory(0, read), cancellationToken);
            left -= read;
        }
    }

    // What was said of the octets is not said of their absence, which lasts for nobody's cache.
    private static void Forget(HttpResponse response)
    {
        foreach (var name in (string[])
            [
                HeaderNames.ETag, HeaderNames.ContentLength, HeaderNames.ContentRange, HeaderNames.ContentDisposition, HeaderNames.AcceptRanges, HeaderNames.ContentSecurityPolicy,
                "Cross-Origin-Resource-Policy",
            ])
        {
            response.Headers.Remove(name);
        }

        response.Headers.CacheControl = "no-cache, no-store, must-revalidate";
    }
}
