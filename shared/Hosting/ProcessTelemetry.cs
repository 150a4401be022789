using System.Diagnostics.Metrics;
using System.Globalization;

namespace MailCloud.Hosting;

/// <summary>What the process may use of the machine, where .NET's own meters say only what it does use; README.md has the table.</summary>
internal sealed class ProcessTelemetry
{
    private const string OpenFiles = "/proc/self/fd";
    private const string Limits = "/proc/self/limits";
    private const string OpenFilesLimit = "Max open files";

    public ProcessTelemetry(IMeterFactory meters)
    {
        var meter = meters.Create(HealthTelemetry.MeterName);
        meter.CreateObservableGauge("mailcloud.process.memory.limit", () => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, "By", "Memory that the process may have: its container's, or the machine's.");
        if (OperatingSystem.IsLinux())
        {
            meter.CreateObservableGauge("mailcloud.process.files", () => Directory.EnumerateFileSystemEntries(OpenFiles).Count(), "{file}", "Open files, connections among them.");
            meter.CreateObservableGauge("mailcloud.process.files.limit", ReadLimit, "{file}", "As many as it may have.");
        }
    }

    // The soft limit, which counts, is the first of the numbers.
    private static long ReadLimit()
    {
        var line = File.ReadLines(Limits).First(line => line.StartsWith(OpenFilesLimit, StringComparison.Ordinal));
        return long.Parse(line[OpenFilesLimit.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture);
    }
}
