using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;

namespace MailCloud.Mailboxes.Backup;

/// <summary>A message of a backup. Its content is read when it is asked for: most messages are there, and need not come back.</summary>
internal sealed class BackedUpMessage(ChunkStore chunks, MessageRow row, MessageFlags flags, LoadedChunk? from, int index, ReadOnlyMemory<byte> tail)
{
    public MessageRow Row => row;

    public MessageFlags Flags => flags;

    public async Task<MessageContent> ReadContentAsync() => chunks.Decode(from is null ? tail : (await chunks.ContentsAsync(from.Chunk, from.Rows, index, index))[0]);

    /// <summary>The messages of a folder in the order of their UIDs, in lists of at most so many. One chunk is in memory at a time.</summary>
    public static async IAsyncEnumerable<BackedUpMessage[]> PagesOfAsync(Folder folder, ChunkStore chunks, int size)
    {
        foreach (var chunk in folder.Chunks)
        {
            var loaded = new LoadedChunk(
                chunk, await chunks.LoadAsync<ChunkRows>(chunk.RowsBlob, CancellationToken.None), await chunks.LoadAsync<ChunkFlags>(chunk.FlagsBlob, CancellationToken.None));
            foreach (var page in loaded.Messages().Select(m => new BackedUpMessage(chunks, m.Row, m.Flags.Flags, loaded, m.Index, default)).Chunk(size))
            {
                yield return page;
            }
        }

        foreach (var page in folder.Tail.Select(m => new BackedUpMessage(chunks, m.Row, m.Flags, null, 0, m.Content)).Chunk(size))
        {
            yield return page;
        }
    }
}
