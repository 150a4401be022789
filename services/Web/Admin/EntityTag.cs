using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace MailCloud.Web.Admin;

/// <summary>RFC 9110 §8.8.3: a strong tag of what the API shows of a thing, which is a hash of that, and what a request may demand of it (§13.1).</summary>
internal static class EntityTag
{
    public const string IfMatch = "If-Match";

    public const string IfNoneMatch = "If-None-Match";

    private const int Octets = 16;

    /// <summary>Answers what a thing is with its tag; 304 (RFC 9110 §15.4.5) when the client has it.</summary>
    public static IResult Answer<T>(T view, string? ifNoneMatch = null) => new Tagged<T>(view, ifNoneMatch);

    /// <summary>Why a change is not made, as the thing is not as the client says (412); null when it is, or the client says nothing.</summary>
    /// <param name="view">What there is; null: nothing.</param>
    public static IResult? WhyNot<T>(T? view, string? ifMatch, string? ifNoneMatch = null)
        where T : class
    {
        if (ifMatch is not null && (view is null || !IsAmong(ifMatch, view, isStrong: true)))
        {
            return Problem.PreconditionFailed("it is not, or not any more, what If-Match says: GET it again, and repeat the change with the ETag of that if it is still wanted");
        }

        return ifNoneMatch is not null && view is not null && IsAmong(ifNoneMatch, view, isStrong: false) ? Problem.PreconditionFailed("it exists as If-None-Match says: nothing was changed") : null;
    }

    private static string Of<T>(T view) => $"\"{Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(view, Operations.Format)).AsSpan(0, Octets))}\"";

    // RFC 9110 §8.8.3.2: If-Match compares strongly, If-None-Match weakly. What is no list of tags names none.
    private static bool IsAmong<T>(string condition, T view, bool isStrong)
    {
        var tag = Of(view);
        return EntityTagHeaderValue.TryParseList([condition], out var tags) && tags.Any(named => named.Equals(EntityTagHeaderValue.Any) || (named.Tag == tag && !(isStrong && named.IsWeak)));
    }

    private sealed class Tagged<T>(T view, string? ifNoneMatch) : IResult
    {
        public Task ExecuteAsync(HttpContext context)
        {
            context.Response.Headers.ETag = Of(view);
            if (ifNoneMatch is null || !IsAmong(ifNoneMatch, view, isStrong: false))
            {
                return Results.Ok(view).ExecuteAsync(context);
            }

            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }
    }
}
