using MailCloud.MailboxAccess.Imap; // fault
using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Tests.Model;

/// <summary>
/// What this session's client believes of the selected folder: which message has which sequence number (RFC 3501 §2.3.1.2). Pure: it is fed with
/// answers of the mailbox and says what must be sent. Invariants:
/// <list type="number">
/// <item>It changes only by responses that are sent, in their order, so that both sides count the same.</item>
/// <item>A message that is gone keeps its number until its EXPUNGE or VANISHED may be sent (RFC 3501 §7.4.1), and is announced then exactly once.</item>
/// <item>UIDs only rise: what arrives stands after all that the client knows. A message that came and went between two answers never appears.</item>
/// <item>Each answer begins at the modseq and the UID where the last one ended, so that none of them costs more than what changed.</item>
/// <item>A change is passed on unless the client was told of that very change (by its modseq) in answer to its own command.</item>
/// </list>
/// </summary>
internal sealed class FaultyView
{
    public ViewFault Fault { get; init; } // fault
    // Changes after ModSeq that the client has been told of, or has made itself: the next answer repeats them and is not passed on.
    private readonly Dictionary<uint, long> told = [];

    // UIDs that are \Recent in this session, also of messages that are gone since.
    private readonly List<UidRange> recent = [];

    // The messages that have a number, and for each range how many stand before it.
    private List<UidRange> numbered;
    private List<int> before;

    // Of those, the ones that are gone and wait for their EXPUNGE.
    private UidRange[] held = [];

    public FaultyView(UidRange[] uids, uint uidNext, long modSeq, long highestModSeq, uint recentFrom)
    {
        numbered = [.. uids];
        before = CountBefore(numbered);
        UidNext = uidNext;
        ModSeq = modSeq;
        HighestModSeq = highestModSeq;
        AddRecent(recentFrom, uidNext);
    }

    /// <summary>Changes of the mailbox up to here are known to the client.</summary>
    public long ModSeq { get; private set; }

    /// <summary>Messages from this UID on are unknown to the client.</summary>
    public uint UidNext { get; private set; }

    /// <summary>
    /// What the client may take for the folder's HIGHESTMODSEQ and lose nothing when the connection breaks: below the modseq of each expunge
    /// that it was not told of (RFC 7162 §3.2.1).
    /// </summary>
    public long HighestModSeq { get; private set; }

    /// <summary>True while an EXPUNGE waits until it may be sent.</summary>
    public bool HoldsExpunges => held.Length > 0;

    public int Count => before[^1];

    public int Recent
    {
        get
        {
            var count = 0;
            foreach (var range in recent)
            {
                count += RankOf((ulong)range.Last + 1) - RankOf(range.First);
            }

            return count;
        }
    }

    /// <summary>The highest UID, which <c>*</c> stands for among UIDs; 0 when the folder is empty.</summary>
    public uint LastUid => numbered.Count == 0 ? 0 : numbered[^1].Last;

    /// <summary>All messages of the view.</summary>
    public UidRange[] All => [.. numbered];

    public bool IsRecent(uint uid) => UidRanges.Contains(recent, uid);

    /// <summary>The sequence number of a UID, from 1; 0 when the client knows no such message.</summary>
    public int NumberOf(uint uid)
    {
        var range = UidRanges.LastFrom(numbered, uid);
        return range < 0 || uid > numbered[range].Last ? 0 : before[range] + (int)(uid - numbered[range].First) + 1;
    }

    /// <summary>The UID of a sequence number from 1 to <see cref="Count"/>.</summary>
    public uint UidOf(int number)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, Count);
        var range = RangeOfRank(number - 1);
        return numbered[range].First + (uint)(number - 1 - before[range]);
    }

    /// <summary>The messages that a set names, as ascending ranges of UIDs.</summary>
    /// <exception cref="ImapSyntaxException">A sequence number is higher than the number of messages (RFC 3501 §9, seq-number).</exception>
    public UidRange[] Select(SequenceSet set, bool byUid)
    {
        if (byUid)
        {
            return UidRanges.Intersect(set.ToUids(LastUid), numbered);
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

    /// <summary>The client learns this message's flags, as of the modseq, by another way than <see cref="Apply"/>.</summary>
    public void Tell(FlagsOfMessage message) => told[message.Uid] = message.ModSeq;

    /// <summary>
    /// Brings the view to the folder's present state as far as it may, and says what must be sent for it. Without
    /// <paramref name="mayExpunge"/> messages that are gone keep their numbers (RFC 3501 §7.4.1: no EXPUNGE during FETCH, STORE or SEARCH).
    /// </summary>
    /// <param name="changes">The answer to <see cref="ModSeq"/> and <see cref="UidNext"/>.</param>
    /// <param name="mayExpunge">Whether EXPUNGE may be sent.</param>
    public ViewUpdate Apply(FolderChanges changes, bool mayExpunge)
    {
        held = UidRanges.Union(held, UidRanges.Intersect(changes.Expunged, numbered));
        var vanished = mayExpunge ? held : [];
        vanished = Fault == ViewFault.ExpungesWhenever ? held : vanished; // fault
        held = Fault == ViewFault.ForgetsHeld && !mayExpunge ? [] : held; // fault
        var expunged = NumbersOf(vanished);
        expunged = Fault == ViewFault.CountsUpwards ? [.. expunged.Order()] : expunged; // fault
        Remove(vanished);
        held = Fault == ViewFault.TellsHeldTwice && vanished.Length > 0 ? vanished : held; // fault
        var count = Count;
        Extend(changes);
        count = Fault == ViewFault.KeepsQuietOfArrivals && expunged.Count > 0 ? Count : count; // fault
        var flags = changes.Flags.Where(message => IsNews(message, count)).ToArray();
        ModSeq = Math.Max(ModSeq, changes.ModSeq);
        ModSeq = Fault == ViewFault.StandsStill && HoldsExpunges ? Math.Min(ModSeq, changes.ModSeq - 1) : ModSeq; // fault
        HighestModSeq = Fault == ViewFault.PromisesTooMuch ? changes.HighestModSeq : HighestModSeq; // fault
        HighestModSeq = HoldsExpunges ? HighestModSeq : Math.Max(HighestModSeq, changes.HighestModSeq);
        ForgetTold();
        return new(expunged, vanished, Count != count ? Count : null, flags);
    }

    // A message that is new to the client is announced by EXISTS, which leads it to ask for the flags.
    private bool IsNews(FlagsOfMessage message, int count)
    {
        var number = NumberOf(message.Uid);
        if (Fault == ViewFault.RepeatsOwnChange) { told.Remove(message.Uid); } // fault
        if (Fault == ViewFault.SwallowsOthersChange && told.ContainsKey(message.Uid)) { told[message.Uid] = long.MaxValue; } // fault
        return number > 0 && number <= count && !(told.TryGetValue(message.Uid, out var known) && known >= message.ModSeq);
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
    private List<int> NumbersOf(UidRange[] vanished)
    {
        var numbers = new List<int>();
        for (var i = vanished.Length - 1; i >= 0; i--)
        {
            var first = NumberOf(vanished[i].First);
            for (var number = first + vanished[i].Count - 1; number >= first; number--)
            {
                numbers.Add(number);
            }
        }

        return numbers;
    }

    private void Remove(UidRange[] vanished)
    {
        if (vanished.Length > 0)
        {
            numbered = UidRanges.Except(numbered, vanished);
            before = CountBefore(numbered);
            held = [];
        }
    }

    private void Extend(FolderChanges changes)
    {
        foreach (var range in changes.Arrived)
        {
            if (range.Last >= UidNext)
            {
                UidRanges.Append(numbered, range with { First = Math.Max(range.First, UidNext) });
                before.RemoveRange(numbered.Count, before.Count - numbered.Count);
                before.Add(before[^1] + numbered[^1].Count);
            }
        }

        if (Fault == ViewFault.ForgetsRecent) { recent.Clear(); } // fault
        AddRecent(Math.Max(changes.RecentFrom, UidNext), changes.UidNext);
        UidNext = Math.Max(UidNext, changes.UidNext);
    }

    private void AddRecent(uint from, uint end)
    {
        if (from < end)
        {
            UidRanges.Append(recent, new(from, end - 1));
        }
    }

    private void AddRanks(int first, int last, List<UidRange> selected)
    {
        for (var range = RangeOfRank(first); range < numbered.Count && before[range] <= last; range++)
        {
            var from = numbered[range].First + (uint)Math.Max(0, first - before[range]);
            var to = numbered[range].First + (uint)Math.Min(numbered[range].Count - 1, last - before[range]);
            UidRanges.Append(selected, new(from, to));
        }
    }

    // Messages with a lower UID.
    private int RankOf(ulong uid)
    {
        var range = UidRanges.LastFrom(numbered, (uint)Math.Min(uid, uint.MaxValue));
        return range < 0 ? 0 : before[range] + (int)Math.Min(uid - numbered[range].First, (ulong)numbered[range].Count);
    }

    private int RangeOfRank(int rank)
    {
        var found = before.BinarySearch(0, numbered.Count, rank, null);
        return found >= 0 ? found : ~found - 1;
    }

    private static List<int> CountBefore(List<UidRange> ranges)
    {
        var counts = new List<int>(ranges.Count + 1) { 0 };
        foreach (var range in ranges)
        {
            counts.Add(counts[^1] + range.Count);
        }

        return counts;
    }
}

/// <summary>What the copy does wrong; each is a mistake that somebody might make.</summary>
internal enum ViewFault
{
    None = 0,

    /// <summary>EXPUNGE also where it may not be sent.</summary>
    ExpungesWhenever = 1,

    /// <summary>What may not be told yet is told never.</summary>
    ForgetsHeld = 2,

    /// <summary>What was held back and told is told again.</summary>
    TellsHeldTwice = 3,

    /// <summary>EXPUNGE from the lowest number, although each renumbers what follows.</summary>
    CountsUpwards = 4,

    /// <summary>No EXISTS when messages have gone in the same answer.</summary>
    KeepsQuietOfArrivals = 5,

    /// <summary>The next answer begins where this one began while an expunge is held.</summary>
    StandsStill = 6,

    /// <summary>The highest modseq rises above expunges that are held.</summary>
    PromisesTooMuch = 7,

    /// <summary>The client's own change is told to it as news.</summary>
    RepeatsOwnChange = 8,

    /// <summary>Another's change of a message that the client changed too is not told.</summary>
    SwallowsOthersChange = 9,

    /// <summary>Only what the last answer brought is \Recent.</summary>
    ForgetsRecent = 10,
}
