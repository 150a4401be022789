using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace MailCloud.Mailboxes.Traces;

/// <summary>
/// A Bloom filter of ten bits per id and seven places each: of ids that a segment has nothing about it lets less than one in a hundred through. So a shard of 100 segments reads one or two of them for
/// a question, and needs 2 kB for each to know which.
/// </summary>
internal static class TraceFilter
{
    private const int BitsPerId = 10;
    private const int Places = 7;

    public static byte[] Of(IReadOnlyCollection<string> ids)
    {
        var filter = new byte[(Math.Max(1, ids.Count) * BitsPerId / 8) + 1];
        foreach (var place in ids.SelectMany(id => PlacesOf(id, filter.Length)))
        {
            filter[place / 8] |= (byte)(1 << (place % 8));
        }

        return filter;
    }

    public static bool MayHold(byte[] filter, string id) => PlacesOf(id, filter.Length).All(place => (filter[place / 8] & (1 << (place % 8))) != 0);

    private static IEnumerable<int> PlacesOf(string id, int octets)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(id));
        var (first, step) = (BinaryPrimitives.ReadUInt64LittleEndian(hash), BinaryPrimitives.ReadUInt64LittleEndian(hash.AsSpan(8)) | 1);
        for (var i = 0; i < Places; i++)
        {
            yield return (int)((first + ((ulong)i * step)) % ((ulong)octets * 8));
        }
    }
}
