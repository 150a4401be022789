using MailCloud.MailboxAccess.Imap;
using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Tests.Model;

/// <summary>A view as the model drives it: the real one, or a copy with a fault.</summary>
internal sealed record ViewUnderTest(
    Func<FolderChanges, bool, ViewUpdate> Apply,
    Action<FlagsOfMessage> Tell,
    Func<(long ModSeq, long HighestModSeq, uint UidNext)> Position,
    Func<UidRange[]> All,
    Func<uint, int> NumberOf,
    Func<int, uint> UidOf,
    Func<uint, bool> IsRecent,
    Func<int> Recent)
{
    public static ViewUnderTest Real()
    {
        var view = new MailboxView([], 1, 1, 1, 1);
        return new(
            view.Apply, view.Tell, () => (view.ModSeq, view.HighestModSeq, view.UidNext), () => view.All, view.NumberOf, view.UidOf, view.IsRecent, () => view.Recent);
    }

    public static ViewUnderTest Faulty(ViewFault fault)
    {
        var view = new FaultyView([], 1, 1, 1, 1) { Fault = fault };
        return new(
            view.Apply, view.Tell, () => (view.ModSeq, view.HighestModSeq, view.UidNext), () => view.All, view.NumberOf, view.UidOf, view.IsRecent, () => view.Recent);
    }
}

internal enum ViewStepKind
{
    Arrive = 0,
    Expunge = 1,
    ChangeFlags = 2,
    ChangeElsewhere = 3,
    ClaimByAnother = 4,
    StoreByClient = 5,
    AskHolding = 6,
    Ask = 7,
}

/// <summary>One thing that happens; <paramref name="A"/> and <paramref name="B"/> choose among what is there.</summary>
internal sealed record ViewStep(ViewStepKind Kind, int A, int B);

/// <summary>
/// A folder as a plain list, one session's view of it, and a client that believes what it is told. After each answer the client's list is compared with
/// the folder's.
/// </summary>
internal sealed class ViewScript(ViewUnderTest view)
{
    private readonly List<(uint Uid, MessageFlags Flags, long ModSeq)> folder = [];
    private readonly List<(uint Uid, long ModSeq)> expunged = [];
    private readonly HashSet<uint> recent = [];
    private readonly List<(uint Uid, MessageFlags Flags, long ModSeq)> client = [];
    private uint uidNext = 1;
    private uint recentFrom = 1;
    private long modSeq = 1;
    private long highest = 1;

    public static IReadOnlyList<ViewStep> Random(int seed, int length)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => new ViewStep((ViewStepKind)random.Next(8), random.Next(100), random.Next(100)))];
    }

    /// <summary>What went wrong, or null.</summary>
    public static string? Run(IReadOnlyList<ViewStep> steps, ViewUnderTest view)
    {
        var script = new ViewScript(view);
        try
        {
            foreach (var step in steps)
            {
                script.Run(step);
            }

            return null;
        }
        catch (Exception e)
        {
            return e.Message;
        }
    }

    private void Run(ViewStep step)
    {
        switch (step.Kind)
        {
            case ViewStepKind.Arrive:
                for (var i = 0; i <= step.A % 3; i++)
                {
                    folder.Add((uidNext++, MessageFlags.None, highest = ++modSeq));
                }

                break;
            case ViewStepKind.Expunge when folder.Count > 0:
                var gone = step.A % folder.Count;
                expunged.Add((folder[gone].Uid, highest = ++modSeq));
                folder.RemoveAt(gone);
                break;
            case ViewStepKind.ChangeFlags when folder.Count > 0:
                Change(step.A % folder.Count, step.B);
                break;
            case ViewStepKind.ChangeElsewhere:
                modSeq++;
                break;
            case ViewStepKind.ClaimByAnother:
                recentFrom = uidNext;
                break;
            case ViewStepKind.StoreByClient when client.Count > 0:
                Store(step.A % client.Count, step.B);
                break;
            case ViewStepKind.AskHolding:
                Ask(mayExpunge: false);
                break;
            case ViewStepKind.Ask:
                Ask(mayExpunge: true);
                break;
        }
    }

    private void Change(int index, int bit) =>
        folder[index] = (folder[index].Uid, folder[index].Flags ^ (MessageFlags)(1 << (bit % 5)), highest = ++modSeq);

    // The client changes a message that it knows, and knows what comes of it.
    private void Store(int number, int bit)
    {
        var index = folder.FindIndex(m => m.Uid == client[number].Uid);
        if (index >= 0)
        {
            Change(index, bit);
            client[number] = folder[index];
            view.Tell(new(folder[index].Uid, folder[index].Flags, folder[index].ModSeq));
        }
    }

    private void Ask(bool mayExpunge)
    {
        var (since, highestBefore, from) = view.Position();
        var update = view.Apply(Answer(since, from), mayExpunge);
        foreach (var uid in folder.Select(m => m.Uid).Where(uid => uid >= Math.Max(recentFrom, from)))
        {
            recent.Add(uid);
        }

        recentFrom = uidNext;
        Check(mayExpunge || update.Expunged.Count == 0, "an EXPUNGE was sent where none may be");
        Check(update.Expunged.Select(number => client[number - 1].Uid).Order().SequenceEqual(update.Vanished.SelectMany(Uids)), "EXPUNGE and VANISHED name different messages");
        foreach (var number in update.Expunged)
        {
            client.RemoveAt(number - 1);
        }

        TellExists(update.Exists);
        foreach (var told in update.Flags)
        {
            var number = client.FindIndex(m => m.Uid == told.Uid);
            Check(number >= 0 && view.NumberOf(told.Uid) == number + 1, "flags were told of a message under another number");
            Check(told.ModSeq > client[number].ModSeq, "a change was told twice");
            client[number] = (told.Uid, told.Flags, told.ModSeq);
        }

        Compare(mayExpunge, highestBefore);
    }

    private FolderChanges Answer(long since, uint from) => new()
    {
        ModSeq = modSeq,
        HighestModSeq = highest,
        UidNext = uidNext,
        Expunged = Ranges(expunged.Where(e => e.ModSeq > since).Select(e => e.Uid)),
        Arrived = Ranges(folder.Select(m => m.Uid).Where(uid => uid >= from)),
        RecentFrom = recentFrom,
        Flags = [.. folder.Where(m => m.ModSeq > since).Select(m => new FlagsOfMessage(m.Uid, m.Flags, m.ModSeq))],
        Keywords = [],
    };

    // As a client does: it asks for what it was told the existence of.
    private void TellExists(int? exists)
    {
        Check(exists is null || exists > client.Count, "EXISTS did not grow");
        for (var number = client.Count + 1; number <= exists; number++)
        {
            var uid = view.UidOf(number);
            var index = folder.FindIndex(m => m.Uid == uid);
            Check(index >= 0, "a message that is not there was announced");
            client.Add(folder[index]);
        }
    }

    private void Compare(bool mayExpunge, long highestBefore)
    {
        var (since, highestNow, from) = view.Position();
        Check(since == modSeq && from == uidNext, "the next answer would not begin where this one ended");
        Check(view.All().SelectMany(Uids).SequenceEqual(client.Select(m => m.Uid)), "the view and the client do not agree");
        Check(client.Select((m, i) => view.NumberOf(m.Uid) == i + 1 && view.UidOf(i + 1) == m.Uid).All(same => same), "numbers and UIDs do not agree");
        var there = client.Where(m => folder.Any(f => f.Uid == m.Uid)).ToList();
        Check(there.SequenceEqual(folder), "the client and the folder do not agree");
        Check(!mayExpunge || client.Count == folder.Count, "an expunge was not told");
        Check(client.All(m => view.IsRecent(m.Uid) == recent.Contains(m.Uid)), "\\Recent is wrong");
        Check(view.Recent() == client.Count(m => recent.Contains(m.Uid)), "the number of recent messages is wrong");
        Check(client.Count > folder.Count ? highestNow == highestBefore : highestNow == highest, "the highest modseq is wrong");
    }

    private static UidRange[] Ranges(IEnumerable<uint> uids)
    {
        var ranges = new List<UidRange>();
        foreach (var uid in uids.Order())
        {
            UidRanges.Append(ranges, new(uid, uid));
        }

        return [.. ranges];
    }

    private static IEnumerable<uint> Uids(UidRange range) => Enumerable.Range((int)range.First, range.Count).Select(uid => (uint)uid);

    private static void Check(bool holds, string complaint)
    {
        if (!holds)
        {
            throw new InvalidOperationException(complaint);
        }
    }
}
