using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.CompilerServices;

namespace MailCloud.Journal.Azure;

/// <summary>
/// What one append writes: a head of 32 octets, then each event behind its length. All integers are little-endian.
/// <code>
/// 0 magic | 4 count of events | 8 epoch | 16 position of the first | 24 length of what follows | 28 CRC-32 of head and what follows
/// </code>
/// The service appends a block whole or not at all. The checksum and the numbers are for what it cannot know: octets damaged on the way, a block written twice, one of
/// another epoch or by another program.
/// </summary>
internal static class JournalBlock
{
    /// <summary>Append Block takes 100 MiB since service version 2022-11-02 (4 MiB before). It is what one batch of events may come to.</summary>
    public const int MaxLength = 100 * 1024 * 1024;

    private const uint Magic = 0x314a434d; // "MCJ1"
    private const int HeadLength = 32;
    private const int ChecksumAt = 28;
    private const int LengthLength = sizeof(int);

    /// <summary>Octets that these events take as a block.</summary>
    public static long LengthOf(IReadOnlyList<ReadOnlyMemory<byte>> events) => HeadLength + events.Sum(e => (long)LengthLength + e.Length);

    public static byte[] Write(long epoch, long position, IReadOnlyList<ReadOnlyMemory<byte>> events)
    {
        var block = new byte[LengthOf(events)];
        BinaryPrimitives.WriteUInt32LittleEndian(block, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(4), events.Count);
        BinaryPrimitives.WriteInt64LittleEndian(block.AsSpan(8), epoch);
        BinaryPrimitives.WriteInt64LittleEndian(block.AsSpan(16), position);
        BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(24), block.Length - HeadLength);
        var at = HeadLength;
        foreach (var recorded in events)
        {
            BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(at), recorded.Length);
            recorded.Span.CopyTo(block.AsSpan(at + LengthLength));
            at += LengthLength + recorded.Length;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(ChecksumAt), Checksum(block.AsSpan(0, HeadLength), block.AsSpan(HeadLength)));
        return block;
    }

    /// <summary>The events of each block of a journal from its beginning. In memory at once: one block.</summary>
    /// <exception cref="JournalDamagedException">The octets are not the blocks of this epoch, one after the other.</exception>
    public static async IAsyncEnumerable<IReadOnlyList<ReadOnlyMemory<byte>>> ReadAllAsync(
        string journal, long epoch, Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var head = new byte[HeadLength];
        var (offset, position) = (0L, 0L);
        while (await stream.ReadAtLeastAsync(head, HeadLength, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) is var got and > 0)
        {
            var (count, length) = got == HeadLength ? ReadHead(head, epoch, position) : (0, 0);
            var content = new byte[length];
            if (count == 0
                || await stream.ReadAtLeastAsync(content, length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) < length
                || BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(ChecksumAt)) != Checksum(head, content))
            {
                throw new JournalDamagedException(journal, offset);
            }

            yield return Cut(content, count) ?? throw new JournalDamagedException(journal, offset);
            position += count;
            offset += HeadLength + length;
        }
    }

    /// <summary>The count of events and the length of what follows; zeros when this is no head of a block at this place.</summary>
    private static (int Count, int Length) ReadHead(ReadOnlySpan<byte> head, long epoch, long position)
    {
        var count = BinaryPrimitives.ReadInt32LittleEndian(head[4..]);
        var length = BinaryPrimitives.ReadInt32LittleEndian(head[24..]);
        var fits = BinaryPrimitives.ReadUInt32LittleEndian(head) == Magic
            && BinaryPrimitives.ReadInt64LittleEndian(head[8..]) == epoch
            && BinaryPrimitives.ReadInt64LittleEndian(head[16..]) == position
            && count > 0
            && length is > 0 and <= MaxLength - HeadLength;
        return fits ? (count, length) : (0, 0);
    }

    private static List<ReadOnlyMemory<byte>>? Cut(ReadOnlyMemory<byte> content, int count)
    {
        List<ReadOnlyMemory<byte>> events = [];
        while (content.Length >= LengthLength && events.Count < count)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(content.Span);
            content = content[LengthLength..];
            if (length < 0 || length > content.Length)
            {
                return null;
            }

            events.Add(content[..length]);
            content = content[length..];
        }

        return content.Length == 0 && events.Count == count ? events : null;
    }

    private static uint Checksum(ReadOnlySpan<byte> head, ReadOnlySpan<byte> content)
    {
        var crc = new Crc32();
        crc.Append(head[..ChecksumAt]);
        crc.Append(content);
        return crc.GetCurrentHashAsUInt32();
    }
}

/// <summary>What stands in the journal from this octet on was not written there by an append of this journal.</summary>
public sealed class JournalDamagedException(string journal, long offset) : Exception($"journal {journal} is damaged at octet {offset}");
