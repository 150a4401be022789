namespace MailCloud.Standing;

/// <summary>
/// How often what the directory has under a name has changed, as far as this edge was told. Names share counters by their hashes: a change makes an edge ask anew for what it
/// touches and, rarely, for something else, and what is kept does not grow with the directory.
/// </summary>
internal sealed class DirectoryVersions
{
    /// <summary>32 kB. An edge that remembers 20,000 names asks anew for about five at each change.</summary>
    private const int Counters = 4096;

    private readonly long[] counters = new long[Counters];
    private long all;

    /// <summary>Both parts only rise, so that their sum is the same only while neither has changed.</summary>
    public long Of(string name) => Volatile.Read(ref all) + Volatile.Read(ref CounterOf(name));

    public void Change(string name) => Interlocked.Increment(ref CounterOf(name));

    public void ChangeAll() => Interlocked.Increment(ref all);

    private ref long CounterOf(string name) => ref counters[(uint)string.GetHashCode(name, StringComparison.Ordinal) % Counters];
}
