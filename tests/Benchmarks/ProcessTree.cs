using System.Globalization;

namespace MailCloud.Benchmarks;

/// <summary>CPU seconds and bytes of some processes and all their children, ended and waited-for ones included.</summary>
internal readonly record struct ProcessUsage(double CpuSeconds, long BytesWritten);

/// <summary>
/// Reads /proc/PID/{stat,io,smaps_rollup} of processes and their descendants. The kernel adds an ended child's times and
/// bytes to the parent that waits for it, so the sum over the living tree misses nobody.
/// </summary>
internal sealed class ProcessTree(int[] roots)
{
    // USER_HZ, the unit of times in /proc, is 100 on every Linux architecture that .NET runs on.
    private const double TicksPerSecond = 100;

    public ProcessUsage Usage()
    {
        double ticks = 0;
        long bytes = 0;
        foreach (var pid in Living())
        {
            if (ReadStat(pid) is { } stat)
            {
                // proc(5): utime, stime, cutime, cstime are fields 14 to 17; the fields here start with the third.
                ticks += Enumerable.Range(11, 4).Sum(i => double.Parse(stat[i], CultureInfo.InvariantCulture));
                bytes += ReadNumber($"/proc/{pid}/io", "write_bytes:");
            }
        }
        return new ProcessUsage(ticks / TicksPerSecond, bytes);
    }

    /// <summary>Bytes of memory, pages that processes share counted once (PSS).</summary>
    public long Memory() => Living().Sum(pid => ReadNumber($"/proc/{pid}/smaps_rollup", "Pss:")) * 1024;

    /// <summary>Sets the peak of each process back to what it uses now (proc(5), clear_refs).</summary>
    public void ResetPeak()
    {
        foreach (var pid in Living())
        {
            File.WriteAllText($"/proc/{pid}/clear_refs", "5");
        }
    }

    /// <summary>The sum of the processes' peaks of resident memory in bytes. Shared pages count for each, so that only differences say something.</summary>
    public long PeakMemory() => Living().Sum(pid => ReadNumber($"/proc/{pid}/status", "VmHWM:")) * 1024;

    private HashSet<int> Living()
    {
        var parents = new List<(int Pid, int Parent)>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var pid) && ReadStat(pid) is { } stat)
            {
                parents.Add((pid, int.Parse(stat[1], CultureInfo.InvariantCulture)));
            }
        }
        var living = new HashSet<int>(roots);
        while (parents.Any(p => living.Contains(p.Parent) && living.Add(p.Pid)))
        {
        }
        return living;
    }

    /// <summary>Fields from the third on: the second is a name in parentheses that may hold blanks.</summary>
    private static string[]? ReadStat(int pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null; // it ended meanwhile
        }
    }

    private static long ReadNumber(string file, string name)
    {
        try
        {
            foreach (var line in File.ReadLines(file))
            {
                if (line.StartsWith(name, StringComparison.Ordinal))
                {
                    return long.Parse(line[name.Length..].Trim().Split(' ')[0], CultureInfo.InvariantCulture);
                }
            }
        }
        catch (IOException)
        {
            // it ended meanwhile
        }
        return 0;
    }
}
