using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap;

/// <summary>Sets of UIDs as ascending ranges without overlap.</summary>
internal static class UidRanges
{
    public static bool Contains(IReadOnlyList<UidRange> ranges, uint uid)
    {
        var at = LastFrom(ranges, uid);
        return at >= 0 && uid <= ranges[at].Last;
    }

    /// <summary>The index of the last range that begins at or before the UID; -1 when all begin after it.</summary>
    public static int LastFrom(IReadOnlyList<UidRange> ranges, uint uid)
    {
        var (low, high) = (0, ranges.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = ranges[middle].First <= uid ? (middle + 1, high) : (low, middle);
        }

        return low - 1;
    }

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

    /// <summary>A sequence-set of UIDs (RFC 3501 §9).</summary>
    public static string Write(IEnumerable<UidRange> ranges) =>
        string.Join(',', ranges.Select(range => range.First == range.Last ? $"{range.First}" : $"{range.First}:{range.Last}"));
}
