namespace MailCloud.Wire;

/// <summary>
/// When a session is to end because its process does. The listeners are closed at once; each session has a moment of its own after that, at which it says goodbye as soon as it waits for a command.
/// What still runs some seconds later is cut off by the end of the process (Hosting:DrainTimeout).
/// </summary>
public sealed class Farewell : IDisposable
{
    /// <summary>For who may finish what is begun: 5 s less than Hosting:DrainTimeout, for the words and the close of the connection.</summary>
    public static readonly TimeSpan Latest = TimeSpan.FromSeconds(20);

    /// <summary>Longer than a client takes from a reply to its next command: who is in the middle of something goes on with it.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    /// <summary>Whoever is told goodbye comes back to another edge, and a login there costs about 3 ms of a core.</summary>
    private const int SessionsPerSecond = 200;

    private readonly CancellationTokenSource end;
    private readonly CancellationTokenRegistration registration;

    private Farewell(Func<TimeSpan> after, TimeProvider time, CancellationToken stopping)
    {
        end = new(Timeout.InfiniteTimeSpan, time);
        registration = stopping.UnsafeRegister(_ => end.CancelAfter(after()), null);
    }

    /// <summary>Ends when it is time to go.</summary>
    public CancellationToken Token => end.Token;

    /// <summary>After a grace period, spread over as long as it takes the others to let so many in.</summary>
    /// <param name="sessions">How many there are.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stopping">Ends when the process is told to end.</param>
    public static Farewell Spread(Func<int> sessions, TimeProvider time, CancellationToken stopping) => new(
        () =>
        {
            var spread = TimeSpan.FromSeconds((double)sessions() / SessionsPerSecond);
            return Grace + (Random.Shared.NextDouble() * (spread < Latest - Grace ? spread : Latest - Grace));
        },
        time,
        stopping);

    /// <summary>As late as it can be.</summary>
    public static Farewell AtLast(TimeProvider time, CancellationToken stopping) => new(() => Latest, time, stopping);

    public void Dispose()
    {
        registration.Dispose();
        end.Dispose();
    }
}
