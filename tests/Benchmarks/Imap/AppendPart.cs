using System.Diagnostics;
using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.Imap;

/// <summary>How long an APPEND of 4 kB takes to its OK, with one client and with many, each on a kept connection and an account of its own.</summary>
internal static class AppendPart
{
    private const int MessageBytes = 4096;

    public static async Task RunAsync(IMeasuredImapServer server, string name, ImapOptions options, Figures figures)
    {
        await MeasureAsync(server, options.Clients, options.WarmUp);
        foreach (var clients in new[] { 1, options.Clients }.Distinct())
        {
            var before = server.Processes.Usage();
            var start = Stopwatch.GetTimestamp();
            var latencies = await MeasureAsync(server, clients, options.Load / 2);
            var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            var cpu = server.Processes.Usage().CpuSeconds - before.CpuSeconds;
            var who = clients == 1 ? "1 client" : $"{clients} clients";
            var (p50, p99) = Latencies.Of(latencies);
            var count = latencies.Sum(l => l.Count);
            figures.Add(name, $"{who}: p50, ms", p50, "F2");
            figures.Add(name, $"{who}: p99, ms", p99, "F2");
            figures.Add(name, $"{who}: APPEND/s", count / seconds, "F0");
            figures.Add(name, $"{who}: server CPU each, µs", cpu * 1e6 / count, "F0");
        }
    }

    /// <summary>The time of each APPEND, by client.</summary>
    private static async Task<Latencies[]> MeasureAsync(IMeasuredImapServer server, int clients, TimeSpan time)
    {
        var until = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        var latencies = new Latencies[clients];
        await LoadThreads.RunAsync(clients, user =>
        {
            var mine = latencies[user] = new();
            using var connection = ImapConnection.Open(server.Imap, tls: false);
            connection.LogIn(user);
            for (var i = 0; Stopwatch.GetTimestamp() < until; i++)
            {
                var message = SampleMail.Plain((user << 20) + i, MessageBytes);
                var start = Stopwatch.GetTimestamp();
                connection.Append("INBOX", message);
                mine.Add(start);
            }
        });
        return latencies;
    }
}
