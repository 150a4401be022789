namespace MailCloud.Fuzz.Engine;

internal static class Minimiser
{
    /// <summary>Executions spent on one finding.</summary>
    private const int Budget = 2000;

    /// <summary>Leaves out what the finding does not need, in ever smaller blocks.</summary>
    public static Finding Shorten(Finding finding, Func<ReadOnlyMemory<byte>, Finding?> run)
    {
        var left = Budget;
        for (var block = finding.Input.Length / 2; block > 0 && left > 0; block /= 2)
        {
            for (var at = 0; at + block <= finding.Input.Length && left > 0; left--)
            {
                byte[] shorter = [.. finding.Input.AsSpan(0, at), .. finding.Input.AsSpan(at + block)];
                if (run(shorter) is { } same && same.Kind == finding.Kind)
                {
                    finding = same;
                }
                else
                {
                    at += block;
                }
            }
        }

        return finding;
    }

    /// <summary>Few of the inputs, the shortest first, that take all the branches which all of them take.</summary>
    public static List<byte[]> Cover(IEnumerable<byte[]> inputs, FuzzTarget target, Coverage coverage)
    {
        var execution = new Execution(target);
        var kept = new List<byte[]>();
        coverage.Forget();
        foreach (var input in inputs.OrderBy(i => i.Length))
        {
            coverage.Begin();
            execution.Run(input);
            if (coverage.Take() == News.Branch)
            {
                kept.Add(input);
            }
        }

        return kept;
    }
}
