using System.Globalization;

namespace MailCloud.Hostile;

/// <summary>Memory, descriptors and CPU time of a process, as Linux counts them (proc(5)).</summary>
public sealed class ServerLoad(int processId)
{
    // USER_HZ is 100 on every Linux architecture that .NET runs on.
    private const double TicksPerSecond = 100;

    public bool IsAlive => Directory.Exists($"/proc/{processId}") && !Status("State").StartsWith('Z');

    /// <summary>Octets resident now.</summary>
    public long Memory => Kilobytes("VmRSS");

    /// <summary>The most octets that were resident since <see cref="ForgetPeak"/>.</summary>
    public long PeakMemory => Kilobytes("VmHWM");

    /// <summary>Open files and sockets.</summary>
    public int Descriptors => Directory.GetFiles($"/proc/{processId}/fd").Length;

    /// <summary>Seconds of CPU that it has used.</summary>
    public double CpuSeconds
    {
        get
        {
            // Fields 14 and 15, utime and stime; the second is a name in parentheses that may hold blanks.
            var text = File.ReadAllText($"/proc/{processId}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
        }
    }

    /// <summary>From here on the peak is counted anew.</summary>
    public void ForgetPeak() => File.WriteAllText($"/proc/{processId}/clear_refs", "5");

    private long Kilobytes(string name) => long.Parse(Status(name).Split(' ')[0], CultureInfo.InvariantCulture) * 1024;

    private string Status(string name) =>
        File.ReadLines($"/proc/{processId}/status").First(line => line.StartsWith(name + ":", StringComparison.Ordinal))[(name.Length + 1)..].Trim();
}
