using System.Diagnostics;
using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.LocalDelivery;

/// <summary>Gives what must wait to the spool. A repeat changes nothing: the spool knows an entry by message and destination.</summary>
internal sealed class SpoolHandOver(IGrainFactory grains, GrainCalls calls, RetryHints hints, Breaker breaker, TimeProvider time, ILogger<SpoolHandOver> logger)
{
    /// <summary>Most mailboxes that do not answer were on a silo that has just died, and are elsewhere within seconds. The spool's schedule, of a minute and more, begins with the report of this first retry.</summary>
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(10);

    /// <summary>True when its sender wants a message released later than now (RFC 4865 §4.2, items 5 and 6).</summary>
    public bool Holds(QueuedMessage message) => message.Envelope.HoldUntil > time.GetUtcNow();

    public SpoolEntry Deferred(QueuedMessage message, EnvelopeRecipient recipient, AccountId account, string reason) =>
        Local(message, recipient, account) with { DueAt = time.GetUtcNow() + FirstRetry, LastError = reason };

    public static SpoolEntry Held(QueuedMessage message, EnvelopeRecipient recipient, AccountId account) =>
        Local(message, recipient, account) with { DueAt = message.ReleasedAt };

    public SpoolEntry Outbound(QueuedMessage message, EnvelopeRecipient recipient, EmailAddress remote) => new()
    {
        Message = Narrow(message, recipient with { Mailboxes = [], Remote = [remote] }),
        Kind = SpoolKind.Outbound,
        DueAt = Holds(message) ? message.ReleasedAt : time.GetUtcNow(),
    };

    /// <summary>Returns when all entries are durable in their shards.</summary>
    public Task AddAsync(IReadOnlyList<SpoolEntry> entries) =>
        Task.WhenAll(entries.GroupBy(ShardOf).Select(shard => AddAsync(shard.Key, [.. shard])));

    public static int ShardOf(SpoolEntry entry) =>
        SpoolShards.Of(entry.Kind == SpoolKind.Local ? entry.Recipient.Address.AsciiDomain : entry.Recipient.Remote[0].AsciiDomain);

    private async Task AddAsync(int shard, IReadOnlyList<SpoolEntry> entries)
    {
        try
        {
            await calls.CallAsync(() => grains.GetGrain<ISpoolGrain>(shard).AddAsync(entries), CancellationToken.None);
        }
        catch (Exception)
        {
            if (breaker.Failed($"spool {shard}"))
            {
                DeliveryLog.Paused(logger);
            }

            throw;
        }

        if (entries.Any(e => e.Kind == SpoolKind.Local && !Holds(e.Message)))
        {
            hints.Waiting(shard);
        }
    }

    private static SpoolEntry Local(QueuedMessage message, EnvelopeRecipient recipient, AccountId account) => new()
    {
        Message = Narrow(message, recipient with { Mailboxes = [account], Remote = [] }),
        Kind = SpoolKind.Local,
    };

    // What waits is mail, whatever it was to its other recipients: terminals are for who is there now. The next attempt continues the trace of this one.
    private static QueuedMessage Narrow(QueuedMessage message, EnvelopeRecipient recipient) => message with
    {
        Envelope = message.Envelope with { Recipients = [recipient], Kind = TransactionKind.Mail },
        TraceParent = Activity.Current?.Id ?? message.TraceParent,
    };
}
