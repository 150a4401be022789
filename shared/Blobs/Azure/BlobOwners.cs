using System.Collections;
using System.Globalization;
using System.Text;

namespace MailCloud.Blobs.Azure;

/// <summary>
/// Who owns a blob and who has released it, as they stand in its metadata: <c>owners</c> is the list, each percent-encoded; <c>released</c> a bit for each, in base 64.
/// A list too long for the metadata follows the content instead, and <c>bodylength</c> says where it begins. Immutable but for <see cref="Release"/>.
/// </summary>
internal sealed class BlobOwners
{
    /// <summary>The service takes 8 KiB of names and values; this leaves room for the rest. About 100 owners.</summary>
    private const int MaxInMetadata = 4096;

    private const string OwnersKey = "owners";
    private const string ReleasedKey = "released";
    private const string BodyLengthKey = "bodylength";

    private readonly string[] owners;
    private readonly BitArray released;
    private readonly IDictionary<string, string> metadata;

    private BlobOwners(string[] owners, BitArray released, IDictionary<string, string> metadata) => (this.owners, this.released, this.metadata) = (owners, released, metadata);

    public IReadOnlyList<string> Owners => owners;

    public IReadOnlyList<string> Released => [.. owners.Where((_, i) => released[i])];

    /// <summary>The metadata of a new blob; and the list that must follow its content, or nothing.</summary>
    public static (Dictionary<string, string> Metadata, byte[] Trailer) ForNew(IReadOnlyList<string> owners, long bodyLength)
    {
        if (owners.Count == 0)
        {
            return ([], []);
        }

        var text = string.Join(',', owners.Distinct(StringComparer.Ordinal).Select(Uri.EscapeDataString));
        return text.Length <= MaxInMetadata
            ? (new() { [OwnersKey] = text }, [])
            : (new() { [BodyLengthKey] = bodyLength.ToString(CultureInfo.InvariantCulture) }, Encoding.ASCII.GetBytes(text));
    }

    /// <summary>The length of the content proper, without a list that follows it.</summary>
    public static long BodyLength(IDictionary<string, string> metadata, long stored) =>
        metadata.TryGetValue(BodyLengthKey, out var text) ? long.Parse(text, CultureInfo.InvariantCulture) : stored;

    /// <param name="readTrailer">Reads what follows the content; called only when the list stands there.</param>
    public static async ValueTask<BlobOwners> ReadAsync(IDictionary<string, string> metadata, Func<long, Task<string>> readTrailer)
    {
        var text = metadata.TryGetValue(BodyLengthKey, out var at)
            ? await readTrailer(long.Parse(at, CultureInfo.InvariantCulture)).ConfigureAwait(false)
            : metadata.TryGetValue(OwnersKey, out var listed) ? listed : "";
        string[] owners = text.Length == 0 ? [] : [.. text.Split(',').Select(Uri.UnescapeDataString)];
        var bits = metadata.TryGetValue(ReleasedKey, out var released) ? new BitArray(Convert.FromBase64String(released)) : new BitArray(0);
        bits.Length = owners.Length;
        return new(owners, bits, metadata);
    }

    /// <summary>Notes a release. False when there is nothing to note: the owner is unknown or has released before.</summary>
    public bool Release(string owner)
    {
        var index = Array.IndexOf(owners, owner);
        if (index < 0 || released[index])
        {
            return false;
        }

        released[index] = true;
        return true;
    }

    /// <summary>The metadata with the releases; a write of metadata replaces all of it.</summary>
    public Dictionary<string, string> ToMetadata()
    {
        var bytes = new byte[(released.Length + 7) / 8];
        released.CopyTo(bytes, 0);
        return new(metadata) { [ReleasedKey] = Convert.ToBase64String(bytes) };
    }
}
