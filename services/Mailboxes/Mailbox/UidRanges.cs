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

    public static bool Intersects(UidRange[] ranges, uint first, uint last) => ranges.Any(r => r.First <= last && r.Last >= first);

    public static int Count(UidRange[] ranges) => ranges.Sum(r => r.Count);

    public static int CountFrom(UidRange[] ranges, uint first) =>
        ranges.Where(r => r.Last >= first).Sum(r => (int)(r.Last - Math.Max(r.First, first) + 1));
}
