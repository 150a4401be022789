using System.Runtime.CompilerServices;
using MailCloud.Blobs;
using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Tracing;

namespace MailCloud.Mailboxes.Upkeep;

/// <summary>Deletes shards of the record of what became of messages once their hours are older than it is kept. Their names tell; none is read.</summary>
internal sealed class ExpiredTraces(IJournal journal, IMessageBlobs blobs, TracingOptions options, TimeProvider time)
{
    private const string Prefix = "trace/";
    private const int Page = 256;

    /// <summary>The names of the shards' journals, each when it is deleted.</summary>
    public async IAsyncEnumerable<string> DeleteAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var expired = time.GetUtcNow() - options.Retention;
        await foreach (var name in journal.ListAsync(Prefix, cancellationToken))
        {
            if (TraceShards.EndOf(name[Prefix.Length..]) is not { } end || end > expired)
            {
                continue;
            }

            // The journal last: after a crash it still says that there is something to delete.
            await foreach (var page in blobs.ListAsync($"state/{name}/", cancellationToken).InPagesAsync(Page))
            {
                await blobs.DeleteAsync([.. page.Select(blob => blob.Name)], cancellationToken);
            }

            await journal.DeleteAsync(name, cancellationToken);
            yield return name;
        }
    }
}
