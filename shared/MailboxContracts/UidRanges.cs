using System.Runtime.InteropServices;

namespace MailCloud.MailboxContracts;

/// <summary>Sets of UIDs as ascending ranges without overlap: how mailboxes and edges speak of many messages.</summary>
public static class UidRanges
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

    /// <summary>What of the ranges lies at a UID or above.</summary>
    public static IEnumerable<UidRange> From(IEnumerable<UidRange> ranges, uint first) =>
        ranges.Where(r => r.Last >= first).Select(r => r with { First = Math.Max(r.First, first) });

    public static IEnumerable<uint> Each(UidRange range)
    {
        for (ulong uid = range.First; uid <= range.Last; uid++)
        {
            yield return (uint)uid;
        }
    }

    public static bool Contains(IReadOnlyList<UidRange> ranges, uint uid)
    {
        var span = SpanOf(ranges);
        var at = LastFrom(span, uid);
        return at >= 0 && uid <= span[at].Last;
    }

    /// <summary>The index of the last range that begins at or before the UID; -1 when all begin after it.</summary>
    public static int LastFrom(IReadOnlyList<UidRange> ranges, uint uid) => LastFrom(SpanOf(ranges), uid);

    public static bool Intersects(UidRange[] ranges, uint first, uint last) => ranges.Any(r => r.First <= last && r.Last >= first);

    public static UidRange[] Intersect(IReadOnlyList<UidRange> left, IReadOnlyList<UidRange> right)
    {
        var both = new List<UidRange>();
        var j = right.Count == 0 || left.Count == 0 ? right.Count : Math.Max(0, LastFrom(right, left[0].First));
        for (var i = Math.Max(0, right.Count == 0 ? 0 : LastFrom(left, right[0].First)); i < left.Count && j < right.Count;)
        {
            var (first, last) = (Math.Max(left[i].First, right[j].First), Math.Min(left[i].Last, right[j].Last));
            if (first <= last)
            {
                Append(both, new(first, last));
            }

            if (left[i].Last < right[j].Last)
            {
                i++;
            }
            else
            {
                j++;
            }
        }

        return [.. both];
    }

    public static UidRange[] Union(IReadOnlyList<UidRange> left, IReadOnlyList<UidRange> right)
    {
        var union = new List<UidRange>(left.Count + right.Count);
        var (i, j) = (0, 0);
        while (i < left.Count || j < right.Count)
        {
            Append(union, j == right.Count || (i < left.Count && left[i].First <= right[j].First) ? left[i++] : right[j++]);
        }

        return [.. union];
    }

    /// <summary>The UIDs that are in one and not in the other.</summary>
    public static List<UidRange> Except(IReadOnlyList<UidRange> ranges, IReadOnlyList<UidRange> without)
    {
        var rest = new List<UidRange>(ranges.Count + without.Count);
        var j = 0;
        foreach (var range in ranges)
        {
            var next = (ulong)range.First;
            while (j < without.Count && without[j].Last < range.First)
            {
                j++;
            }

            for (var k = j; k < without.Count && without[k].First <= range.Last; k++)
            {
                if (without[k].First > next)
                {
                    rest.Add(new((uint)next, without[k].First - 1));
                }

                next = Math.Max(next, (ulong)without[k].Last + 1);
            }

            if (next <= range.Last)
            {
                rest.Add(new((uint)next, range.Last));
            }
        }

        return rest;
    }

    /// <summary>Appends a range that begins no lower than the last one, joining the two where they meet.</summary>
    public static void Append(List<UidRange> ranges, UidRange next)
    {
        if (ranges.Count > 0 && next.First <= (ulong)ranges[^1].Last + 1)
        {
            ranges[^1] = ranges[^1] with { Last = Math.Max(ranges[^1].Last, next.Last) };
        }
        else
        {
            ranges.Add(next);
        }
    }

    public static int Count(UidRange[] ranges) => ranges.Sum(r => r.Count);

    public static int CountFrom(UidRange[] ranges, uint first) => From(ranges, first).Sum(r => r.Count);

    /// <summary>How many UIDs are in both.</summary>
    public static long CountOverlap(UidRange[] ranges, UidRange[] others) => Intersect(ranges, others).Sum(r => (long)r.Count);

    private static int LastFrom(ReadOnlySpan<UidRange> ranges, uint uid)
    {
        var (low, high) = (0, ranges.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = ranges[middle].First <= uid ? (middle + 1, high) : (low, middle);
        }

        return low - 1;
    }

    // Looking for a UID is done for each row that a command names: not through the list's interface.
    private static ReadOnlySpan<UidRange> SpanOf(IReadOnlyList<UidRange> ranges) => ranges switch
    {
        UidRange[] array => array,
        List<UidRange> list => CollectionsMarshal.AsSpan(list),
        _ => ranges.ToArray(),
    };
}
