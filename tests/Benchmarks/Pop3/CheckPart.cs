using System.Diagnostics;
using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.Pop3;

/// <summary>Sessions that find nothing new in a full maildrop, one after another.</summary>
internal static class CheckPart
{
    public static async Task RunAsync(IMeasuredPop3Server server, string name, Pop3Options options, Figures figures)
    {
        var clients = Enumerable.Range(0, options.Clients).Select(user => new Pop3Client(server, user, options)).ToArray();
        await LoadThreads.RunAsync(clients.Length, i => clients[i].Fill());
        await LoadAsync(clients, options.WarmUp);
        foreach (var client in clients)
        {
            client.Reset();
        }

        var before = server.Processes.Usage();
        var start = Stopwatch.GetTimestamp();
        await LoadAsync(clients, options.Load);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var cpu = server.Processes.Usage().CpuSeconds - before.CpuSeconds;
        var sessions = clients.Sum(c => c.Sessions);
        var login = Latencies.Of(clients.Select(c => c.Logins));
        figures.Add(name, "sessions/s", sessions / seconds, "F0");
        figures.Add(name, "server CPU per session, µs", cpu * 1e6 / sessions, "F0");
        figures.Add(name, "login p50, ms", login.P50, "F2");
        figures.Add(name, "login p99, ms", login.P99, "F2");
        figures.Add(name, "memory (PSS), MB", server.Processes.Memory() / 1e6, "F0");
    }

    private static Task LoadAsync(Pop3Client[] clients, TimeSpan time)
    {
        var until = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        return LoadThreads.RunAsync(clients.Length, i =>
        {
            while (Stopwatch.GetTimestamp() < until)
            {
                clients[i].Check();
            }
        });
    }
}
