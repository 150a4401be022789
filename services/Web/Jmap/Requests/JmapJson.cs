using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace MailCloud.Web.Jmap.Requests;

/// <summary>How JSON comes and goes.</summary>
internal static class JmapJson
{
    // It is JSON for programs, with nosniff, and never part of a page: all of Unicode stands as it is.
    private static readonly JsonWriterOptions output = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonDocumentOptions strict = new() { AllowDuplicateProperties = false };

    /// <summary>I-JSON (RFC 7493 §2): UTF-8 throughout, no half surrogates, no member twice.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> octets, out JsonNode? node)
    {
        node = null;
        if (!Utf8.IsValid(octets.Span) || !IsOfWholeCharacters(octets.Span))
        {
            return false;
        }

        try
        {
            node = JsonNode.Parse(octets.Span, documentOptions: strict);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>About as many characters as it takes when it is written.</summary>
    public static long LengthOf(JsonNode? node) => node switch
    {
        JsonObject json => 2 + json.Sum(member => member.Key.Length + 4 + LengthOf(member.Value)),
        JsonArray array => 2 + array.Sum(item => 1 + LengthOf(item)),
        _ => JmapArguments.TextOf(node) is { } text ? text.Length + 2 : LengthOfOther(node),
    };

    public static byte[] ToUtf8(JsonNode node)
    {
        using var octets = new MemoryStream();
        using (var writer = new Utf8JsonWriter(octets, output))
        {
            node.WriteTo(writer);
        }

        return octets.ToArray();
    }

    public static IResult Result(JsonNode node, int status = StatusCodes.Status200OK, string type = "application/json") => new Written(node, status, type);

    // A number may have any number of digits, which a copy has too.
    private static long LengthOfOther(JsonNode? node) => node is JsonValue value && value.TryGetValue<JsonElement>(out var element) ? JsonMarshal.GetRawUtf8Value(element).Length : 8;

    // What is written \uD800 and has no other half after it.
    private static bool IsOfWholeCharacters(ReadOnlySpan<byte> octets)
    {
        try
        {
            var reader = new Utf8JsonReader(octets);
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
                {
                    reader.GetString();
                }
            }

            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private sealed class Written(JsonNode node, int status, string type) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = status;
            httpContext.Response.ContentType = type;
            await using (var writer = new Utf8JsonWriter(httpContext.Response.BodyWriter, output))
            {
                node.WriteTo(writer);
            }

            await httpContext.Response.BodyWriter.FlushAsync(httpContext.RequestAborted);
        }
    }
}
