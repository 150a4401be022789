using System.Runtime.CompilerServices;
using MailCloud.Blobs;
using MailCloud.Journal;
using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Upkeep;

/// <summary>
/// Deletes what nothing refers to any more and is old enough. Order matters: waiting mail is listed first, then bodies are looked at, then their owners asked; so a body
/// that moves from the queue into a mailbox meanwhile is seen in one of the two.
/// </summary>
internal sealed class Sweeper(IMessageBlobs blobs, IJournal journal, WaitingMail mail, BodyHolders holders, StateParts parts, ExpiredTraces traces, ExpiredExpansions expansions,
    DueDeletions deletions, UpkeepTurns turns, TimeProvider time)
{
    private const int Page = 256;

    /// <param name="releasedAfter">Age of bodies that every owner has released, and of replaced parts of a state.</param>
    /// <param name="abandonedAfter">Age of bodies that no owner holds, released or not.</param>
    public IAsyncEnumerable<UpkeepRecord> RunAsync(TimeSpan releasedAfter, TimeSpan abandonedAfter, CancellationToken cancellationToken) =>
        RunAsync(releasedAfter, abandonedAfter, new(), cancellationToken);

    /// <param name="counts">Grow while it walks.</param>
    public async IAsyncEnumerable<UpkeepRecord> RunAsync(TimeSpan releasedAfter, TimeSpan abandonedAfter, SweepCounts counts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var turn = await turns.TryBeginAsync(UpkeepWork.Sweep);
        if (turn is null)
        {
            yield return new() { Kind = UpkeepKind.Summary, Text = "nothing was deleted: a backup is being taken, which may need it; sweep again after it", Counts = counts.ByName() };
            yield break;
        }

        var now = time.GetUtcNow();
        await foreach (var gone in deletions.PurgeAsync(cancellationToken))
        {
            yield return gone;
        }

        var waiting = new WaitingBodies();
        await foreach (var (_, message, spooled) in mail.ListAsync(cancellationToken))
        {
            waiting.Add(message, spooled);
        }

        await foreach (var page in BodyPagesAsync(cancellationToken))
        {
            var bodies = page.Where(blob => !UploadedBlobs.Is(blob.Name)).ToList();
            counts.Bodies += bodies.Count;
            var unneeded = await FindUnneededAsync(bodies, waiting, now - releasedAfter, now - abandonedAfter);
            unneeded.AddRange(page.Where(blob => IsUploadOver(blob, now)).Select(blob => (blob.Name, "an upload that nobody may use any more")));
            turn.ThrowIfLost();
            await foreach (var deleted in DeleteAsync(unneeded, counts, cancellationToken))
            {
                yield return deleted;
            }
        }

        await foreach (var shard in traces.DeleteAsync(cancellationToken))
        {
            counts.Deleted++;
            yield return new() { Kind = UpkeepKind.Deleted, Subject = shard, Text = "what became of messages, for longer than it is kept" };
        }

        await foreach (var expansion in expansions.DeleteAsync(cancellationToken))
        {
            counts.Deleted++;
            yield return new() { Kind = UpkeepKind.Deleted, Subject = expansion, Text = "how a message to a group was expanded, which is too old to come again" };
        }

        await foreach (var name in journal.ListAsync("", cancellationToken))
        {
            await foreach (var page in parts.ListReplacedAsync(name, now - releasedAfter, cancellationToken).InPagesAsync(Page))
            {
                turn.ThrowIfLost();
                await foreach (var deleted in DeleteAsync([.. page.Select(blob => (blob.Name, "a replaced part of a grain's state"))], counts, cancellationToken))
                {
                    yield return deleted;
                }
            }
        }

        counts.Stray = await blobs.RemoveStrayAsync(releasedAfter, cancellationToken);
        yield return new() { Kind = UpkeepKind.Summary, Text = $"{counts.Deleted} blobs and {counts.Stray} stray pieces deleted", Counts = counts.ByName() };
    }

    private IAsyncEnumerable<List<StoredBlob>> BodyPagesAsync(CancellationToken cancellationToken) =>
        blobs.ListAsync("", cancellationToken).Where(blob => BlobNames.BodyOf(blob.Name) is not null || UploadedBlobs.Is(blob.Name)).InPagesAsync(Page);

    // Whatever is asked for of bodies: a client may count on its time, and nothing tells when it has used one.
    private static bool IsUploadOver(StoredBlob blob, DateTimeOffset now) => UploadedBlobs.Is(blob.Name) && blob.CreatedAt <= now - UploadedBlobs.Lifetime;

    private async Task<List<(string Name, string Why)>> FindUnneededAsync(
        List<StoredBlob> page, WaitingBodies waiting, DateTimeOffset releasedBefore, DateTimeOffset abandonedBefore)
    {
        var released = page.Where(body => body.IsReleased && body.CreatedAt <= releasedBefore && !waiting.Hold(body.Name));
        var old = page.Where(body => !body.IsReleased && body.CreatedAt <= abandonedBefore).ToList();
        var asked = await holders.FindAbsentAsync(old, waiting);
        var abandoned = asked.Absent.Where(found => found.Owners.Count == found.Body.Owners.Count - found.Body.Released.Count).Select(found => found.Body);
        return
        [
            .. released.Select(body => (body.Name, "every owner has released it")),
            .. abandoned.Select(body => (body.Name, "no owner holds it")),
        ];
    }

    private async IAsyncEnumerable<UpkeepRecord> DeleteAsync(
        List<(string Name, string Why)> unneeded, SweepCounts counts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await blobs.DeleteAsync([.. unneeded.Select(blob => blob.Name)], cancellationToken);
        counts.Deleted += unneeded.Count;
        foreach (var (name, why) in unneeded)
        {
            yield return new() { Kind = UpkeepKind.Deleted, Subject = name, Text = why };
        }
    }
}

/// <summary>What a sweep looked at and deleted.</summary>
internal sealed class SweepCounts
{
    public long Bodies { get; set; }

    public long Deleted { get; set; }

    public long Stray { get; set; }

    public SortedDictionary<string, long> ByName() => new(StringComparer.Ordinal) { ["bodies"] = Bodies, ["deleted"] = Deleted, ["stray"] = Stray };
}
