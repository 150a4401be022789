using System.Buffers.Text;
using System.Text;
using System.Text.Json.Nodes;
using MailCloud.Blobs;
using MailCloud.Web.Jmap.Transfer;

namespace MailCloud.Web.Jmap.BlobMethods;

/// <summary>Blob/upload (RFC 9404 §4.1): blobs put together of text, of octets in base64, and of ranges of other blobs, those that the same call has made before too.</summary>
internal static class BlobUpload
{
    public const int MaxDataSources = 64;

    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        _ = call.Account;
        var create = call.Arguments.RequireObject("create");
        call.Arguments.Done();
        if (create.Count > call.Services.Options.MaxObjectsInSet)
        {
            throw new MethodException("requestTooLarge", $"at most {call.Services.Options.MaxObjectsInSet} blobs at a time");
        }

        var (created, notCreated) = (new JsonObject(), new JsonObject());
        foreach (var (creationId, upload) in create)
        {
            var (made, error) = await MakeAsync(call, upload, cancellationToken);
            if (made is not null)
            {
                call.Request.CreatedIds[creationId] = (string)made["id"]!;
                created[creationId] = made;
            }
            else
            {
                notCreated[creationId] = error!.ToJson();
            }
        }

        return new()
        {
            ["accountId"] = call.User.AccountKey,
            ["created"] = created.Count > 0 ? created : null,
            ["notCreated"] = notCreated.Count > 0 ? notCreated : null,
        };
    }

    private static async Task<(JsonObject? Made, SetError? Error)> MakeAsync(JmapCall call, JsonNode? upload, CancellationToken cancellationToken)
    {
        try
        {
            var (sources, type) = Parse(upload);
            var found = new List<(DataSource Source, FoundBlob? Blob)>();
            foreach (var source in sources)
            {
                found.Add((source, source.BlobId is null ? null : await FindAsync(call, source, cancellationToken)));
            }

            // Before the first octet is copied: what is known to be too much is not begun.
            var known = found.Sum(each => KnownOf(each.Source, each.Blob));
            if (known > call.Services.Options.MaxSizeUpload)
            {
                return (null, TooLarge(call));
            }

            call.Request.Octets.Check(known);
            var kept = await call.Services.BlobsById.KeepAsync(call.User.Account, target => WriteAsync(call, target, found, cancellationToken), cancellationToken);
            return kept is var (id, size)
                ? (new() { ["id"] = id.ToString(), ["blobId"] = id.ToString(), ["type"] = type, ["size"] = size }, null)
                : (null, TooLarge(call));
        }
        catch (SetException e)
        {
            return (null, e.Error);
        }
        catch (BadSourceException e)
        {
            return (null, SetError.InvalidProperties(e.Message, e.Property));
        }
        catch (BlobMissingException)
        {
            return (null, SetError.InvalidProperties("a blob that it is made of is gone", "data"));
        }
        catch (StorageFullException)
        {
            return (null, new("overQuota", "the server has no room for it"));
        }
    }

    // RFC 9404 §2: maxSizeBlobSet.
    private static SetError TooLarge(JmapCall call) => new("tooLarge", $"a blob has {call.Services.Options.MaxSizeUpload} octets at most");

    // Of a blob that is decoded only what was asked for.
    private static long KnownOf(DataSource source, FoundBlob? blob) => blob is null ? source.Octets!.Length : source.Length ?? blob.Size - source.Offset ?? 0;

    private static (List<DataSource> Sources, string Type) Parse(JsonNode? upload)
    {
        if (upload is not JsonObject json || json["data"] is not JsonArray { Count: > 0 } data)
        {
            throw new BadSourceException("data must be an array of data sources");
        }

        if (data.Count > MaxDataSources)
        {
            throw new BadSourceException($"at most {MaxDataSources} data sources");
        }

        if (json.FirstOrDefault(member => member.Key is not ("data" or "type")).Key is { } unknown)
        {
            throw new BadSourceException("there is no such property", unknown);
        }

        var type = json["type"] is { } node ? JmapArguments.TextOf(node) ?? throw new BadSourceException("type must be a string or null", "type") : "application/octet-stream";
        return ([.. data.Select(DataSource.Parse)], type);
    }

    private static async Task<FoundBlob> FindAsync(JmapCall call, DataSource source, CancellationToken cancellationToken)
    {
        var blob = await call.Services.BlobsById.FindAsync(call.User.Account, call.Request.Resolve(source.BlobId!), cancellationToken)
            ?? throw new BadSourceException($"there is no blob {source.BlobId}");

        // RFC 9404 §4.1: a range that the blob does not have is no range of it.
        return blob.Size < source.Offset + (source.Length ?? 0) ? throw new BadSourceException($"{source.BlobId} has not so many octets") : blob;
    }

    private static async Task WriteAsync(JmapCall call, BoundedUpload target, List<(DataSource Source, FoundBlob? Blob)> sources, CancellationToken cancellationToken)
    {
        foreach (var (source, blob) in sources)
        {
            if (blob is null)
            {
                call.Request.Octets.Count(source.Octets!.Length);
                await target.WriteAsync(source.Octets, cancellationToken);
                continue;
            }

            await using var content = await call.Request.Octets.OpenAsync(blob, source.Offset, cancellationToken);
            var written = await target.WriteAsync(content, source.Length ?? long.MaxValue, cancellationToken);
            if (written < source.Length && !target.IsTooLong)
            {
                throw new BadSourceException($"{source.BlobId} has not so many octets");
            }
        }
    }

    /// <summary>Octets at hand, or a range of a blob.</summary>
    private sealed record DataSource(byte[]? Octets, string? BlobId, long Offset, long? Length)
    {
        public static DataSource Parse(JsonNode? node)
        {
            // RFC 9404 §4.1: each of its properties may be null, which is as if it were not there.
            if (node is not JsonObject json || json.Count(member => member is { Key: "data:asText" or "data:asBase64" or "blobId", Value: not null }) != 1)
            {
                throw new BadSourceException("a data source has one of data:asText, data:asBase64 and blobId");
            }

            var given = json.Where(member => member.Value is not null).Select(member => member.Key).ToList();
            if (JmapArguments.TextOf(json["data:asText"]) is { } text && given.Count == 1)
            {
                return new(Encoding.UTF8.GetBytes(text), null, 0, null);
            }

            if (JmapArguments.TextOf(json["data:asBase64"]) is { } base64 && given.Count == 1)
            {
                return Base64.IsValid(base64) ? new(Convert.FromBase64String(base64), null, 0, null) : throw new BadSourceException("data:asBase64 is no base64");
            }

            return JmapArguments.TextOf(json["blobId"]) is { } id && given.TrueForAll(name => name is "blobId" or "offset" or "length")
                ? new(null, id, NumberOf(json["offset"]) ?? 0, NumberOf(json["length"]))
                : throw new BadSourceException("a data source is {data:asText}, {data:asBase64} or {blobId, offset, length}");
        }

        private static long? NumberOf(JsonNode? node) =>
            node is null ? null : JmapArguments.TryInt(node) is >= 0 and var number ? number : throw new BadSourceException("offset and length are zero or more");
    }

    private sealed class BadSourceException(string why, string property = "data") : Exception(why)
    {
        public string Property => property;
    }
}
