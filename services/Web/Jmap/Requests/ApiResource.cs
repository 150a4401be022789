using System.Buffers;
using System.Net.Mime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace MailCloud.Web.Jmap.Requests;

/// <summary><c>POST /jmap/api</c> (RFC 8620 §3.1).</summary>
internal static class ApiResource
{
    private const int Piece = 16 * 1024;

    /// <summary>Of the longest answer the last octet is read within the hour; a slow phone is faster.</summary>
    private static readonly MinDataRate slowest = new(bytesPerSecond: 16_000, gracePeriod: TimeSpan.FromSeconds(30));

    public static void Map(IEndpointRouteBuilder jmap) => jmap.MapPost("/jmap/api", RunAsync);

    private static async Task<IResult> RunAsync(HttpContext context, JmapUser user, RequestRunner runner, RequestTurns turns, JmapOptions options)
    {
        // Before anything is read: what an account sends at a time is in memory.
        if (turns.TryEnter(user.Account, "body", options.MaxConcurrentRequests) is not { } turn)
        {
            return RequestRunner.TooMany(options).Error!.ToResult();
        }

        // So is the answer, until the client has read it.
        context.Response.RegisterForDispose(turn);
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = slowest;
        }

        if (!IsJson(context.Request.ContentType))
        {
            return RequestError.NotJson.ToResult();
        }

        if (await ReadAsync(context, options.MaxSizeRequest) is not { } octets)
        {
            return RequestRunner.TooLong(options).Error!.ToResult();
        }

        var (response, error) = await runner.RunAsync(octets, user, context.RequestAborted);
        return error?.ToResult() ?? JmapJson.Result(response!);
    }

    private static bool IsJson(string? type)
    {
        // RFC 8259 §11: a charset has no meaning.
        return type is not null && type.Split(';')[0].Trim().Equals(MediaTypeNames.Application.Json, StringComparison.OrdinalIgnoreCase);
    }

    // Null: it is longer.
    private static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpContext context, int most)
    {
        if (context.Request.ContentLength > most)
        {
            return null;
        }

        // The limit is our own.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }

        var octets = new ArrayBufferWriter<byte>(Piece);
        for (int read; (read = await context.Request.Body.ReadAsync(octets.GetMemory(1), context.RequestAborted)) > 0;)
        {
            octets.Advance(read);
            if (octets.WrittenCount > most)
            {
                return null;
            }
        }

        return octets.WrittenMemory;
    }
}
