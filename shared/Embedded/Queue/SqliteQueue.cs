using System.Runtime.CompilerServices;
using MailCloud.Embedded.Sqlite;
using MailCloud.Messages;
using MailCloud.Queue;
using Orleans.Serialization;

namespace MailCloud.Embedded.Queue;

/// <summary>
/// The delivery queue as rows of the storage file. An entry goes to a consumer in memory as soon as it is committed; the disk is read only by
/// consumers that are behind, and for entries that were delayed.
/// </summary>
internal sealed class SqliteQueue : IMailQueue, IDisposable
{
    private const int Page = 256;
    private const int PageBytes = 4 << 20;

    /// <summary>Until an entry whose settlement failed comes again: long enough that a full disk is no busy loop.</summary>
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(1);

    private readonly EmbeddedStore store;
    private readonly Serializer serializer;
    private readonly TimeProvider time;
    private readonly ReadyEntries ready;
    private readonly SemaphoreSlim reading = new(1);
    private long waiting;
    private long parked;

    public SqliteQueue(EmbeddedStore store, Serializer serializer, TimeProvider time)
    {
        this.store = store;
        this.serializer = serializer;
        this.time = time;
        var found = store.AtStart;
        waiting = found.Waiting;
        parked = found.Parked;
        ready = new ReadyEntries(found.LastEntry, nextDue: 0);
    }

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    public async Task PublishAsync(QueuedMessage message, CancellationToken cancellationToken)
    {
        var bytes = serializer.Encode(message);
        try
        {
            await store.Writer.WriteAsync(
                database => Insert(database, bytes), id => Published(new QueueEntry(id, message, bytes.Length, 0)), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (DiskFull.Is(e))
        {
            throw new QueueFullException(e);
        }
    }

    public async IAsyncEnumerable<QueueDelivery> ConsumeAsync(int prefetch, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var consumer = new QueueConsumer(prefetch);
        try
        {
            while (true)
            {
                await consumer.WaitForSlotAsync(cancellationToken).ConfigureAwait(false);
                var delivery = new SqliteDelivery(this, consumer, await TakeAsync(cancellationToken).ConfigureAwait(false));
                consumer.Hold(delivery);
                yield return delivery;
            }
        }
        finally
        {
            foreach (var delivery in consumer.ReleaseAll())
            {
                ready.Return(delivery.Entry, due: 0);
            }
        }
    }

    public Task<QueueDepth> GetDepthAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new QueueDepth(Interlocked.Read(ref waiting), Interlocked.Read(ref parked)));

    public async IAsyncEnumerable<QueuedMessage> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var after = 0L;
        while (true)
        {
            var page = await store.Reader.ReadAsync(database => ReadAll(database, after), cancellationToken).ConfigureAwait(false);
            foreach (var entry in page)
            {
                yield return entry.Message;
            }

            if (page.Count == 0)
            {
                yield break;
            }

            after = page[^1].Id;
        }
    }

    public async IAsyncEnumerable<ParkedMessage> ListParkedAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var after = 0L;
        while (true)
        {
            var page = await store.Reader.ReadAsync(database => ReadParked(database, after), cancellationToken).ConfigureAwait(false);
            foreach (var (_, message) in page)
            {
                yield return message;
            }

            if (page.Count == 0)
            {
                yield break;
            }

            after = page[^1].Id;
        }
    }

    public async Task<bool> ReplayParkedAsync(DeliveryId id, CancellationToken cancellationToken)
    {
        var replayed = await store.Writer.WriteAsync(database => Replay(database, id), Replayed, cancellationToken).ConfigureAwait(false);
        return replayed is not null;
    }

    public void Dispose() => reading.Dispose();

    internal Task DeleteAsync(QueueEntry entry, CancellationToken cancellationToken) => store.Writer.WriteAsync(
        database =>
        {
            using var delete = database.Prepare("DELETE FROM entry WHERE id = ?");
            return delete.Bind(entry.Id).Run();
        },
        deleted =>
        {
            ready.Settled(entry.Id);
            Interlocked.Add(ref waiting, -deleted);
        },
        cancellationToken);

    internal Task DelayAsync(QueueEntry entry, TimeSpan delay, CancellationToken cancellationToken)
    {
        // 0 in the column means that it was never delayed.
        var due = Math.Max(1, Now + (long)delay.TotalMilliseconds);
        return store.Writer.WriteAsync(
            database =>
            {
                using var update = database.Prepare("UPDATE entry SET failures = ?, due = ? WHERE id = ?");
                return update.Bind(entry.Failures + 1).Bind(due).Bind(entry.Id).Run();
            },
            _ => ready.Delayed(entry.Id, due),
            cancellationToken);
    }

    internal Task ParkAsync(QueueEntry entry, string reason, CancellationToken cancellationToken)
    {
        var now = Now;
        return store.Writer.WriteAsync(
            database => Park(database, entry, reason, now),
            moved =>
            {
                ready.Settled(entry.Id);
                Interlocked.Add(ref waiting, -moved);
                Interlocked.Add(ref parked, moved);
            },
            cancellationToken);
    }

    internal void ReturnLater(QueueEntry entry) => ready.Return(entry, Now + (long)AgainAfter.TotalMilliseconds);

    private static long Insert(Database database, ReadOnlyMemory<byte> bytes)
    {
        using var insert = database.Prepare("INSERT INTO entry (message) VALUES (?)");
        insert.Bind(bytes.Span).Run();
        return database.LastInsertId;
    }

    /// <summary>From row to row, so that an entry that is gone already is not parked a second time.</summary>
    private static int Park(Database database, QueueEntry entry, string reason, long now)
    {
        using var insert = database.Prepare("INSERT INTO parked (delivery, reason, parked, message) SELECT ?, ?, ?, message FROM entry WHERE id = ?");
        using var delete = database.Prepare("DELETE FROM entry WHERE id = ?");
        insert.Bind(entry.Message.Id.ToString()).Bind(reason).Bind(now).Bind(entry.Id).Run();
        return delete.Bind(entry.Id).Run();
    }

    private void Published(QueueEntry entry)
    {
        Interlocked.Increment(ref waiting);
        ready.Committed(entry);
    }

    /// <summary>Back to the end of the queue, as if it had never failed: the operator says that the cause is gone.</summary>
    private QueueEntry? Replay(Database database, DeliveryId delivery)
    {
        long id;
        byte[] bytes;
        using (var find = database.Prepare("SELECT id, message FROM parked WHERE delivery = ? ORDER BY id LIMIT 1").Bind(delivery.ToString()))
        {
            if (!find.Step())
            {
                return null;
            }

            id = find.Long(0);
            bytes = find.Blob(1);
        }

        using var delete = database.Prepare("DELETE FROM parked WHERE id = ?");
        delete.Bind(id).Run();
        return new QueueEntry(Insert(database, bytes), serializer.Decode<QueuedMessage>(bytes), bytes.Length, 0);
    }

    private void Replayed(QueueEntry? entry)
    {
        if (entry is not null)
        {
            Interlocked.Decrement(ref parked);
            Published(entry);
        }
    }

    private async ValueTask<QueueEntry> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = ready.Changed;
            var now = Now;
            if (ready.NextDue <= now)
            {
                await ReadDueAsync(now, cancellationToken).ConfigureAwait(false);
            }

            if (ready.Take(now) is { } entry)
            {
                return entry;
            }

            if (ready.Backlog is not null)
            {
                await ReadBacklogAsync(cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await WaitAsync(changed, ready.NextDue, now, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Until something changes in memory or the next delayed entry is due; the disk is not asked meanwhile.</summary>
    private async Task WaitAsync(Task changed, long due, long now, CancellationToken cancellationToken)
    {
        if (due == long.MaxValue)
        {
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        // Timers take no more than 49 days; waking up once too often does no harm.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var timer = Task.Delay(TimeSpan.FromMilliseconds(Math.Clamp(due - now, 1, 86_400_000)), time, stop.Token);
        await Task.WhenAny(changed, timer).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task ReadBacklogAsync(CancellationToken cancellationToken)
    {
        await reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Another consumer may have read it while this one waited. The rows through the last committed one were there before the read
            // began, so a page that ends early has seen all of them.
            if (ready.Backlog is { } backlog && ready.IsEmpty)
            {
                var (page, whole) = await store.Reader.ReadAsync(database => ReadPage(database, backlog.From), cancellationToken).ConfigureAwait(false);
                ready.Read(page, whole ? Math.Max(backlog.Through, page.Count > 0 ? page[^1].Id : 0) : page[^1].Id);
            }
        }
        finally
        {
            reading.Release();
        }
    }

    private async Task ReadDueAsync(long now, CancellationToken cancellationToken)
    {
        await reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (ready.BeginReadDue(now) is not { } held)
            {
                return;
            }

            List<QueueEntry> due = [];
            var next = now;
            try
            {
                (due, next) = await store.Reader.ReadAsync(database => ReadDue(database, now, Page + held), cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                ready.ReadDue(due, next);
            }
        }
        finally
        {
            reading.Release();
        }
    }

    private (List<QueueEntry> Page, bool Whole) ReadPage(Database database, long from)
    {
        using var statement = database.Prepare("SELECT id, failures, message FROM entry WHERE id >= ? AND due = 0 ORDER BY id LIMIT ?")
            .Bind(from).Bind(Page);
        return ReadEntries(statement, Page);
    }

    private List<QueueEntry> ReadAll(Database database, long after)
    {
        using var statement = database.Prepare("SELECT id, failures, message FROM entry WHERE id > ? ORDER BY id LIMIT ?").Bind(after).Bind(Page);
        return ReadEntries(statement, Page).Page;
    }

    private (List<QueueEntry> Due, long Next) ReadDue(Database database, long now, int limit)
    {
        List<QueueEntry> due = [];
        var rows = 0;
        using (var statement = database.Prepare("SELECT id, failures, message FROM entry WHERE due > 0 AND due <= ? ORDER BY due LIMIT ?").Bind(now).Bind(limit))
        {
            for (; statement.Step(); rows++)
            {
                if (due.Count < Page && !ready.Holds(statement.Long(0)))
                {
                    due.Add(ReadEntry(statement));
                }
            }
        }

        if (rows == limit)
        {
            return (due, now);
        }

        using var later = database.Prepare("SELECT due FROM entry WHERE due > ? ORDER BY due LIMIT 1").Bind(now);
        return (due, later.Step() ? later.Long(0) : long.MaxValue);
    }

    /// <summary>Whole: the statement had no further rows.</summary>
    private (List<QueueEntry> Page, bool Whole) ReadEntries(Statement statement, int limit)
    {
        List<QueueEntry> page = [];
        var size = 0;
        while (size < PageBytes && statement.Step())
        {
            page.Add(ReadEntry(statement));
            size += page[^1].Size;
        }

        return (page, size < PageBytes && page.Count < limit);
    }

    private QueueEntry ReadEntry(Statement statement)
    {
        var bytes = statement.Blob(2);
        return new QueueEntry(statement.Long(0), serializer.Decode<QueuedMessage>(bytes), bytes.Length, (int)statement.Long(1));
    }

    private List<(long Id, ParkedMessage Message)> ReadParked(Database database, long after)
    {
        using var statement = database.Prepare("SELECT id, reason, parked, message FROM parked WHERE id > ? ORDER BY id LIMIT ?").Bind(after).Bind(Page);
        List<(long, ParkedMessage)> page = [];
        while (statement.Step())
        {
            var message = serializer.Decode<QueuedMessage>(statement.Blob(3));
            page.Add((statement.Long(0), new ParkedMessage(message, statement.Text(1), DateTimeOffset.FromUnixTimeMilliseconds(statement.Long(2)))));
        }

        return page;
    }
}
