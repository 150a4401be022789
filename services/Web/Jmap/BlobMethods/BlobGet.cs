using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using MailCloud.Blobs;
using MailCloud.Web.Jmap.Transfer;

namespace MailCloud.Web.Jmap.BlobMethods;

/// <summary>Blob/get (RFC 9404 §4.2): octets of blobs as text or in base64, their digests and sizes; of a range if one is given.</summary>
internal static class BlobGet
{
    /// <summary>RFC 9404 §4.2, in the names of the IANA registry of digest algorithms (RFC 3230).</summary>
    public static readonly IReadOnlyDictionary<string, HashAlgorithmName> Digests = new Dictionary<string, HashAlgorithmName>(StringComparer.Ordinal)
    {
        ["sha"] = HashAlgorithmName.SHA1,
        ["sha-256"] = HashAlgorithmName.SHA256,
        ["sha-512"] = HashAlgorithmName.SHA512,
    };

    private const string Data = "data";
    private const string AsText = "data:asText";
    private const string AsBase64 = "data:asBase64";
    private const string Size = "size";
    private const string IsEncodingProblem = "isEncodingProblem";
    private const string IsTruncated = "isTruncated";
    private const string DigestPrefix = "digest:";

    public static async Task<JsonObject> RunAsync(JmapCall call, CancellationToken cancellationToken)
    {
        _ = call.Account;
        var arguments = call.Arguments;
        var ids = arguments.RequireTexts("ids").Distinct(StringComparer.Ordinal).ToList();
        var properties = PropertiesOf(arguments);
        var (offset, length) = (arguments.FindUnsigned("offset") ?? 0, arguments.FindUnsigned("length"));
        arguments.Done();
        if (ids.Count > call.Services.Options.MaxObjectsInGet)
        {
            throw new MethodException("requestTooLarge", $"at most {call.Services.Options.MaxObjectsInGet} blobs at a time");
        }

        try
        {
            return await ReadAsync(call, ids, properties, offset, length, cancellationToken);
        }
        catch (SetException e)
        {
            throw new MethodException("requestTooLarge", e.Error.Description);
        }
    }

    private static async Task<JsonObject> ReadAsync(JmapCall call, IReadOnlyList<string> ids, HashSet<string> properties, long offset, long? length, CancellationToken cancellationToken)
    {
        // What one call gives is in memory until it is sent: as much as a request may have.
        var room = (long)call.Services.Options.MaxSizeRequest;
        var (list, notFound) = (new JsonArray(), new JsonArray());
        foreach (var id in ids)
        {
            if (await call.Services.BlobsById.FindAsync(call.User.Account, call.Request.Resolve(id), cancellationToken) is { } blob
                && await ReadAsync(call.Request.Octets, blob, properties, offset, length, room, cancellationToken) is var (read, taken))
            {
                list.Add(read);
                room -= taken;
            }
            else
            {
                notFound.Add(id);
            }
        }

        return new() { ["accountId"] = call.User.AccountKey, ["list"] = list, ["notFound"] = notFound };
    }

    private static HashSet<string> PropertiesOf(JmapArguments arguments)
    {
        var properties = (arguments.FindTexts("properties") ?? [Data, Size]).ToHashSet(StringComparer.Ordinal);
        var unknown = properties.FirstOrDefault(
            name => name is not (Data or AsText or AsBase64 or Size or IsEncodingProblem or IsTruncated or "id") && !(name.StartsWith(DigestPrefix, StringComparison.Ordinal) && Digests.ContainsKey(name[DigestPrefix.Length..])));
        return unknown is null ? properties : throw MethodException.InvalidArguments($"there is no property {unknown}");
    }

    // Null: it is gone.
    private static async Task<(JsonObject Read, long Taken)?> ReadAsync(
        OctetBudget budget, FoundBlob blob, HashSet<string> properties, long offset, long? length, long room, CancellationToken cancellationToken)
    {
        var wantsData = properties.Overlaps([Data, AsText, AsBase64]);
        var digests = properties.Where(name => name.StartsWith(DigestPrefix, StringComparison.Ordinal))
            .ToDictionary(name => name, name => IncrementalHash.CreateHash(Digests[name[DigestPrefix.Length..]]), StringComparer.Ordinal);
        try
        {
            using var data = new MemoryStream();
            var wantsOctets = wantsData || digests.Count > 0;
            var (size, ranged) = await WalkAsync(budget, blob, wantsOctets, offset, length, Take, cancellationToken);
            var json = new JsonObject { ["id"] = blob.Id.ToString() };
            if (wantsData)
            {
                AddData(json, properties, data.ToArray());
            }

            foreach (var (name, digest) in digests)
            {
                json[name] = Convert.ToBase64String(digest.GetHashAndReset());
            }

            if (properties.Contains(Size))
            {
                json["size"] = size;
            }

            // RFC 9404 §4.2: the range goes beyond what there is.
            if (wantsOctets && (offset > size || ranged < length))
            {
                json[IsTruncated] = true;
            }

            // Both are false where they are not said, but for who asks.
            foreach (var flag in properties.Where(name => name is IsEncodingProblem or IsTruncated && !json.ContainsKey(name)))
            {
                json[flag] = false;
            }

            return (json, data.Length);

            void Take(ReadOnlySpan<byte> octets)
            {
                foreach (var digest in digests.Values)
                {
                    digest.AppendData(octets);
                }

                if (wantsData)
                {
                    data.Write(data.Length + octets.Length <= room ? octets : throw new MethodException("requestTooLarge", "ask for less: a range of it, or fewer blobs"));
                }
            }
        }
        catch (BlobMissingException)
        {
            return null;
        }
        finally
        {
            foreach (var digest in digests.Values)
            {
                digest.Dispose();
            }
        }
    }

    // Reads the range, and beyond it only when the size is not known without.
    private static async Task<(long Size, long Ranged)> WalkAsync(
        OctetBudget budget, FoundBlob blob, bool wantsOctets, long offset, long? length, OctetsReader take, CancellationToken cancellationToken)
    {
        var end = length is { } count && count < long.MaxValue - offset ? offset + count : long.MaxValue;
        var at = blob.Size is null ? 0 : Math.Min(offset, blob.Size.Value);
        var ranged = 0L;
        if (blob.Size is null || wantsOctets)
        {
            await using var stream = await budget.OpenAsync(blob, at, cancellationToken);
            var piece = new byte[64 * 1024];
            for (int read; (blob.Size is null || at < end) && (read = await stream.ReadAsync(piece, cancellationToken)) > 0; at += read)
            {
                var (first, last) = (Math.Clamp(offset - at, 0, read), Math.Clamp(end - at, 0, read));
                if (last > first)
                {
                    ranged += last - first;
                    take(piece.AsSpan((int)first, (int)(last - first)));
                }
            }
        }

        return (blob.Size ?? at, ranged);
    }

    private static void AddData(JsonObject json, HashSet<string> properties, byte[] data)
    {
        var isText = Utf8.IsValid(data);
        if (properties.Contains(AsText) || (properties.Contains(Data) && isText))
        {
            json[AsText] = isText ? Encoding.UTF8.GetString(data) : null;
        }

        if (properties.Contains(AsBase64) || (properties.Contains(Data) && !isText))
        {
            json[AsBase64] = Convert.ToBase64String(data);
        }

        if (!isText && properties.Overlaps([Data, AsText]))
        {
            json[IsEncodingProblem] = true;
        }
    }

    private delegate void OctetsReader(ReadOnlySpan<byte> octets);
}
