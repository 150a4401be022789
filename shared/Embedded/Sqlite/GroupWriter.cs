using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace MailCloud.Embedded.Sqlite;

/// <summary>
/// The only writer of the file, on a thread of its own. It takes the writes that have gathered, runs them in one transaction and completes
/// all of them when it is durable. A write that fails, fails alone: the transaction is rolled back and its writes are committed one by one.
/// A commit that fails, fails every write in it, and whether they were written is open.
/// </summary>
internal sealed class GroupWriter : IDisposable
{
    /// <summary>Writes in one transaction; beyond some hundreds a group gains nothing and only holds its first writes up.</summary>
    private const int MaxGroup = 512;

    /// <summary>Writes that may wait; callers beyond it wait for room, so that memory is bounded.</summary>
    private const int MaxWaiting = 4096;

    private readonly Channel<WriteRequest> waiting = Channel.CreateBounded<WriteRequest>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });
    private readonly Database database;
    private readonly EmbeddedTelemetry telemetry;
    private readonly ILogger logger;
    private readonly Thread thread;

    public GroupWriter(Database database, EmbeddedTelemetry telemetry, ILogger logger)
    {
        this.database = database;
        this.telemetry = telemetry;
        this.logger = logger;
        thread = new Thread(Run) { Name = "mailcloud storage writer", IsBackground = true };
        thread.Start();
    }

    /// <summary>
    /// Runs <paramref name="work"/> on the writer's thread within a transaction and returns its result when that is durable. The work may be
    /// run twice, the first run rolled back. <paramref name="committed"/> runs on the writer's thread, in the order of the writes, before the caller hears of it.
    /// Cancelling has an effect only until the write is taken.
    /// </summary>
    public async Task<T> WriteAsync<T>(Func<Database, T> work, Action<T>? committed, CancellationToken cancellationToken)
    {
        var request = new WriteRequest<T>(work, committed);
        try
        {
            await waiting.Writer.WriteAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException(nameof(GroupWriter));
        }

        return await request.Completion.ConfigureAwait(false);
    }

    /// <summary>Finishes the writes that wait, then stops.</summary>
    public void Dispose()
    {
        waiting.Writer.TryComplete();
        thread.Join();
    }

    private void Run()
    {
        var group = new List<WriteRequest>(MaxGroup);
        while (WaitForWork())
        {
            while (group.Count < MaxGroup && waiting.Reader.TryRead(out var request))
            {
                group.Add(request);
            }

            if (!TryCommit(group))
            {
                foreach (var request in group)
                {
                    TryCommit([request]);
                }
            }

            group.Clear();
        }
    }

    private bool WaitForWork() => waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>False: a write of several failed and nothing was kept or answered. True: all have their answer.</summary>
    private bool TryCommit(List<WriteRequest> group)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            database.Execute("BEGIN IMMEDIATE");
            if (!RunAll(group))
            {
                return false;
            }

            database.Execute("COMMIT");
        }
        catch (Exception e)
        {
            logger.CommitFailed(e, group.Count);
            Rollback();
            group.ForEach(request => request.Fail(e));
            return true;
        }

        telemetry.Committed(group.Count, Stopwatch.GetElapsedTime(started));
        group.ForEach(request => request.Committed());
        group.ForEach(request => request.Succeed());
        return true;
    }

    private bool RunAll(List<WriteRequest> group)
    {
        foreach (var request in group)
        {
            try
            {
                request.Run(database);
            }
            catch (Exception e) when (group.Count > 1)
            {
                logger.GroupFailed(e, group.Count);
                Rollback();
                return false;
            }
        }

        return true;
    }

    private void Rollback()
    {
        try
        {
            if (database.InTransaction)
            {
                database.Execute("ROLLBACK");
            }
        }
        catch (Exception e)
        {
            // The next BEGIN fails then, and with it the writes of its group: nothing is ever committed on top of an unfinished transaction.
            logger.CommitFailed(e, 0);
        }
    }

    private abstract class WriteRequest
    {
        public abstract void Run(Database database);

        public abstract void Committed();

        public abstract void Succeed();

        public abstract void Fail(Exception error);
    }

    private sealed class WriteRequest<T>(Func<Database, T> work, Action<T>? committed) : WriteRequest
    {
        // Continuations never run on the writer's thread: it has the next group to write.
        private readonly TaskCompletionSource<T> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T result = default!;

        public Task<T> Completion => completion.Task;

        public override void Run(Database database) => result = work(database);

        public override void Committed() => committed?.Invoke(result);

        public override void Succeed() => completion.SetResult(result);

        public override void Fail(Exception error) => completion.SetException(error);
    }
}
