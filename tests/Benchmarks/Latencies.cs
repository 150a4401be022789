using System.Diagnostics;

namespace MailCloud.Benchmarks;

/// <summary>Times of one kind of work of one client. Not for several threads.</summary>
internal sealed class Latencies
{
    private readonly List<double> milliseconds = [];

    public void Add(long startTimestamp) => milliseconds.Add(Stopwatch.GetElapsedTime(startTimestamp).TotalMilliseconds);

    public int Count => milliseconds.Count;

    /// <summary>In milliseconds.</summary>
    public double Longest => milliseconds.Count == 0 ? double.NaN : milliseconds.Max();

    public void Clear() => milliseconds.Clear();

    /// <summary>Median and 99th percentile of all clients' together, in milliseconds.</summary>
    public static (double P50, double P99) Of(IEnumerable<Latencies> clients)
    {
        var ascending = clients.SelectMany(c => c.milliseconds).Order().ToArray();
        return ascending.Length == 0 ? (double.NaN, double.NaN) : (ascending[ascending.Length / 2], ascending[(int)(0.99 * (ascending.Length - 1))]);
    }
}
