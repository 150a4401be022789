namespace MailCloud.Embedded.Queue;

/// <summary>What one consumer holds unsettled, at most its prefetch.</summary>
internal sealed class QueueConsumer(int prefetch) : IDisposable
{
    private readonly HashSet<SqliteDelivery> unsettled = [];
    private readonly SemaphoreSlim slots = new(prefetch);

    public Task WaitForSlotAsync(CancellationToken cancellationToken) => slots.WaitAsync(cancellationToken);

    public void Hold(SqliteDelivery delivery)
    {
        lock (unsettled)
        {
            unsettled.Add(delivery);
        }
    }

    /// <summary>False: it is not this consumer's any more.</summary>
    public bool Release(SqliteDelivery delivery)
    {
        lock (unsettled)
        {
            if (!unsettled.Remove(delivery))
            {
                return false;
            }
        }

        slots.Release();
        return true;
    }

    /// <summary>Takes away all that it holds, because it consumes no more.</summary>
    public List<SqliteDelivery> ReleaseAll()
    {
        lock (unsettled)
        {
            var all = unsettled.OrderBy(delivery => delivery.Entry.Id).ToList();
            unsettled.Clear();
            return all;
        }
    }

    /// <summary>After <see cref="ReleaseAll"/>, from when on nobody gives a slot back.</summary>
    public void Dispose() => slots.Dispose();
}
