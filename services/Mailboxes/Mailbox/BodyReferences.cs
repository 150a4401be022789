using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>
/// How often this mailbox refers to bodies, and which of them it will release. A body is released once: when its last message has gone and that is durable.
/// Copies are counted only where there are several, so that a mailbox of a million messages counts nothing.
/// </summary>
internal sealed class BodyReferences
{
    // References, where there is more than one.
    private Dictionary<Guid, int> copies = [];
    private long[]? copyTimes;
    private bool sharesCopies;
    private readonly HashSet<Guid> outbox = [];
    private readonly List<Chunk> discards = [];

    /// <summary>Bodies to release: nothing here refers to them.</summary>
    public IReadOnlyCollection<Guid> Outbox => outbox;

    /// <summary>Chunks of deleted folders: their messages still count until they have been read.</summary>
    public IReadOnlyList<Chunk> Discards => discards;

    /// <summary>True while there are bodies to release, or may be.</summary>
    public bool HasUnreleased => outbox.Count > 0 || discards.Count > 0;

    public IReadOnlyDictionary<Guid, int> Copies => copies;

    /// <summary>Copies as they are now, for a reader that waits in between: the next change is made to a copy of them.</summary>
    public IReadOnlyDictionary<Guid, int> ShareCopies()
    {
        sharesCopies = true;
        return copies;
    }

    /// <summary>When the bodies of which there are several were accepted, ascending. It never changes: the next change makes another.</summary>
    public long[] CopyTimes() => copyTimes ??= [.. copies.Keys.Select(body => new DeliveryId(body).AcceptedMilliseconds).Order()];

    public void Copy(Guid body)
    {
        OwnCopies();
        copies[body] = copies.GetValueOrDefault(body, 1) + 1;
    }

    /// <summary>A message that referred to the body has gone. True: it was the last one.</summary>
    public bool Drop(Guid body)
    {
        switch (copies.GetValueOrDefault(body, 1))
        {
            case 1:
                outbox.Add(body);
                return true;
            case 2:
                OwnCopies();
                copies.Remove(body);
                return false;
            case var count:
                OwnCopies();
                copies[body] = count - 1;
                return false;
        }
    }

    public void Discard(IEnumerable<Chunk> chunks) => discards.AddRange(chunks);

    /// <summary>A discarded chunk was read. False: it was before.</summary>
    public bool TakeDiscard(string rowsBlob) => discards.RemoveAll(c => c.RowsBlob == rowsBlob) > 0;

    public void Released(IEnumerable<Guid> bodies) => outbox.ExceptWith(bodies);

    public BodyCopies[] CopiesToManifest() => [.. copies.Select(c => new BodyCopies(c.Key, c.Value))];

    public DiscardedChunk[] DiscardsToManifest() => [.. discards.Select(c => new DiscardedChunk(c.RowsBlob, c.Uids))];

    public static BodyReferences From(MailboxManifest manifest)
    {
        var references = new BodyReferences();
        foreach (var (body, count) in manifest.BodyCopies)
        {
            references.copies.Add(body, count);
        }

        references.outbox.UnionWith(manifest.Outbox);
        references.discards.AddRange(manifest.Discards.Select(Chunk.From));
        return references;
    }

    private void OwnCopies()
    {
        copyTimes = null;
        if (sharesCopies)
        {
            copies = new(copies);
            sharesCopies = false;
        }
    }
}
