namespace MailCloud.Wire;

/// <summary>Counts by key in windows of one minute; all counts are forgotten when a window ends, or when more keys than can be held come in one.</summary>
public sealed class PerMinute(int limit, TimeProvider time)
{
    private const int Capacity = 50_000;

    private readonly Dictionary<string, int> counts = new(StringComparer.Ordinal);
    private long windowStart = time.GetTimestamp();

    /// <summary>False when it is one too many.</summary>
    public bool TryCount(string key)
    {
        lock (counts)
        {
            if (counts.Count >= Capacity || time.GetElapsedTime(windowStart) >= TimeSpan.FromMinutes(1))
            {
                counts.Clear();
                windowStart = time.GetTimestamp();
            }

            var count = counts.GetValueOrDefault(key);
            if (count < limit)
            {
                counts[key] = count + 1;
            }

            return count < limit;
        }
    }
}
