using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;

namespace MailCloud.EndToEnd.Tests.Chaos;

/// <summary>
/// Keeps clients at the edges: each has one session, at its edge or, when that is gone, at the other of its kind. Counts the sessions that ended though their edge lived.
/// </summary>
internal sealed class EdgeSessions
{
    /// <summary>Before a client that was refused, or found nobody, tries again.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(200);

    // Even while an edge lives, odd from just before it is to end until it has been started again.
    private readonly ConcurrentDictionary<string, int> lives = new();
    private readonly ConcurrentQueue<string> dropped = new();
    private readonly ConcurrentQueue<string> givenUp = new();
    private int opened;
    private int lost;

    /// <summary>Sessions that were begun.</summary>
    public int Opened => opened;

    /// <summary>Of those, the ones that ended with their edge.</summary>
    public int Lost => lost;

    /// <summary>The ones that their client gave up though their edge lived, because of an answer that it could not go on with, which stands there.</summary>
    public IReadOnlyCollection<string> GivenUp => givenUp;

    /// <summary>The ones that ended though their edge lived, each with what was seen.</summary>
    public IReadOnlyCollection<string> Dropped => dropped;

    /// <summary>An edge is killed or ended, and comes back: what ends in between ends with it.</summary>
    public async Task WithoutAsync(string edge, Func<Task> killAndStart)
    {
        Turn(edge);
        await killAndStart();
        Turn(edge);
    }

    /// <summary>Runs one session after the other until told to stop.</summary>
    /// <param name="service">The kind of edge, such as <c>smtp-ingress</c>.</param>
    /// <param name="edge">1 or 2: where it begins.</param>
    /// <param name="session">One session at an edge, from connecting to its end.</param>
    /// <param name="stop">When there shall be no more.</param>
    public async Task KeepAsync(string service, int edge, Func<int, Task> session, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"{service}-{edge}");
            var life = LifeOf(name);
            Interlocked.Increment(ref opened);
            try
            {
                await session(edge);
                continue;
            }
            catch (UnwantedAnswerException e)
            {
                GiveUp(name, life, e);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
            {
                // Nobody there: no session.
                Interlocked.Decrement(ref opened);
                edge = 3 - edge;
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                Count(name, life, e);
                edge = 3 - edge;
            }
            catch (OperationCanceledException)
            {
                // Stopped, or aborted: the client ended it.
            }

            await Task.Delay(Rest, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // SMTP says 421 before it ends.
    private void GiveUp(string edge, int life, UnwantedAnswerException why)
    {
        if (IsAlive(edge, life))
        {
            givenUp.Enqueue(Told(edge, why));
        }
        else
        {
            Interlocked.Increment(ref lost);
        }
    }

    private void Count(string edge, int life, Exception end)
    {
        if (IsAlive(edge, life))
        {
            dropped.Enqueue(Told(edge, end));
        }
        else
        {
            Interlocked.Increment(ref lost);
        }
    }

    private bool IsAlive(string edge, int life) => int.IsEvenInteger(life) && LifeOf(edge) == life;

    private static string Told(string edge, Exception end) => string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow:HH:mm:ss.fff} {edge}: {end.GetType().Name}: {end.Message}");

    private int LifeOf(string edge) => lives.GetValueOrDefault(edge);

    private void Turn(string edge) => lives.AddOrUpdate(edge, 1, (_, life) => life + 1);
}
