using MailCloud.MailboxContracts;

namespace MailCloud.OutboundRelay.Sending;

/// <summary>
/// What a connection sends next: leased, and made ready, while the message before it is being sent, so that the connection does not wait for the stores. One message is ahead, not more.
/// </summary>
/// <param name="entries">What to begin with.</param>
/// <param name="most">Messages that the connection may carry.</param>
/// <param name="leaseAsync">Further entries; none when nothing more is due.</param>
/// <param name="prepareAsync">Makes entries of one message ready.</param>
internal sealed class Upcoming(IReadOnlyList<SpoolEntry> entries, int most, Func<Task<List<SpoolEntry>>> leaseAsync, Func<SpoolEntry[], Task<PreparedMessage>> prepareAsync)
{
    private readonly Queue<SpoolEntry[]> transactions = Transactions(entries);
    private SpoolEntry[] inPreparation = [];
    private Task<PreparedMessage?>? ahead;
    private int begun;

    /// <summary>The next message, after which one more is begun; null when there is none for this connection.</summary>
    public async Task<PreparedMessage?> TakeAsync()
    {
        var message = await (ahead ?? PrepareAsync());
        inPreparation = [];
        ahead = message is null ? Task.FromResult(message) : PrepareAsync();
        return message;
    }

    /// <summary>Waits for what is still being made ready.</summary>
    /// <returns>Entries that were not taken.</returns>
    public async Task<IReadOnlyList<SpoolEntry>> EndAsync()
    {
        await (ahead ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return [.. inPreparation, .. transactions.SelectMany(t => t)];
    }

    private static Queue<SpoolEntry[]> Transactions(IReadOnlyList<SpoolEntry> entries) => new(entries.GroupBy(e => e.Message.Id).Select(m => m.ToArray()));

    private async Task<PreparedMessage?> PrepareAsync()
    {
        if (begun == most)
        {
            return null;
        }

        if (transactions.Count == 0)
        {
            foreach (var transaction in Transactions(await leaseAsync()))
            {
                transactions.Enqueue(transaction);
            }
        }

        if (!transactions.TryDequeue(out var next))
        {
            return null;
        }

        begun++;
        inPreparation = next;
        return await prepareAsync(next);
    }
}
