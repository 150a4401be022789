using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Mailbox;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Emails;

/// <summary>A message in one folder: one of the places where an Email is.</summary>
/// <param name="From">The chunk that it stands in; null: in the tail.</param>
/// <param name="Index">Of its row in the chunk.</param>
internal sealed record EmailPlace(Folder Folder, MessageRow Row, FlagsOfMessage Flags, LoadedChunk? From, int Index, TailMessage? Tail)
{
    public ContentPlace Content => new(From, Index, Tail);

    /// <summary>What it counts for when it leaves.</summary>
    public RemovedMessage Removed => RemovedMessage.Of(Row, Flags.Flags);
}

/// <summary>Looks at messages of all folders: loads the chunks that are needed, then lets the caller look at them and the tails in one synchronous step.</summary>
internal sealed class EmailPlaces(EmailMailbox mailbox)
{
    /// <summary>
    /// Runs <paramref name="step"/> with the chunks that <paramref name="needed"/> names loaded. It asks again after loading: a seal may have moved a layout, or a change may have made other chunks
    /// needed, and then it loads again. What is in no chunk the step finds in the folders' tails.
    /// </summary>
    public async Task<T> InOneStepAsync<T>(Func<Folder, Chunk, bool> needed, Func<IReadOnlyList<(Folder Folder, LoadedChunk Loaded)>, T> step)
    {
        while (true)
        {
            var wanted = Wanted(needed);
            var loaded = new List<(Folder Folder, LoadedChunk Loaded)>(wanted.Count);
            foreach (var (folder, chunk) in wanted)
            {
                loaded.Add((folder, new(chunk, await mailbox.Chunks.RowsAsync(chunk), await mailbox.Chunks.FlagsAsync(chunk))));
            }

            if (wanted.SequenceEqual(Wanted(needed)))
            {
                loaded.ForEach(l => l.Loaded.FillIn());
                return step(loaded);
            }
        }
    }

    /// <summary>Runs <paramref name="step"/> with all places of some Emails, each Email's by folder and UID. Bodies carry their acceptance time, so only chunks of that time are opened.</summary>
    public Task<T> FindAsync<T>(IReadOnlyCollection<Guid> emails, Func<IReadOnlyDictionary<Guid, IReadOnlyList<EmailPlace>>, T> step)
    {
        var ids = emails.ToHashSet();
        var times = ids.Select(id => new DeliveryId(id).AcceptedMilliseconds).Order().ToArray();
        return InOneStepAsync((_, chunk) => chunk.MayHold(times), loaded =>
        {
            var found = new Dictionary<Guid, IReadOnlyList<EmailPlace>>();
            foreach (var place in PlacesOf(loaded, ids).OrderBy(p => p.Folder.Id).ThenBy(p => p.Row.Uid))
            {
                if (!found.TryGetValue(place.Row.Body, out var places))
                {
                    found[place.Row.Body] = places = new List<EmailPlace>();
                }

                ((List<EmailPlace>)places).Add(place);
            }

            return step(found);
        });
    }

    private IEnumerable<EmailPlace> PlacesOf(IReadOnlyList<(Folder Folder, LoadedChunk Loaded)> loaded, HashSet<Guid> ids)
    {
        foreach (var (folder, chunk) in loaded)
        {
            foreach (var (index, row, flags) in chunk.Messages().Where(m => ids.Contains(m.Row.Body)))
            {
                yield return new(folder, row, flags, chunk, index, null);
            }
        }

        foreach (var folder in mailbox.State.Folders.Values)
        {
            foreach (var message in folder.Tail.Where(m => ids.Contains(m.Row.Body)))
            {
                yield return new(folder, message.Row, message.FlagsNow, null, -1, message);
            }
        }
    }

    private List<(Folder Folder, Chunk Chunk)> Wanted(Func<Folder, Chunk, bool> needed) =>
        [.. mailbox.State.Folders.Values.SelectMany(f => f.Chunks.Where(c => needed(f, c)).Select(c => (f, c)))];
}
