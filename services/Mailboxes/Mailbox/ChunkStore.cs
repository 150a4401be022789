using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.Caching.Memory;
using Orleans.Serialization;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>
/// Reads chunks, with one bounded cache per process. Chunk blobs are immutable under unique names, so what is cached is never stale.
/// Contents are read in ranges: a FETCH of one ENVELOPE reads that message's content only. What a client looks at message by message is kept decoded for its next
/// look (list, structure, then text); what it reads through once, as a synchronisation does, is not.
/// </summary>
internal sealed class ChunkStore(IMessageBlobs blobs, Serializer serializer, MailboxesOptions options) : IDisposable
{
    /// <summary>Octets of an encoded content: a message with thousands of parts is not worth the room.</summary>
    private const int MaxKept = 32 * 1024;

    /// <summary>Octets of a decoded content for each encoded one, about: texts are UTF-16 and each is an object.</summary>
    private const int DecodedSize = 3;

    /// <summary>A gap between two contents that is read along rather than paid for with a second read, octets.</summary>
    private const int ReadAlongBytes = 32 * 1024;

    private readonly MemoryCache cache = new(new MemoryCacheOptions { SizeLimit = options.ChunkCacheBytes });

    public async Task<ChunkRows> RowsAsync(Chunk chunk) =>
        chunk.Unwritten?.Rows ?? await CachedAsync<ChunkRows>(chunk.RowsBlob, rows => rows.Rows.Length * 76);

    public async Task<ChunkFlags> FlagsAsync(Chunk chunk) =>
        chunk.Unwritten?.Flags ?? await CachedAsync<ChunkFlags>(chunk.FlagsBlob, flags => flags.Flags.Length * 16);

    /// <summary>All contents of a chunk, to merge it into a larger one.</summary>
    public async Task<ReadOnlyMemory<byte>> ContentsAsync(Chunk chunk, ChunkRows rows) =>
        chunk.Unwritten?.Contents ?? await blobs.ReadAsync(chunk.ContentsBlob, 0, rows.ContentOffsets[^1], CancellationToken.None);

    /// <summary>The encoded contents of the rows from one index to another, both included, in one read.</summary>
    public async Task<ReadOnlyMemory<byte>[]> ContentsAsync(Chunk chunk, ChunkRows rows, int first, int last)
    {
        var (start, end) = (rows.ContentOffsets[first], rows.ContentOffsets[last + 1]);
        var bytes = chunk.Unwritten?.Contents is { } unwritten
            ? unwritten[start..end]
            : await blobs.ReadAsync(chunk.ContentsBlob, start, end - start, CancellationToken.None);
        var contents = new ReadOnlyMemory<byte>[last - first + 1];
        for (var i = first; i <= last; i++)
        {
            contents[i - first] = bytes[(rows.ContentOffsets[i] - start)..(rows.ContentOffsets[i + 1] - start)];
        }

        return contents;
    }

    /// <summary>The encoded contents of rows, by ascending indexes, each given with its place among these. Those that stand near one another are read together.</summary>
    public async Task ReadContentsAsync(Chunk chunk, ChunkRows rows, IReadOnlyList<int> indexes, Action<int, ReadOnlyMemory<byte>> take)
    {
        for (var start = 0; start < indexes.Count;)
        {
            var end = start;
            while (end + 1 < indexes.Count && rows.ContentOffsets[indexes[end + 1]] - rows.ContentOffsets[indexes[end] + 1] <= ReadAlongBytes)
            {
                end++;
            }

            var run = await ContentsAsync(chunk, rows, indexes[start], indexes[end]);
            for (var i = start; i <= end; i++)
            {
                take(i, run[indexes[i] - indexes[start]]);
            }

            start = end + 1;
        }
    }

    /// <summary>The threads of a chunk's rows, of which some do not have theirs (<see cref="Chunk.HasThreads"/>): they follow from the contents.</summary>
    public async Task<ulong[]> ThreadsAsync(Chunk chunk, ChunkRows rows)
    {
        var key = (chunk.ContentsBlob, nameof(ThreadsAsync));
        if (cache.TryGetValue(key, out ulong[]? cached))
        {
            return cached!;
        }

        var threads = Array.ConvertAll(rows.Rows, row => row.Thread);
        if (threads.Contains(0ul))
        {
            var contents = await ContentsAsync(chunk, rows);
            for (var i = 0; i < threads.Length; i++)
            {
                threads[i] = ThreadOf(rows.Rows[i], contents[rows.ContentOffsets[i]..rows.ContentOffsets[i + 1]]);
            }
        }

        cache.Set(key, threads, new MemoryCacheEntryOptions { Size = threads.Length * sizeof(ulong) });
        return threads;
    }

    /// <summary>Whether the threads of such a chunk were read not long ago.</summary>
    public bool HasRead(Chunk chunk) => cache.TryGetValue((chunk.ContentsBlob, nameof(ThreadsAsync)), out _);

    /// <summary>A message's thread, from its encoded content when its row does not have it. A content that cannot be read is alone.</summary>
    public ulong ThreadOf(MessageRow row, ReadOnlyMemory<byte> content)
    {
        if (row.Thread != 0)
        {
            return row.Thread;
        }

        try
        {
            return ThreadId.Of(Decode(content).Summary, row.Body);
        }
        catch (DamagedRecordException)
        {
            return ThreadId.OfAlone(row.Body);
        }
    }

    /// <summary>A message that comes into another folder, with its thread: in an event without it the release before says that it does not know when the message was made.</summary>
    public AddedMessage WithThread(AddedMessage message) =>
        message.Row.Thread == 0 ? message with { Row = message.Row with { Thread = ThreadOf(message.Row, message.Content) } } : message;

    public async Task<DepartedEmails> DepartedAsync(LogSegment<DepartedEmails> segment) =>
        segment.Unwritten ?? await CachedAsync<DepartedEmails>(segment.Blob, emails => emails.Emails.Length * 56);

    public async Task<ExpungedEntries> ExpungedAsync(LogSegment<ExpungedEntries> segment) =>
        segment.Unwritten ?? await CachedAsync<ExpungedEntries>(segment.Blob, entries => entries.Ranges.Length * 16);

    public MessageContent Decode(ReadOnlyMemory<byte> content) => serializer.Decode<MessageContent>(content);

    /// <summary>A content decoded before, by the key it was kept under; null when it is not there any more.</summary>
    public MessageContent? Kept(object key) => cache.Get<MessageContent>(key);

    /// <summary>Decodes a content and keeps it, unless it is large, under a key that never stands for another content.</summary>
    public MessageContent DecodeAndKeep(object key, ReadOnlyMemory<byte> content)
    {
        var decoded = Decode(content);
        if (content.Length <= MaxKept)
        {
            cache.Set(key, decoded, new MemoryCacheEntryOptions { Size = DecodedSize * content.Length });
        }

        return decoded;
    }

    public async Task<T> LoadAsync<T>(string blob, CancellationToken cancellationToken)
        where T : IStoredRecord => serializer.Decode<T>(await blobs.ReadAsync(blob, 0, int.MaxValue, cancellationToken));

    /// <summary>
    /// A record of which this build knows every member; null when a later one wrote it and it has more. What is not known is not written again, so that such a record gets shorter; one of an earlier build
    /// does not.
    /// </summary>
    public async Task<T?> LoadWholeAsync<T>(string blob, CancellationToken cancellationToken)
        where T : IStoredRecord
    {
        var bytes = await blobs.ReadAsync(blob, 0, int.MaxValue, cancellationToken);
        var read = serializer.Decode<T>(bytes);
        return serializer.Encode(read).Length < bytes.Length ? default : read;
    }

    public void Dispose() => cache.Dispose();

    private async Task<T> CachedAsync<T>(string blob, Func<T, int> size)
        where T : class, IStoredRecord
    {
        if (cache.TryGetValue(blob, out T? cached))
        {
            return cached!;
        }

        var loaded = await LoadAsync<T>(blob, CancellationToken.None);
        cache.Set(blob, loaded, new MemoryCacheEntryOptions { Size = size(loaded) });
        return loaded;
    }
}
