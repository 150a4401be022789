using System.Runtime.CompilerServices;
using MailCloud.Blobs;
using MailCloud.Journal;
using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Upkeep;

/// <summary>
/// Checks every reference and changes nothing: the blob store's own parts, waiting mail → body, journal → manifest → chunks, message → body and its owners, counts,
/// and body → owners. Bodies made after the walk began are passed over: their mail may be anywhere.
/// </summary>
internal sealed class Verifier(
    IMessageBlobs blobs, IJournal journal, WaitingMail mail, BodyHolders holders, StateParts parts, Journaled.GrainStorage storage, Mailbox.ChunkStore chunks)
{
    private const int Page = 256;

    public IAsyncEnumerable<UpkeepRecord> RunAsync(CancellationToken cancellationToken) => RunAsync(new(), cancellationToken);

    /// <param name="counts">Grow while it walks.</param>
    public async IAsyncEnumerable<UpkeepRecord> RunAsync(VerifyCounts counts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var started = storage.Time.GetUtcNow();
        var waiting = new WaitingBodies();
        await foreach (var record in StoreAsync(cancellationToken)
            .Concat(WaitingAsync(waiting, counts, cancellationToken))
            .Concat(JournalsAsync(started, counts, cancellationToken))
            .Concat(BodiesAsync(waiting, started, counts, cancellationToken)))
        {
            counts.Count(record);
            yield return record;
        }

        yield return counts.Summary();
    }

    internal static UpkeepRecord Problem(string subject, string text) => new() { Kind = UpkeepKind.Problem, Subject = subject, Text = text };

    internal static UpkeepRecord Leftover(string subject, string text) => new() { Kind = UpkeepKind.Leftover, Subject = subject, Text = text };

    private async IAsyncEnumerable<UpkeepRecord> StoreAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var fault in blobs.CheckAsync(cancellationToken))
        {
            yield return fault.Kind switch
            {
                BlobFaultKind.ContentMissing => Problem(fault.Name, "the store has its name and not its content; restore it from a backup"),
                BlobFaultKind.LengthDiffers => Problem(fault.Name, "its content has another length than was committed; restore it from a backup"),
                _ => Leftover(fault.Name, "content that no name leads to; the next sweep removes it"),
            };
        }
    }

    private async IAsyncEnumerable<UpkeepRecord> WaitingAsync(
        WaitingBodies waiting, VerifyCounts counts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var (place, message, spooled) in mail.ListAsync(cancellationToken))
        {
            counts.Waiting++;
            waiting.Add(message, spooled);
            var body = await blobs.FindAsync(message.Body.Name, cancellationToken);
            if (body is null)
            {
                yield return Problem(message.Id.ToString(), $"a {place} refers to body {message.Body.Name}, which does not exist; park it and restore the body");
            }
            else if (body.Length != message.Body.Length)
            {
                yield return Problem(
                    message.Id.ToString(), $"a {place} refers to {message.Body.Length} octets of body {body.Name}, which has {body.Length}; restore the body");
            }
        }
    }

    private async IAsyncEnumerable<UpkeepRecord> JournalsAsync(
        DateTimeOffset started, VerifyCounts counts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var name in journal.ListAsync("", cancellationToken))
        {
            counts.Journals++;
            var check = new JournalCheck(name, storage, chunks, blobs, counts);
            foreach (var problem in await check.RunAsync(cancellationToken))
            {
                yield return problem;
            }

            if (!check.Loaded)
            {
                continue;
            }

            await foreach (var blob in parts.ListReplacedAsync(name, started, cancellationToken))
            {
                yield return Leftover(blob.Name, "a part of a grain's state that its manifest does not name; a sweep deletes it when it is old enough");
            }
        }
    }

    private async IAsyncEnumerable<UpkeepRecord> BodiesAsync(
        WaitingBodies waiting, DateTimeOffset started, VerifyCounts counts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var bodies = blobs.ListAsync("", cancellationToken).Where(blob => BlobNames.BodyOf(blob.Name) is not null && blob.CreatedAt <= started);
        await foreach (var page in bodies.InPagesAsync(Page))
        {
            counts.Bodies += page.Count;
            foreach (var body in page.Where(body => body.IsReleased && !waiting.Hold(body.Name)))
            {
                yield return Leftover(body.Name, "every owner has released it; a sweep deletes it when it is old enough");
            }

            var asked = await holders.FindAbsentAsync(page, waiting);
            foreach (var silent in asked.Silent)
            {
                yield return Problem(silent[..silent.IndexOf(": ", StringComparison.Ordinal)], $"it cannot be asked for its bodies: {silent}; see what is reported of its journal");
            }

            foreach (var (body, absent) in asked.Absent)
            {
                yield return Leftover(
                    body.Name, $"{string.Join(", ", absent)} neither holds nor has released it; if nobody else holds it, a sweep deletes it when it is old enough");
            }
        }
    }
}

/// <summary>What a verification looked at and found.</summary>
internal sealed class VerifyCounts
{
    private long problems;
    private long leftovers;

    public long Waiting { get; set; }

    public long Journals { get; set; }

    public long Mailboxes { get; set; }

    public long Messages { get; set; }

    public long Bodies { get; set; }

    public void Count(UpkeepRecord record)
    {
        problems += record.Kind == UpkeepKind.Problem ? 1 : 0;
        leftovers += record.Kind == UpkeepKind.Leftover ? 1 : 0;
    }

    public UpkeepRecord Summary() => new()
    {
        Kind = UpkeepKind.Summary,
        Text = $"{problems} problems and {leftovers} leftovers in {Mailboxes} mailboxes with {Messages} messages, {Bodies} bodies and {Waiting} waiting entries",
        Counts = ByName(),
    };

    public SortedDictionary<string, long> ByName() => new(StringComparer.Ordinal)
    {
        ["problems"] = problems,
        ["leftovers"] = leftovers,
        ["waiting"] = Waiting,
        ["journals"] = Journals,
        ["mailboxes"] = Mailboxes,
        ["messages"] = Messages,
        ["bodies"] = Bodies,
    };
}
