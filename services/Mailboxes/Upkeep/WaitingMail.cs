using System.Globalization;
using System.Runtime.CompilerServices;
using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Queue;

namespace MailCloud.Mailboxes.Upkeep;

/// <summary>
/// All mail that is not filed yet. It is listed in the direction in which mail moves, so that an entry that moves meanwhile is met at least once: parked before the queue
/// because of replays, the queue before parked and spool. What was filed meanwhile is found in its mailbox, which is asked after all of these.
/// </summary>
internal sealed class WaitingMail(IMailQueue queue, IJournal journal, IGrainFactory grains)
{
    private const int Page = 256;
    private const string SpoolPrefix = "spool/";

    public async IAsyncEnumerable<(string Place, QueuedMessage Message, SpoolEntry? Spooled)> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var parked in queue.ListParkedAsync(cancellationToken))
        {
            yield return ("parked entry", parked.Message, null);
        }

        await foreach (var message in queue.ListAsync(cancellationToken))
        {
            yield return ("queue entry", message, null);
        }

        await foreach (var parked in queue.ListParkedAsync(cancellationToken))
        {
            yield return ("parked entry", parked.Message, null);
        }

        await foreach (var shard in ShardsAsync(cancellationToken))
        {
            await foreach (var entry in ListShardAsync(shard, cancellationToken))
            {
                yield return ("spool entry", entry.Message, entry);
            }
        }
    }

    /// <summary>The shards of the spool that were ever written.</summary>
    public IAsyncEnumerable<long> ShardsAsync(CancellationToken cancellationToken) =>
        journal.ListAsync(SpoolPrefix, cancellationToken).Select(shard => long.Parse(shard.AsSpan(SpoolPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture));

    /// <summary>What waits in one shard.</summary>
    public async IAsyncEnumerable<SpoolEntry> ListShardAsync(long shard, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var after = "";
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var page = await grains.GetGrain<ISpoolGrain>(shard).GetPageAsync(SpoolFilter.Everything, after, Page);
            foreach (var entry in page)
            {
                yield return entry;
            }

            if (page.Count < Page)
            {
                yield break;
            }

            after = page[^1].Key;
        }
    }
}

/// <summary>Whose bodies wait: a name for each queued or parked message and for each spool entry, which is what this walk needs in memory.</summary>
internal sealed class WaitingBodies
{
    private readonly HashSet<string> queued = new(StringComparer.Ordinal);
    private readonly HashSet<(string Body, string Owner)> spooled = [];

    public void Add(QueuedMessage message, SpoolEntry? entry)
    {
        if (entry is null)
        {
            queued.Add(message.Body.Name);
            return;
        }

        foreach (var owner in BodyOwner.Of(message.Id, message.Envelope.Recipients))
        {
            spooled.Add((message.Body.Name, owner));
        }
    }

    /// <summary>A queued message holds its body for all of its owners: what becomes of them is not decided yet.</summary>
    public bool Hold(string body) => queued.Contains(body);

    public bool Hold(string body, string owner) => spooled.Contains((body, owner));
}
