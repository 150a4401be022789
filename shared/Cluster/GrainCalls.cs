namespace MailCloud.Cluster;

/// <summary>
/// Calls of grains that outlast the loss of a silo: one that fails or is not answered is made again, until the patience of who waits is used up. Meanwhile the other silos declare the lost one dead,
/// and its grains are made anew there. Who changes something gives an operation id, so that a repeat changes nothing more.
/// </summary>
/// <param name="patience">How long a call is repeated.</param>
/// <param name="time">The clock of it.</param>
/// <param name="stopping">Ends when the process is to end: what fails from then on is not repeated.</param>
public sealed class GrainCalls(TimeSpan patience, TimeProvider time, CancellationToken stopping)
{
    /// <summary>
    /// How long one attempt may take. A call on its way to a silo that is killed is neither answered nor refused: only the clock tells. Longer than a cold mailbox takes to load; one that takes longer
    /// gets the call again and answers both.
    /// </summary>
    public static readonly TimeSpan AttemptLimit = TimeSpan.FromSeconds(5);

    /// <summary>A grain that moves, or whose journal did, answers at once at its new place.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);

    /// <summary>A dead silo is known as one within seconds: what waits longer between two attempts would add to that.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>Attempts at what fails by an error of the program: it is the same each time.</summary>
    private const int AttemptsAtErrors = 3;

    /// <summary>For the calls of one piece of work together, such as a mail transaction.</summary>
    public Patience NewPatience() => new(patience);

    /// <exception cref="GrainUnavailableException">The patience is used up: whether a change was made is not known.</exception>
    public ValueTask<T> CallAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken) => CallAsync(call, NewPatience(), cancellationToken);

    /// <exception cref="GrainUnavailableException">The patience is used up: whether a change was made is not known.</exception>
    public async ValueTask CallAsync(Func<Task> call, CancellationToken cancellationToken) => await CallAsync(
        async () =>
        {
            await call().ConfigureAwait(false);
            return true;
        },
        cancellationToken).ConfigureAwait(false);

    /// <exception cref="GrainUnavailableException">The patience is used up: whether a change was made is not known.</exception>
    public async ValueTask<T> CallAsync<T>(Func<Task<T>> call, Patience waiting, CancellationToken cancellationToken)
    {
        var pause = FirstPause;
        for (var attempt = 1; ; attempt++)
        {
            var started = time.GetTimestamp();
            try
            {
                return await call().WaitAsync(waiting.LimitOfAttempt, time, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                waiting.Use(time.GetElapsedTime(started));
                if (waiting.IsUsedUp || stopping.IsCancellationRequested || (attempt >= AttemptsAtErrors && IsOfProgram(e)))
                {
                    throw new GrainUnavailableException(e);
                }
            }

            started = time.GetTimestamp();
            await PauseAsync(pause, cancellationToken).ConfigureAwait(false);
            waiting.Use(time.GetElapsedTime(started));
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    // When a silo is killed all calls to it fail at the same moment: they come again at moments of their own. The end of the process ends the pause.
    private async Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stopping);
        await Task.Delay(pause * (0.75 + (Random.Shared.NextDouble() / 2)), time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    // What is gone (ObjectDisposedException is an InvalidOperationException) may be there again.
    private static bool IsOfProgram(Exception e) => e
        is ArgumentException or InvalidCastException or NullReferenceException or IndexOutOfRangeException or KeyNotFoundException or FormatException
        or NotSupportedException or NotImplementedException or (InvalidOperationException and not ObjectDisposedException);
}

/// <summary>How long somebody waits, over all the calls that share it, for grains that do not answer. Calls that are answered at once cost nothing of it. For one caller at a time.</summary>
public sealed class Patience(TimeSpan limit)
{
    /// <summary>Once it is used up a call is still tried: this long.</summary>
    private static readonly TimeSpan ShortestAttempt = TimeSpan.FromSeconds(1);

    private TimeSpan left = limit;

    internal bool IsUsedUp => left <= TimeSpan.Zero;

    internal TimeSpan LimitOfAttempt => left > GrainCalls.AttemptLimit ? GrainCalls.AttemptLimit : left < ShortestAttempt ? ShortestAttempt : left;

    internal void Use(TimeSpan waited) => left -= waited;
}

/// <summary>Grains did not answer; who asked may try again later.</summary>
public sealed class GrainUnavailableException(Exception inner) : Exception("a grain did not answer", inner);
