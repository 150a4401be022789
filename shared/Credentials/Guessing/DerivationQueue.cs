using System.Net;

namespace MailCloud.Credentials.Guessing;

/// <summary>
/// Lets so many key derivations run at once, so that logins never have all of the machine's cores. Those who wait are served by network in turn: a thousand attempts of one
/// network keep another's one waiting for one derivation. Attempts from networks that their account knows go before all others, and have their own room.
/// </summary>
internal sealed class DerivationQueue(int atOnce, int room)
{
    private readonly Lock gate = new();
    private readonly Lane trusted = new();
    private readonly Lane others = new();
    private int running;

    /// <summary>Half of the cores, at least one: the other half is left to those who are logged in.</summary>
    public static int AtOnce => Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>Attempts that may wait in each lane: eight seconds of one core at 15,000 iterations.</summary>
    public const int Room = 1000;

    /// <summary>A turn, given back by disposing it; null when too many wait already.</summary>
    public async Task<IDisposable?> EnterAsync(IPNetwork network, bool isTrusted, CancellationToken cancellationToken)
    {
        TaskCompletionSource waiter;
        lock (gate)
        {
            if (running < atOnce)
            {
                running++;
                return new Turn(this);
            }

            var lane = isTrusted ? trusted : others;
            if (lane.Count >= room)
            {
                return null;
            }

            waiter = new(TaskCreationOptions.RunContinuationsAsynchronously);
            lane.Add(network, waiter);
        }

        // Who leaves stays in the line until its turn comes, and is then passed over.
        using (cancellationToken.UnsafeRegister(static (w, token) => ((TaskCompletionSource)w!).TrySetCanceled(token), waiter))
        {
            await waiter.Task.ConfigureAwait(false);
        }

        return new Turn(this);
    }

    private void Leave()
    {
        lock (gate)
        {
            while ((trusted.TryTake() ?? others.TryTake()) is { } next)
            {
                if (next.TrySetResult())
                {
                    return;
                }
            }

            running--;
        }
    }

    private sealed class Turn(DerivationQueue queue) : IDisposable
    {
        public void Dispose() => queue.Leave();
    }

    /// <summary>Waiters by network; the networks stand in a circle.</summary>
    private sealed class Lane
    {
        private readonly Dictionary<IPNetwork, Queue<TaskCompletionSource>> waiting = [];
        private readonly Queue<IPNetwork> circle = new();

        public int Count { get; private set; }

        public void Add(IPNetwork network, TaskCompletionSource waiter)
        {
            if (!waiting.TryGetValue(network, out var line))
            {
                waiting[network] = line = new();
                circle.Enqueue(network);
            }

            line.Enqueue(waiter);
            Count++;
        }

        public TaskCompletionSource? TryTake()
        {
            if (!circle.TryDequeue(out var network))
            {
                return null;
            }

            var line = waiting[network];
            var next = line.Dequeue();
            Count--;
            if (line.Count > 0)
            {
                circle.Enqueue(network);
            }
            else
            {
                waiting.Remove(network);
            }

            return next;
        }
    }
}
