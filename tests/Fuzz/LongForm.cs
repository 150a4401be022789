using System.Globalization;
using MailCloud.Fuzz.Engine;

namespace MailCloud.Fuzz;

internal static class LongForm
{
    // Not in the temporary folder of the copy, which goes with it.
    private static string CurrentInput => Path.Combine(Repository.Inputs, ".current");

    /// <summary>Runs the instrumented copy. What it was doing when it died is kept as a finding.</summary>
    public static async Task<int> WatchAsync(string[] args, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Repository.Inputs);
        var exitCode = await InstrumentedCopy.RunAsync(args, cancellationToken);
        foreach (var target in FuzzTargets.All)
        {
            var current = $"{CurrentInput}-{target.Name}";
            if (Watchdog.Read(current) is { } input)
            {
                var finding = new Finding("death", input, "the process died");
                new InputFolder(Repository.Inputs, target).Add(finding);
                File.Delete(current);
                Console.WriteLine($"{target.Name}: the process died on {finding.FileName}");
            }
        }

        return exitCode;
    }

    /// <summary>Runs the targets one after the other; 1 when there were findings.</summary>
    public static int Run(IEnumerable<FuzzTarget> targets, Coverage coverage, FuzzLimits limits, Seeds seeds, ulong seed)
    {
        var results = new List<FuzzResult>();
        foreach (var target in targets)
        {
            coverage.Forget();
            var run = new FuzzRun(target, coverage, new(Repository.Inputs, target), seeds, new(seed));
            var result = run.Run(limits, $"{CurrentInput}-{target.Name}", Console.Out);
            results.Add(result);
            Console.WriteLine(Row(result));
            foreach (var finding in result.Findings)
            {
                Console.WriteLine($"{target.Name}: {finding.FileName}: {finding.Kind}{Environment.NewLine}{finding.Description}");
            }
        }

        Console.WriteLine("| parser | executions | time | of the processor | executions/s of that | branches | kept inputs | findings |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        results.ForEach(result => Console.WriteLine(Row(result)));
        return results.All(r => r.Findings.Count == 0) ? 0 : 1;
    }

    private static string Row(FuzzResult r) => string.Create(
        CultureInfo.InvariantCulture,
        $"| {r.Target} | {r.Executions:N0} | {r.Elapsed.TotalSeconds:N0} s | {r.Processor.TotalSeconds:N0} s | {r.Executions / r.Processor.TotalSeconds:N0} | {r.Branches} | {r.Kept} | {r.Findings.Count} |");
}
