using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;

namespace MailCloud.Mailboxes.Emails;

/// <summary>Reads the contents of messages wherever they stand. Few at once are kept decoded for their next look, as those that IMAP reads are.</summary>
internal sealed class EmailContents(ChunkStore chunks)
{
    /// <summary>A screen of messages, not a synchronisation.</summary>
    private const int MaxKeptAtOnce = 50;

    /// <summary>Octets of a message's encoded content.</summary>
    public static int LengthOf(EmailPlace place) =>
        place.Tail?.Content.Length ?? place.From!.Rows.ContentOffsets[place.Index + 1] - place.From.Rows.ContentOffsets[place.Index];

    /// <summary>The content of each, in order.</summary>
    public async Task<MessageContent[]> ReadAsync(IReadOnlyList<EmailPlace> places)
    {
        var keep = places.Count <= MaxKeptAtOnce;
        var contents = new MessageContent[places.Count];
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

        void Take(int i, ReadOnlyMemory<byte> content) => contents[i] = keep ? chunks.DecodeAndKeep(KeyOf(places[i]), content) : chunks.Decode(content);

        // A tail message's object, or the place in an immutable blob.
        object KeyOf(EmailPlace place) => place.Tail ?? (object)(place.From!.Chunk.ContentsBlob, place.Index);
    }
}
