namespace MailCloud.Wire;

/// <summary>So many places at a time for each key. A key without anybody takes no room.</summary>
public sealed class Places(int limit)
{
    private readonly Dictionary<string, int> taken = new(StringComparer.Ordinal);

    /// <summary>A place, given back by disposing it once; null when none is left.</summary>
    public IDisposable? TryEnter(string key)
    {
        lock (taken)
        {
            var here = taken.GetValueOrDefault(key);
            if (here >= limit)
            {
                return null;
            }

            taken[key] = here + 1;
            return new Place(this, key);
        }
    }

    private void Leave(string key)
    {
        lock (taken)
        {
            if (--taken[key] == 0)
            {
                taken.Remove(key);
            }
        }
    }

    private sealed class Place(Places places, string key) : IDisposable
    {
        public void Dispose() => places.Leave(key);
    }
}
