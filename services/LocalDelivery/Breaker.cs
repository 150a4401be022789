namespace MailCloud.LocalDelivery;

/// <summary>
/// Knows whether the mailboxes and stores are out of reach altogether. It opens when several different ones have failed and none has answered in
/// between, and closes with the first answer. While it is open, entries are taken from the queue one by one, as probes, and no failures are recorded for them.
/// </summary>
internal sealed class Breaker(TimeProvider time)
{
    /// <summary>One mailbox and its spool shard may be ill together; a third failure without any success between is no longer about one mailbox.</summary>
    private const int OpensAt = 3;

    private readonly Lock gate = new();
    private readonly HashSet<string> failing = new(StringComparer.Ordinal);
    private TaskCompletionSource closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool anyFailing;

    public bool IsOpen { get; private set; }

    /// <summary>Something answered, whatever it said.</summary>
    public void Answered()
    {
        if (!anyFailing)
        {
            return;
        }

        lock (gate)
        {
            failing.Clear();
            anyFailing = false;
            if (IsOpen)
            {
                IsOpen = false;
                closed.SetResult();
                closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    /// <summary>A mailbox, spool shard or body did not answer. True when this opened the breaker.</summary>
    public bool Failed(string what)
    {
        lock (gate)
        {
            anyFailing = true;
            if (!IsOpen)
            {
                failing.Add(what);
                IsOpen = failing.Count >= OpensAt;
                return IsOpen;
            }

            return false;
        }
    }

    /// <summary>Returns when the breaker is closed, at the latest after the given time.</summary>
    public async Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        Task untilClosed;
        lock (gate)
        {
            if (!IsOpen)
            {
                return;
            }

            untilClosed = closed.Task;
        }

        try
        {
            await untilClosed.WaitAsync(atMost, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Still open: the caller probes.
        }
    }
}
