using System.Diagnostics;

namespace MailCloud.Fuzz.Engine;

/// <summary>When a target has been run enough.</summary>
internal sealed record FuzzLimits(long Executions, TimeSpan Processor);

/// <param name="Executions">How many inputs were run, those to begin with included.</param>
/// <param name="Processor">Processor time: the machine may have other work.</param>
/// <param name="Kept">Inputs that take all branches together.</param>
internal sealed record FuzzResult(string Target, long Executions, TimeSpan Elapsed, TimeSpan Processor, int Branches, int Kept, IReadOnlyList<Finding> Findings);

/// <summary>The long form of one target: inputs are made out of those that took a new branch, and what takes one joins them.</summary>
internal sealed class FuzzRun(FuzzTarget target, Coverage coverage, InputFolder folder, Seeds seeds, Dice dice)
{
    /// <summary>One in so many inputs is a grown one.</summary>
    private const int GrownEvery = 8192;

    /// <summary>More kinds of findings than anybody looks at before mending the first.</summary>
    private const int MaxFindings = 10;

    private static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(10);

    private readonly Execution execution = new(target);
    private readonly Mutator mutator = new(dice, target);
    private readonly List<byte[]> inputs = [];
    private readonly Dictionary<string, Finding> findings = [];
    private long executions;
    private long lastNews;

    public FuzzResult Run(FuzzLimits limits, string currentInput, TextWriter progress)
    {
        using var watchdog = new Watchdog(currentInput, Math.Max(target.MaxLength, target.GrownLength));
        var started = Stopwatch.GetTimestamp();
        var used = Environment.CpuUsage.TotalTime;
        Begin(watchdog);
        var shown = started;
        while (executions < limits.Executions && findings.Count < MaxFindings)
        {
            Next(watchdog);
            if (executions % 1024 == 0 && Stopwatch.GetElapsedTime(shown) > ProgressEvery)
            {
                shown = Stopwatch.GetTimestamp();
                Show(progress, Stopwatch.GetElapsedTime(started));
                if (Environment.CpuUsage.TotalTime - used > limits.Processor)
                {
                    break;
                }
            }
        }

        var elapsed = Stopwatch.GetElapsedTime(started);
        var processor = Environment.CpuUsage.TotalTime - used;
        var (ran, branches) = (executions, coverage.Branches);
        var kept = Minimiser.Cover(inputs.Where(i => execution.Run(i) is null), target, coverage);
        folder.Replace(kept);
        return new(target.Name, ran, elapsed, processor, branches, kept.Count, [.. findings.Values]);
    }

    private void Begin(Watchdog watchdog)
    {
        byte[][] first = [[], .. folder.Read(), .. target.Seeds(seeds).Where(s => s.Length <= target.MaxLength)];

        // Once for what is set up on first use, which is no branch of the input's.
        foreach (var input in first)
        {
            watchdog.Begin(input);
            execution.Run(input);
        }

        foreach (var input in first)
        {
            Try(watchdog, input);
        }

        if (inputs.Count == 0)
        {
            inputs.Add([]);
        }
    }

    private void Next(Watchdog watchdog)
    {
        var parent = Pick();
        if (executions % GrownEvery == GrownEvery - 1 && target.GrownLength > 0)
        {
            var grown = mutator.Grow(parent);
            watchdog.Begin(grown);
            executions++;
            Note(execution.RunTimed(grown), execution.RunTimed);
            return;
        }

        Try(watchdog, mutator.Mutate(parent, inputs[dice.Below(inputs.Count)]));
    }

    // The newest half of the time: what is new has more around it that is new.
    private byte[] Pick()
    {
        var recent = Math.Min(inputs.Count, 16);
        return dice.Below(2) == 0 ? inputs[^(1 + dice.Below(recent))] : inputs[dice.Below(inputs.Count)];
    }

    private void Try(Watchdog watchdog, ReadOnlyMemory<byte> input)
    {
        watchdog.Begin(input.Span);
        coverage.Begin();
        var finding = execution.Run(input);
        executions++;
        if (coverage.Take() != News.None)
        {
            inputs.Add(input.ToArray());
            lastNews = executions;
        }

        Note(finding, execution.Run);
    }

    private void Note(Finding? finding, Func<ReadOnlyMemory<byte>, Finding?> run)
    {
        if (finding is not null && findings.TryAdd(finding.Kind, finding))
        {
            // What takes seconds is not tried two thousand times.
            var shortened = finding.Kind == Finding.Time ? finding : Minimiser.Shorten(finding, run);
            findings[finding.Kind] = shortened;
            folder.Add(shortened);
        }
    }

    private void Show(TextWriter progress, TimeSpan elapsed) => progress.WriteLine(
        $"{target.Name}: {executions:N0} executions, {executions / elapsed.TotalSeconds:N0}/s, {inputs.Count} inputs, {coverage.Branches} branches, the last news after {lastNews:N0}, {findings.Count} findings");
}
