using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace MailCloud.Web.Admin;

/// <summary>Answers of one JSON value per line, sent as they come (application/x-ndjson).</summary>
internal static class JsonLines
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static void Begin(HttpResponse response) => response.ContentType = "application/x-ndjson";

    public static async Task WriteAsync<T>(HttpResponse response, T value, CancellationToken cancellationToken)
    {
        await response.Body.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(value, Format), (byte)'\n'], cancellationToken);
        await response.Body.FlushAsync(cancellationToken);
    }
}
