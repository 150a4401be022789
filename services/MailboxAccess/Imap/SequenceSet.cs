using System.Globalization;
using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap;

/// <summary>
/// A sequence-set (RFC 3501 §9) as the client wrote it: message sequence numbers or UIDs. <see cref="Star"/> stands for <c>*</c>, whose
/// meaning depends on the folder at hand.
/// </summary>
internal sealed record SequenceSet(IReadOnlyList<SequenceRange> Ranges)
{
    /// <summary>
    /// <c>*</c>. It is also the highest number that the grammar allows, which no folder reaches: a client that writes it out means the same.
    /// </summary>
    public const uint Star = uint.MaxValue;

    /// <summary>
    /// The set as ascending ranges without overlap, <c>*</c> replaced by <paramref name="last"/>. Empty when <paramref name="last"/> is 0:
    /// an empty folder.
    /// </summary>
    public List<SequenceRange> Resolve(uint last)
    {
        if (last == 0)
        {
            return [];
        }

        var ranges = new List<SequenceRange>(Ranges.Count);
        foreach (var (first, second) in Ranges)
        {
            var a = first == Star ? last : first;
            var b = second == Star ? last : second;

            // RFC 3501 §9: the order of a range's ends does not matter, and * may be the lower one.
            ranges.Add(new(Math.Min(a, b), Math.Max(a, b)));
        }

        ranges.Sort(static (x, y) => x.First.CompareTo(y.First));
        return Merge(ranges);
    }

    /// <summary>The same of a set of UIDs, when <paramref name="last"/> is the highest.</summary>
    public UidRange[] ToUids(uint last) => [.. Resolve(last).Select(range => new UidRange(range.First, range.Last))];

    /// <summary>The highest number that stands in it, <c>*</c> apart.</summary>
    public uint Highest()
    {
        uint highest = 0;
        foreach (var (first, last) in Ranges)
        {
            highest = Math.Max(highest, first == Star ? 0 : first);
            highest = Math.Max(highest, last == Star ? 0 : last);
        }

        return highest;
    }

    public override string ToString() => string.Join(',', Ranges.Select(r => r.First == r.Last ? Text(r.First) : $"{Text(r.First)}:{Text(r.Last)}"));

    /// <summary>UIDs, or sequence numbers, as a sequence-set.</summary>
    public static string Write(IEnumerable<UidRange> ranges) =>
        string.Join(',', ranges.Select(range => range.First == range.Last ? $"{range.First}" : $"{range.First}:{range.Last}"));

    private static string Text(uint number) => number == Star ? "*" : number.ToString(CultureInfo.InvariantCulture);

    private static List<SequenceRange> Merge(List<SequenceRange> sorted)
    {
        var merged = new List<SequenceRange>(sorted.Count);
        foreach (var range in sorted)
        {
            if (merged.Count > 0 && range.First <= (ulong)merged[^1].Last + 1)
            {
                merged[^1] = merged[^1] with { Last = Math.Max(merged[^1].Last, range.Last) };
            }
            else
            {
                merged.Add(range);
            }
        }

        return merged;
    }
}

/// <summary>Numbers between First and Last, both included. As parsed, First may be the higher.</summary>
internal readonly record struct SequenceRange(uint First, uint Last);
