using System.Diagnostics;
using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.Pop3;

/// <summary>
/// Sessions that download what is new and delete the older half. Between two of them the maildrops are filled up by IMAP, which is not measured: all clients have one session at the same time, then all fill up.
/// </summary>
internal static class DownloadPart
{
    public static async Task RunAsync(IMeasuredPop3Server server, string name, Pop3Options options, Figures figures)
    {
        var clients = Enumerable.Range(0, options.Clients).Select(user => new Pop3Client(server, user, options)).ToArray();
        await LoadAsync(server, clients, options.WarmUp);
        foreach (var client in clients)
        {
            client.Reset();
        }

        var (seconds, cpu, written) = await LoadAsync(server, clients, options.Load);
        double sessions = clients.Sum(c => c.Sessions);
        double messages = clients.Sum(c => c.Retrieved);
        var (login, retrieval, quit) = (Latencies.Of(clients.Select(c => c.Logins)), Latencies.Of(clients.Select(c => c.Retrievals)), Latencies.Of(clients.Select(c => c.Quits)));
        figures.Add(name, "messages/s", messages / seconds, "F0");
        figures.Add(name, "sessions/s", sessions / seconds, "F1");
        figures.Add(name, "server CPU per message, µs", cpu * 1e6 / messages, "F0");
        figures.Add(name, "server CPU per session, ms", cpu * 1e3 / sessions, "F2");
        figures.Add(name, "kB written per session", written / 1000 / sessions, "F1");
        figures.Add(name, "login p50, ms", login.P50, "F2");
        figures.Add(name, "login p99, ms", login.P99, "F2");
        figures.Add(name, "RETR p50, ms", retrieval.P50, "F3");
        figures.Add(name, "RETR p99, ms", retrieval.P99, "F3");
        figures.Add(name, "DELE of half and QUIT p50, ms", quit.P50, "F2");
        figures.Add(name, "DELE of half and QUIT p99, ms", quit.P99, "F2");
        figures.Add(name, "memory (PSS), MB", server.Processes.Memory() / 1e6, "F0");
    }

    /// <summary>Fills up and downloads, until downloading alone has taken the time.</summary>
    /// <returns>What the downloading took: seconds, the server's CPU seconds, and the bytes that it wrote.</returns>
    private static async Task<(double Seconds, double Cpu, double Written)> LoadAsync(IMeasuredPop3Server server, Pop3Client[] clients, TimeSpan time)
    {
        var (seconds, cpu, written) = (0.0, 0.0, 0.0);
        while (seconds < time.TotalSeconds)
        {
            await LoadThreads.RunAsync(clients.Length, i => clients[i].Fill());
            var before = server.Processes.Usage();
            var start = Stopwatch.GetTimestamp();
            await LoadThreads.RunAsync(clients.Length, i => clients[i].Download());
            seconds += Stopwatch.GetElapsedTime(start).TotalSeconds;
            var after = server.Processes.Usage();
            cpu += after.CpuSeconds - before.CpuSeconds;
            written += after.BytesWritten - before.BytesWritten;
        }
        return (seconds, cpu, written);
    }
}
