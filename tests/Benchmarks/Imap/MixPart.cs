using System.Diagnostics;
using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.Imap;

/// <summary>Commands per second, server CPU per command, and the mean time of each command, under the mix of <see cref="Mix"/>.</summary>
internal static class MixPart
{
    public static async Task RunAsync(IMeasuredImapServer server, string name, ImapOptions options, Figures figures)
    {
        await LoadThreads.RunAsync(options.Clients, user => Mailboxes.Fill(server.Imap, user, options.MessagesPerMailbox, n => SampleMail.Mixed(n)));
        var sessions = Enumerable.Range(0, options.Clients).Select(user => new MixSession(server.Imap, user)).ToArray();
        await LoadAsync(sessions, options.WarmUp);

        var before = server.Processes.Usage();
        var generatorBefore = Machine.GeneratorCpuSeconds;
        var start = Stopwatch.GetTimestamp();
        await LoadAsync(sessions, options.Load);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var generator = Machine.GeneratorCpuSeconds - generatorBefore;
        var usage = server.Processes.Usage();

        var commands = (double)sessions.Sum(session => session.Counts.Sum());
        figures.Add(name, "commands/s", commands / seconds, "F0");
        figures.Add(name, "server CPU per command, µs", (usage.CpuSeconds - before.CpuSeconds) * 1e6 / commands, "F0");
        figures.Add(name, "generator CPU per command, µs", generator * 1e6 / commands, "F0");
        figures.Add(name, "kB written per command", (usage.BytesWritten - before.BytesWritten) / 1000 / commands, "F2");
        figures.Add(name, "memory (PSS), MB", server.Processes.Memory() / 1e6, "F0");
        foreach (var command in Enum.GetValues<MixCommand>())
        {
            var count = sessions.Sum(session => session.Counts[(int)command]);
            var ticks = sessions.Sum(session => session.Ticks[(int)command]);
            figures.Add(name, $"{command}, mean ms", (double)ticks / Stopwatch.Frequency * 1000 / Math.Max(1, count), "F2");
        }
    }

    private static Task LoadAsync(MixSession[] sessions, TimeSpan time)
    {
        var until = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        return LoadThreads.RunAsync(sessions.Length, i => sessions[i].Run(until));
    }
}
