using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>
/// Empties a mailbox's outbox: tells the blob store that bodies are needed here no more, then records that it did. Only what is durable is released, and a release is a
/// member of a set: a crash between the two repeats it and changes nothing. Runs beside the grain's calls, one at a time.
/// </summary>
internal sealed class BodyReleaser(MailboxState state, ChunkStore chunks, IMessageBlobs blobs, AccountId account, TimeProvider time)
{
    private const int AtOnce = 100;

    /// <param name="durable">Completes when what is recorded is durable.</param>
    /// <param name="record">Records an event.</param>
    public async Task RunAsync(Func<Task> durable, Action<MailboxEvent> record)
    {
        while (state.Bodies.HasUnreleased)
        {
            if (state.Bodies.Outbox.Count > 0)
            {
                await ReleaseAsync(durable, record);
            }
            else
            {
                await ReadDiscardAsync(state.Bodies.Discards[0], record);
            }
        }
    }

    private async Task ReleaseAsync(Func<Task> durable, Action<MailboxEvent> record)
    {
        var bodies = state.Bodies.Outbox.Take(AtOnce).ToArray();
        await durable();
        var owner = BodyOwner.Mailbox(account);
        await Task.WhenAll(bodies.Select(body => blobs.ReleaseAsync(BodyRef.NameFor(account.Tenant, new(body)), owner, CancellationToken.None)));
        record(new BodiesReleased { Bodies = bodies });
    }

    private async Task ReadDiscardAsync(Chunk discard, Action<MailboxEvent> record)
    {
        var rows = await chunks.RowsAsync(discard);
        var left = Array.FindAll(rows.Rows, row => UidRanges.Contains(discard.Uids, row.Uid));
        var modSeq = state.ModSeq + 1;
        record(new DiscardRead
        {
            RowsBlob = discard.RowsBlob,
            Bodies = Array.ConvertAll(left, row => row.Body),
            Threads = Array.ConvertAll(left, row => row.Thread),
            CreatedModSeqs = Array.ConvertAll(left, row => row.CreatedModSeq),
            ModSeq = modSeq,
        });
        record(FoldersRenamed.Nothing(modSeq, time.GetUtcNow()));
    }
}
