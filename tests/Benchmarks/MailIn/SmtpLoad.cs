using System.Diagnostics;
using System.Net;

namespace MailCloud.Benchmarks.MailIn;

/// <summary>N sessions that send at once for a time.</summary>
internal sealed class SmtpLoad(EndPoint server, MessagePool pool, MailInOptions options)
{
    private const int ThreadStackBytes = 256 * 1024;

    // Numbers go on over warm-up and load: no message is sent twice.
    private long lastNumber;

    /// <summary>Milliseconds per accepted message of the last run, ascending.</summary>
    public float[] Latencies { get; private set; } = [];

    public async Task RunAsync(LoadCounts counts, TimeSpan time)
    {
        var until = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        var sessions = new SmtpLoadSession[options.Sessions];
        var ends = new Task[options.Sessions];
        for (var i = 0; i < sessions.Length; i++)
        {
            var session = sessions[i] = new SmtpLoadSession(server, pool, counts, options.KeepConnections);
            ends[i] = OnOwnThread(() =>
            {
                using (session)
                {
                    session.Run(() => Interlocked.Increment(ref lastNumber), until);
                }
            });
        }
        await Task.WhenAll(ends);
        Latencies = [.. sessions.SelectMany(s => s.Latencies).Order()];
    }

    private static Task OnOwnThread(Action run)
    {
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(
            () =>
            {
                try
                {
                    run();
                    end.SetResult();
                }
                catch (Exception failure)
                {
                    end.SetException(failure);
                }
            },
            ThreadStackBytes)
        { IsBackground = true }.Start();
        return end.Task;
    }
}
