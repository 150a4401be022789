using System.Diagnostics;
using System.Text;

namespace MailCloud.EndToEnd.Tests.Survival;

/// <summary>A client that does one piece of work after the other on one connection that must never break, and how long it waited for the slowest answer.</summary>
internal abstract class SteadyClient(string name) : IDisposable
{
    /// <summary>Work enough that some of it is always under way, and little enough that the machine is not what is measured.</summary>
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();
    private TimeSpan longest;
    private int done;

    public string Name => name;

    /// <summary>Pieces of work that were answered as they should be.</summary>
    public int Done => Volatile.Read(ref done);

    /// <summary>Fails when an answer was wrong, or the connection broke.</summary>
    public Task Running { get; private set; } = Task.CompletedTask;

    protected RawConnection Connection { get; private set; } = null!;

    public async Task StartAsync(int port)
    {
        Connection = await RawConnection.OpenAsync(port);
        await LogInAsync();
        Running = RunAsync();
    }

    /// <summary>Ends with the piece of work that is under way.</summary>
    public async Task StopAsync()
    {
        await stopping.CancelAsync();
        await Running;
    }

    /// <summary>The longest wait for an answer since the last question.</summary>
    public TimeSpan TakeLongest()
    {
        lock (gate)
        {
            var taken = longest;
            longest = TimeSpan.Zero;
            return taken;
        }
    }

    public void Dispose()
    {
        Connection?.Dispose();
        stopping.Dispose();
    }

    protected abstract Task LogInAsync();

    protected abstract Task WorkAsync();

    /// <summary>Sends a line and reads its answer, by the clock.</summary>
    protected async Task<T> AskAsync<T>(string line, Func<Task<T>> read)
    {
        var started = Stopwatch.GetTimestamp();
        await Connection.SendAsync(Encoding.ASCII.GetBytes(line + "\r\n"));
        var answer = await read();
        lock (gate)
        {
            var waited = Stopwatch.GetElapsedTime(started);
            longest = waited > longest ? waited : longest;
        }

        return answer;
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Every);
        while (!stopping.IsCancellationRequested)
        {
            await WorkAsync();
            Interlocked.Increment(ref done);
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}
