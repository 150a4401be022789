namespace MailCloud.Benchmarks.MailIn;

/// <summary>One line per run, and a markdown table of medians with the lowest and the highest run.</summary>
internal static class MailInReport
{
    private static readonly (string Name, Func<MailInResult, double> Value, string Format)[] Rows =
    [
        ("accepted/s", r => r.AcceptedPerSecond, "F0"),
        ("filed/s", r => r.FiledPerSecond, "F0"),
        ("accept p50, ms", r => r.LatencyP50, "F1"),
        ("accept p99, ms", r => r.LatencyP99, "F1"),
        ("server CPU s per 1,000 mails", r => r.CpuPerThousand, "F2"),
        ("generator CPU s per 1,000 mails", r => r.GeneratorCpuPerThousand, "F2"),
        ("kB written per mail", r => r.BytesPerMail / 1000, "F1"),
        ("peak memory (PSS), MB", r => r.PeakMemory / 1e6, "F0"),
        ("ready after, s", r => r.ReadyAfter?.TotalSeconds ?? double.NaN, "F2"),
        ("load average before", r => r.LoadAverageBefore, "F1"),
    ];

    public static void PrintRun(int round, MailInResult result)
    {
        var values = string.Join(", ", Rows.Select(row => $"{row.Name} {Cell(row.Value(result), row.Format)}"));
        Console.WriteLine($"round {round}, {result.Server}: {result.Accepted} accepted, {result.Filed} filed; {values}");
        if (result.Refused > 0 || result.Doubtful > 0)
        {
            Console.WriteLine($"  {result.Refused} refused (first: {result.FirstRefusal}), {result.Doubtful} without a reply to the final dot");
        }
        if (!result.IsExact)
        {
            Console.WriteLine($"  !!! NOT EXACT: {result.Accepted} accepted, {result.Filed} filed, {result.WrongMailboxes} mailboxes hold too few or too many !!!");
        }
    }

    public static void PrintTable(MailInOptions options, List<MailInResult> results)
    {
        var servers = results.GroupBy(r => r.Server).ToArray();
        Console.WriteLine();
        Console.WriteLine($"{Machine.Describe()}, {Machine.FileSystem(options.Data)}. {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC.");
        Console.WriteLine($"{options.Sessions} sessions, {(options.KeepConnections ? "kept connections" : "one connection per message")}, "
            + $"{options.MessageBytes} bytes, {options.Mailboxes} mailboxes ({options.PeerFormat}), {options.Load.TotalSeconds:F0} s after {options.WarmUp.TotalSeconds:F0} s of warm-up, "
            + $"{options.Rounds} interleaved rounds: median (lowest–highest).");
        Console.WriteLine();
        Console.WriteLine($"| | {string.Join(" | ", servers.Select(s => s.Key))} |");
        Console.WriteLine($"|---|{string.Concat(servers.Select(_ => "---|"))}");
        foreach (var (name, value, format) in Rows)
        {
            Console.WriteLine($"| {name} | {string.Join(" | ", servers.Select(s => Summary(s.Select(value), format)))} |");
        }
        Console.WriteLine($"| accepted = filed | {string.Join(" | ", servers.Select(s => s.All(r => r.IsExact) ? "in every run" : "NO"))} |");
    }

    private static string Summary(IEnumerable<double> values, string format)
    {
        var ascending = values.Order().ToArray();
        var median = (ascending[(ascending.Length - 1) / 2] + ascending[ascending.Length / 2]) / 2;
        return double.IsNaN(median) ? "–" : $"{Cell(median, format)} ({Cell(ascending[0], format)}–{Cell(ascending[^1], format)})";
    }

    private static string Cell(double value, string format) => double.IsNaN(value) ? "–" : value.ToString(format);
}
