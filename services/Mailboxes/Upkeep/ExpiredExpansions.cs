using System.Runtime.CompilerServices;
using MailCloud.Blobs;
using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Directory;

namespace MailCloud.Mailboxes.Upkeep;

/// <summary>Deletes what is known of how messages to groups were expanded, once they are too old to come again. The names tell how old they are; none is read.</summary>
internal sealed class ExpiredExpansions(IJournal journal, IMessageBlobs blobs, TimeProvider time)
{
    private const int Page = 256;

    /// <summary>Who expands a message looks at its age first, and is done long before this is over.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromDays(1);

    /// <summary>The names of their journals, each when it is deleted.</summary>
    public async IAsyncEnumerable<string> DeleteAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var expired = time.GetUtcNow() - Expansions.Window - Margin;
        await foreach (var name in journal.ListAsync(ExpansionGrain.JournalPrefix, cancellationToken))
        {
            if (Expansions.DeliveryOf(name[ExpansionGrain.JournalPrefix.Length..]) is not { } delivery || delivery.AcceptedAt > expired)
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
