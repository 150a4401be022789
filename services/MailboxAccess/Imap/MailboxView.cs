using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap;

/// <summary>
/// What this session's client believes of the selected folder: which message has which sequence number (RFC 3501 §2.3.1.2). It changes only
/// by responses that are sent, so that both sides count the same. A message expunged meanwhile keeps its number until EXPUNGE may be sent.
/// </summary>
internal sealed class MailboxView
{
    // Changes that the client has been told of, or has made itself, since ModSeq: the next answer repeats them and is not passed on.
    private readonly Dictionary<uint, long> told = [];
    private UidRange[] uids;

    // before[i]: messages in the ranges before the i-th.
    private int[] before;

    public MailboxView(UidRange[] uids, long modSeq, uint recentFrom)
    {
        this.uids = uids;
        before = CountBefore(uids);
        ModSeq = modSeq;
        RecentFrom = recentFrom;
    }

    /// <summary>Changes up to here are known to the client.</summary>
    public long ModSeq { get; private set; }

    /// <summary>UIDs from here on are \Recent in this session.</summary>
    public uint RecentFrom { get; }

    public int Count => before[^1];

    public int Recent => Count - RankOf(RecentFrom);

    /// <summary>The highest UID, which <c>*</c> stands for among UIDs; 0 when the folder is empty.</summary>
    public uint LastUid => uids.Length == 0 ? 0 : uids[^1].Last;

    public bool IsRecent(uint uid) => uid >= RecentFrom;

    /// <summary>The sequence number of a UID, from 1; 0 when the client knows no such message.</summary>
    public int NumberOf(uint uid)
    {
        var range = RangeAt(uid);
        return range < 0 ? 0 : before[range] + (int)(uid - uids[range].First) + 1;
    }

    /// <summary>The UID of a sequence number from 1 to <see cref="Count"/>.</summary>
    public uint UidOf(int number)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, Count);
        var range = RangeOfRank(number - 1);
        return uids[range].First + (uint)(number - 1 - before[range]);
    }

    /// <summary>The messages that a set names, as ascending ranges of UIDs.</summary>
    /// <exception cref="ImapSyntaxException">A sequence number is higher than the number of messages (RFC 3501 §9, seq-number).</exception>
    public UidRange[] Select(SequenceSet set, bool byUid)
    {
        if (byUid)
        {
            return Intersect(set.Resolve(LastUid));
        }

        if (set.Highest() > Count)
        {
            throw new ImapSyntaxException("There is no message with this sequence number");
        }

        var selected = new List<UidRange>();
        foreach (var (first, last) in set.Resolve((uint)Count))
        {
            AddRanks((int)first - 1, (int)last - 1, selected);
        }

        return [.. selected];
    }

    /// <summary>All messages of the view.</summary>
    public UidRange[] All => uids;

    /// <summary>The client learns this message's flags, as of the modseq, by another way than <see cref="Apply"/>.</summary>
    public void Tell(FlagsOfMessage message) => told[message.Uid] = message.ModSeq;

    /// <summary>
    /// Brings the view to the folder's present state as far as it may, and says what must be sent for it. Without
    /// <paramref name="mayExpunge"/> messages that are gone keep their numbers (RFC 3501 §7.4.1: no EXPUNGE during FETCH, STORE or SEARCH).
    /// </summary>
    public ViewUpdate Apply(FolderChanges changes, bool mayExpunge)
    {
        var expunged = mayExpunge ? Expunge(changes.Uids) : [];
        var count = Count;
        Extend(changes.Uids);
        var flags = new List<FlagsOfMessage>();
        foreach (var message in changes.Flags)
        {
            // A message that is new to the client is announced by EXISTS, which leads it to ask for the flags.
            var number = NumberOf(message.Uid);
            if (number > 0 && number <= count && !(told.TryGetValue(message.Uid, out var known) && known >= message.ModSeq))
            {
                flags.Add(message);
            }
        }

        ModSeq = Math.Max(ModSeq, changes.ModSeq);
        ForgetTold();
        return new(expunged, Count != count ? Count : null, flags);
    }

    private void ForgetTold()
    {
        foreach (var (uid, modSeq) in told)
        {
            if (modSeq <= ModSeq)
            {
                told.Remove(uid);
            }
        }
    }

    // Sequence numbers to send in this order: each EXPUNGE renumbers what follows, so we go from the end (RFC 3501 §7.4.1).
    private List<int> Expunge(UidRange[] present)
    {
        var numbers = new List<int>();
        var kept = new List<UidRange>(present.Length);
        var p = 0;
        for (var i = 0; i < uids.Length; i++)
        {
            var (first, last) = uids[i];
            var next = (ulong)first;
            while (p < present.Length && present[p].Last < first)
            {
                p++;
            }

            for (var q = p; q < present.Length && present[q].First <= last; q++)
            {
                var from = Math.Max(present[q].First, first);
                var to = Math.Min(present[q].Last, last);
                AddNumbers(i, next, from, numbers);
                Add(kept, new(from, to));
                next = (ulong)to + 1;
            }

            AddNumbers(i, next, (ulong)last + 1, numbers);
        }

        if (numbers.Count > 0)
        {
            numbers.Reverse();
            Replace([.. kept]);
        }

        return numbers;
    }

    // Sequence numbers of the UIDs in [from, end) of the i-th range.
    private void AddNumbers(int range, ulong from, ulong end, List<int> numbers)
    {
        for (var uid = from; uid < end; uid++)
        {
            numbers.Add(before[range] + (int)(uid - uids[range].First) + 1);
        }
    }

    // UIDs only rise, so new messages stand after all that the client knows.
    private void Extend(UidRange[] present)
    {
        var last = LastUid;
        if (present.Length == 0 || present[^1].Last <= last)
        {
            return;
        }

        var all = new List<UidRange>(uids);
        foreach (var range in present)
        {
            if (range.Last > last)
            {
                Add(all, new(Math.Max(range.First, last + 1), range.Last));
            }
        }

        Replace([.. all]);
    }

    private static void Add(List<UidRange> ranges, UidRange range)
    {
        if (ranges.Count > 0 && ranges[^1].Last + 1 == range.First)
        {
            ranges[^1] = new(ranges[^1].First, range.Last);
        }
        else
        {
            ranges.Add(range);
        }
    }

    private void Replace(UidRange[] now)
    {
        uids = now;
        before = CountBefore(now);
    }

    private UidRange[] Intersect(List<SequenceRange> wanted)
    {
        var selected = new List<UidRange>();
        var i = 0;
        foreach (var (first, last) in wanted)
        {
            while (i < uids.Length && uids[i].Last < first)
            {
                i++;
            }

            for (var k = i; k < uids.Length && uids[k].First <= last; k++)
            {
                selected.Add(new(Math.Max(uids[k].First, first), Math.Min(uids[k].Last, last)));
            }
        }

        return [.. selected];
    }

    private void AddRanks(int first, int last, List<UidRange> selected)
    {
        for (var range = RangeOfRank(first); range < uids.Length && before[range] <= last; range++)
        {
            var from = uids[range].First + (uint)Math.Max(0, first - before[range]);
            var to = uids[range].First + (uint)Math.Min(uids[range].Count - 1, last - before[range]);
            Add(selected, new(from, to));
        }
    }

    // The range that holds the UID; negative when none does.
    private int RangeAt(uint uid)
    {
        var range = LastRangeFrom(uid);
        return range >= 0 && uid <= uids[range].Last ? range : -1;
    }

    // The last range that begins at or before the UID; -1 when all begin after it.
    private int LastRangeFrom(uint uid)
    {
        int low = 0, high = uids.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (uids[middle].First <= uid)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low - 1;
    }

    // Messages with a lower UID.
    private int RankOf(uint uid)
    {
        var range = LastRangeFrom(uid);
        return range < 0 ? 0 : before[range] + (int)Math.Min(uid - uids[range].First, (uint)uids[range].Count);
    }

    private int RangeOfRank(int rank)
    {
        var found = Array.BinarySearch(before, 0, uids.Length, rank);
        return found >= 0 ? found : ~found - 1;
    }

    private static int[] CountBefore(UidRange[] ranges)
    {
        var counts = new int[ranges.Length + 1];
        for (var i = 0; i < ranges.Length; i++)
        {
            counts[i + 1] = counts[i] + ranges[i].Count;
        }

        return counts;
    }
}

/// <summary>
/// What a client must be told: EXPUNGE for each number in this order, then EXISTS and RECENT when <paramref name="Exists"/> is not null, then
/// FETCH with the flags of each message.
/// </summary>
internal readonly record struct ViewUpdate(IReadOnlyList<int> Expunged, int? Exists, IReadOnlyList<FlagsOfMessage> Flags);
