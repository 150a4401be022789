using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace MailCloud.Benchmarks;

/// <summary>What the figures were taken on, and how busy it was.</summary>
internal static class Machine
{
    /// <summary>The load average of the last minute.</summary>
    public static double LoadAverage => double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);

    /// <summary>User and system time of this process, the load generator, so far.</summary>
    public static double GeneratorCpuSeconds
    {
        get
        {
            using var self = Process.GetCurrentProcess();
            return self.TotalProcessorTime.TotalSeconds;
        }
    }

    public static string Describe()
    {
        var model = First("/proc/cpuinfo", "model name");
        var memory = long.Parse(First("/proc/meminfo", "MemTotal").Split(' ')[0], CultureInfo.InvariantCulture) >> 20;
        return $"{Environment.ProcessorCount} × {model}, {memory} GiB, {RuntimeInformation.OSDescription}, .NET {Environment.Version}";
    }

    /// <summary>The file system a folder is on, as /proc/mounts names it.</summary>
    public static string FileSystem(string folder)
    {
        var mount = File.ReadLines("/proc/mounts").Select(l => l.Split(' '))
            .Where(m => folder.StartsWith(m[1], StringComparison.Ordinal)).MaxBy(m => m[1].Length);
        return mount is null ? "unknown" : $"{mount[2]} ({mount[0]})";
    }

    private static string First(string file, string name) =>
        File.ReadLines(file).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal)) is { } line ? line[(line.IndexOf(':') + 1)..].Trim() : "0 unknown";
}
