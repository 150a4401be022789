using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Mailbox;

/// <summary>Ascending UIDs as ranges, and back.</summary>
internal static class UidRanges
{
    public static UidRange[] From(IEnumerable<uint> ascending)
    {
        var ranges = new List<UidRange>();
        foreach (var uid in ascending)
        {
            Append(ranges, new(uid, uid));
        }

        return [.. ranges];
    }

    public static IEnumerable<uint> Each(UidRange range)
    {
        for (ulong uid = range.First; uid <= range.Last; uid++)
        {
            yield return (uint)uid;
        }
    }

    /// <summary>Appends a range that lies above all others, joining it with the last where they touch.</summary>
    public static void Append(List<UidRange> ranges, UidRange next)
    {
        if (ranges.Count > 0 && ranges[^1].Last + 1 == next.First)
        {
            ranges[^1] = ranges[^1] with { Last = next.Last };
        }
        else
        {
            ranges.Add(next);
        }
    }

    public static bool Contains(UidRange[] ranges, uint uid)
    {
        var (low, high) = (0, ranges.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            if (ranges[middle].First > uid)
            {
                high = middle - 1;
            }
            else if (ranges[middle].Last < uid)
            {
                low = middle + 1;
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The UIDs that are in one and not in the other.</summary>
    public static UidRange[] Except(UidRange[] ranges, UidRange[] removed)
    {
        var left = new List<UidRange>(ranges.Length + removed.Length);
        var r = 0;
        foreach (var range in ranges)
        {
            var next = (ulong)range.First;
            while (r < removed.Length && removed[r].Last < range.First)
            {
                r++;
            }

            for (var i = r; i < removed.Length && removed[i].First <= range.Last; i++)
            {
                if (removed[i].First > next)
                {
                    left.Add(new((uint)next, removed[i].First - 1));
                }

                next = (ulong)removed[i].Last + 1;
            }

            if (next <= range.Last)
            {
                left.Add(new((uint)next, range.Last));
            }
        }

        return [.. left];
    }

    /// <summary>What of the ranges lies at a UID or above.</summary>
    public static IEnumerable<UidRange> From(IEnumerable<UidRange> ranges, uint first) =>
        ranges.Where(r => r.Last >= first).Select(r => r with { First = Math.Max(r.First, first) });

    public static bool Intersects(UidRange[] ranges, uint first, uint last) => ranges.Any(r => r.First <= last && r.Last >= first);

    /// <summary>How many UIDs are in both.</summary>
    public static long CountOverlap(UidRange[] ranges, UidRange[] others)
    {
        var count = 0L;
        for (int i = 0, k = 0; i < ranges.Length && k < others.Length;)
        {
            count += Math.Max(0, (long)Math.Min(ranges[i].Last, others[k].Last) - Math.Max(ranges[i].First, others[k].First) + 1);
            _ = ranges[i].Last < others[k].Last ? i++ : k++;
        }

        return count;
    }

    public static int Count(UidRange[] ranges) => ranges.Sum(r => r.Count);

    public static int CountFrom(UidRange[] ranges, uint first) =>
        ranges.Where(r => r.Last >= first).Sum(r => (int)(r.Last - Math.Max(r.First, first) + 1));
}
