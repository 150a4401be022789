namespace MailCloud.Credentials.Guessing;

/// <summary>A table of bounded size: what was not asked for the longest makes room. Not for several threads at a time.</summary>
internal sealed class RecentTable<T>(int capacity)
    where T : class, new()
{
    private readonly Dictionary<UInt128, LinkedListNode<(UInt128 Key, T Value)>> nodes = [];
    private readonly LinkedList<(UInt128 Key, T Value)> byUse = new();

    public int Count => nodes.Count;

    /// <summary>The value of a key, or none.</summary>
    public T? Find(UInt128 key)
    {
        if (!nodes.TryGetValue(key, out var node))
        {
            return null;
        }

        byUse.Remove(node);
        byUse.AddLast(node);
        return node.Value.Value;
    }

    /// <summary>The value of a key; a new one when there is none.</summary>
    public T FindOrAdd(UInt128 key)
    {
        if (Find(key) is { } value)
        {
            return value;
        }

        if (nodes.Count >= capacity)
        {
            nodes.Remove(byUse.First!.Value.Key);
            byUse.RemoveFirst();
        }

        value = new();
        nodes[key] = byUse.AddLast((key, value));
        return value;
    }
}
