namespace MailCloud.Cluster;

internal enum Standing
{
    /// <summary>The table knows this silo.</summary>
    Member = 0,

    /// <summary>The table has not been readable for long: who asks for work is sent elsewhere, but what runs goes on.</summary>
    Unknown = 1,

    /// <summary>The table has not known this silo for long, or is an older one: there may be a second cluster beside this one.</summary>
    Outside = 2,
}

/// <summary>
/// What looks at the membership table have shown of this silo. Orleans itself does not notice a table that was emptied: silos go on among themselves, and a new one that finds
/// the table empty forms a second cluster.
/// </summary>
internal sealed class MembershipView(TimeProvider time)
{
    /// <summary>Longer than a fail-over of Redis during which a replica lacks the last writes.</summary>
    private static readonly TimeSpan OutsideAfter = TimeSpan.FromSeconds(30);

    /// <summary>Longer than a restart of Redis.</summary>
    private static readonly TimeSpan UnknownAfter = TimeSpan.FromSeconds(60);

    private readonly Lock gate = new();
    private long lastRead = time.GetTimestamp();
    private long? strangeSince;
    private int newestVersion;

    public Standing Standing
    {
        get
        {
            lock (gate)
            {
                return strangeSince is { } since && time.GetElapsedTime(since) >= OutsideAfter ? Standing.Outside
                    : time.GetElapsedTime(lastRead) >= UnknownAfter ? Standing.Unknown
                    : Standing.Member;
            }
        }
    }

    /// <summary>The table was read.</summary>
    /// <param name="version">Of the table; it only rises.</param>
    /// <param name="hasSelf">It has a row of this silo.</param>
    public void Read(int version, bool hasSelf)
    {
        lock (gate)
        {
            lastRead = time.GetTimestamp();
            if (hasSelf && version >= newestVersion)
            {
                (newestVersion, strangeSince) = (version, null);
            }
            else
            {
                strangeSince ??= lastRead;
            }
        }
    }

    /// <summary>Redis answered that there is no table.</summary>
    public void Missing()
    {
        lock (gate)
        {
            lastRead = time.GetTimestamp();
            strangeSince ??= lastRead;
        }
    }
}
