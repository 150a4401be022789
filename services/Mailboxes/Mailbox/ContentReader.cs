using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>Where the content of a message stands.</summary>
/// <param name="From">The chunk of its row; null: in the tail.</param>
/// <param name="Index">Of its row in the chunk.</param>
internal readonly record struct ContentPlace(LoadedChunk? From, int Index, TailMessage? Tail)
{
    /// <summary>Octets, encoded.</summary>
    public int Length => Tail?.Content.Length ?? From!.Rows.ContentOffsets[Index + 1] - From.Rows.ContentOffsets[Index];
}

/// <summary>Reads the contents of messages wherever they stand. Few at once are kept decoded for their next look.</summary>
internal sealed class ContentReader(ChunkStore chunks)
{
    /// <summary>A screen of messages, not a synchronisation.</summary>
    private const int MaxKeptAtOnce = 50;

    /// <summary>The content of each, in order.</summary>
    public async Task<MessageContent[]> ReadAsync(IReadOnlyList<ContentPlace> places) => [.. (await ReadAsync(places, passDamaged: false)).Select(content => content!)];

    /// <summary>The same; null: it is damaged, which verification tells of.</summary>
    public Task<MessageContent?[]> ReadSoundAsync(IReadOnlyList<ContentPlace> places) => ReadAsync(places, passDamaged: true);

    private async Task<MessageContent?[]> ReadAsync(IReadOnlyList<ContentPlace> places, bool passDamaged)
    {
        var keep = places.Count <= MaxKeptAtOnce;
        var contents = new MessageContent?[places.Count];
        var missing = new List<int>();
        for (var i = 0; i < places.Count; i++)
        {
            if (keep && chunks.Kept(KeyOf(places[i])) is { } kept)
            {
                contents[i] = kept;
            }
            else if (places[i].Tail is { } message)
            {
                Take(i, message.Content);
            }
            else
            {
                missing.Add(i);
            }
        }

        foreach (var group in missing.GroupBy(i => places[i].From!.Chunk.ContentsBlob))
        {
            var inOrder = group.OrderBy(i => places[i].Index).ToList();
            var from = places[inOrder[0]].From!;
            await chunks.ReadContentsAsync(from.Chunk, from.Rows, inOrder.ConvertAll(i => places[i].Index), (at, content) => Take(inOrder[at], content));
        }

        return contents;

        void Take(int i, ReadOnlyMemory<byte> content)
        {
            try
            {
                contents[i] = keep ? chunks.DecodeAndKeep(KeyOf(places[i]), content) : chunks.Decode(content);
            }
            catch (DamagedRecordException) when (passDamaged)
            {
                // Only of this message: the others can be read.
            }
        }

        // A tail message's object, or the place in an immutable blob.
        object KeyOf(ContentPlace place) => place.Tail ?? (object)(place.From!.Chunk.ContentsBlob, place.Index);
    }
}
