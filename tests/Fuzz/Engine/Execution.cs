using System.Diagnostics;

namespace MailCloud.Fuzz.Engine;

/// <summary>Runs a target on an input, under the bounds of time and memory.</summary>
internal sealed class Execution(FuzzTarget target)
{
    /// <summary>Nothing that is read here takes a tenth of this; what does takes more than its share of a server.</summary>
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(1);

    /// <summary>What is wrong with it; null when nothing is.</summary>
    public Finding? Run(ReadOnlyMemory<byte> input)
    {
        try
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            target.Check(input);
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            var bound = target.FixedAllocation + ((long)target.AllocationPerOctet * input.Length);
            return allocated <= bound ? null : new("allocation", input.ToArray(), $"{allocated} octets allocated for {input.Length} of input; the bound is {bound}");
        }
        catch (Exception e)
        {
            return Finding.Of(e, input);
        }
    }

    /// <summary>The same of a long input, whose time counts. Processor time: the machine may have other work.</summary>
    public Finding? RunTimed(ReadOnlyMemory<byte> input)
    {
        var started = Stopwatch.GetTimestamp();
        if (Run(input) is { } finding)
        {
            return finding;
        }

        for (var repeats = 0; Stopwatch.GetElapsedTime(started) > MaxTime; repeats++)
        {
            if (repeats == 3)
            {
                return new(Finding.Time, input.ToArray(), $"{input.Length} octets take more than {MaxTime.TotalSeconds} s of processor time");
            }

            var before = Environment.CpuUsage.TotalTime;
            Run(input);
            if (Environment.CpuUsage.TotalTime - before <= MaxTime)
            {
                break;
            }
        }

        return null;
    }
}
