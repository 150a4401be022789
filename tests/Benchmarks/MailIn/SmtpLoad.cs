using System.Diagnostics;
using System.Net;

namespace MailCloud.Benchmarks.MailIn;

/// <summary>N sessions that send at once for a time, spread evenly over the servers.</summary>
internal sealed class SmtpLoad(IReadOnlyList<EndPoint> servers, MessagePool pool, int sessionCount, bool keepConnections)
{
    // Numbers go on over warm-up and load: no message is sent twice.
    private long lastNumber;

    /// <summary>Milliseconds per accepted message of the last run, ascending.</summary>
    public float[] Latencies { get; private set; } = [];

    public async Task RunAsync(LoadCounts counts, TimeSpan time)
    {
        var until = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        var sessions = new SmtpLoadSession[sessionCount];
        for (var i = 0; i < sessions.Length; i++)
        {
            sessions[i] = new SmtpLoadSession(servers[i % servers.Count], pool, counts, keepConnections);
        }
        await LoadThreads.RunAsync(sessions.Length, i =>
        {
            using var session = sessions[i];
            session.Run(() => Interlocked.Increment(ref lastNumber), until);
        });
        Latencies = [.. sessions.SelectMany(s => s.Latencies).Order()];
    }
}
