using MailCloud.MailboxAccess.Imap;
using MailCloud.MailboxContracts;
using static MailCloud.Fuzz.OracleException;

namespace MailCloud.Fuzz.Targets;

/// <summary>A session's view of a folder under any sequence of changes, beside a client that does what it is told and nothing else.</summary>
internal static class ViewTargets
{
    public static IEnumerable<FuzzTarget> All =>
    [
        new("mailbox-view", View) { MaxLength = 24, GrownLength = 256, FixedAllocation = 4 * 1024 * 1024, Seeds = _ => [[3, 0, 4], [9, 0, 1, 3, 2, 4], [0, 5, 1, 2, 4, 1, 3]] },
    ];

    // An octet is a step: what happens to the folder, or the client's asking for news.
    private static void View(ReadOnlyMemory<byte> input)
    {
        var folder = new Folder();
        if (!input.IsEmpty)
        {
            folder.Arrive(input.Span[0] % 8);
        }

        var view = new MailboxView([.. UidRanges.From(folder.Messages.Keys)], folder.UidNext, folder.ModSeq, folder.ModSeq, uint.MaxValue);
        var client = new List<uint>(folder.Messages.Keys);
        foreach (var step in input.Span[Math.Min(1, input.Length)..])
        {
            switch (step % 5)
            {
                case 0:
                    folder.Arrive(1 + (step / 5 % 4));
                    break;
                case 1:
                    folder.Expunge(step / 5);
                    break;
                case 2:
                    folder.Change(step / 5);
                    break;
                case 3:
                    Tell(folder, view, client, mayExpunge: false);
                    break;
                default:
                    Tell(folder, view, client, mayExpunge: true);
                    ThrowIf(!client.SequenceEqual(folder.Messages.Keys), "a client that hears all has the folder's messages");
                    break;
            }
        }
    }

    private static void Tell(Folder folder, MailboxView view, List<uint> client, bool mayExpunge)
    {
        var unknown = view.UidNext;
        var (changed, was) = (folder.ChangedAfter(view.ModSeq), client.ToArray());
        var update = view.Apply(folder.ChangesFor(view), mayExpunge);
        ThrowIf(!mayExpunge && (update.Expunged.Count > 0 || update.Vanished.Length > 0), "RFC 3501 §7.4.1: no EXPUNGE now");
        foreach (var number in update.Expunged)
        {
            ThrowIf(number < 1 || number > client.Count, "an EXPUNGE names a message that the client has");
            client.RemoveAt(number - 1);
        }

        ThrowIf(!was.Except(client).SequenceEqual(update.Vanished.SelectMany(UidRanges.Each)), "EXPUNGE and VANISHED say the same");
        var old = client.Count;
        client.AddRange(folder.Messages.Keys.Where(uid => uid >= unknown));
        ThrowIf(update.Exists is { } exists ? exists != client.Count || exists == old : client.Count != old, "EXISTS says how many there are, when there are more");
        CheckNumbers(view, client);
        ThrowIf(
            !update.Flags.Select(f => f.Uid).Order().SequenceEqual(changed.Where(uid => client.IndexOf(uid) is >= 0 and var at && at < old).Order()),
            "the flags that changed are told, of messages that the client had");
        ThrowIf(view.ModSeq != folder.ModSeq || view.UidNext != folder.UidNext, "an answer brings the view up to it");
    }

    private static void CheckNumbers(MailboxView view, List<uint> client)
    {
        ThrowIf(view.Count != client.Count || view.LastUid != client.LastOrDefault(), "both sides count the same");
        ThrowIf(!view.All.SelectMany(UidRanges.Each).SequenceEqual(client), "both sides have the same messages");
        for (var number = 1; number <= client.Count; number++)
        {
            ThrowIf(view.UidOf(number) != client[number - 1] || view.NumberOf(client[number - 1]) != number, "both sides number alike");
        }

        ThrowIf(view.Recent > view.Count, "no more are recent than there are");
    }

    /// <summary>The folder as the mailbox has it.</summary>
    private sealed class Folder
    {
        private readonly List<(uint Uid, long ModSeq)> expunged = [];

        /// <summary>UIDs with the modseq of their last change.</summary>
        public SortedDictionary<uint, long> Messages { get; } = [];

        public long ModSeq { get; private set; } = 1;

        public uint UidNext { get; private set; } = 1;

        public void Arrive(int count)
        {
            for (; count > 0; count--)
            {
                Messages.Add(UidNext++, ++ModSeq);
            }
        }

        public void Expunge(int which)
        {
            if (Messages.Count > 0)
            {
                var uid = Messages.Keys.ElementAt(which % Messages.Count);
                Messages.Remove(uid);
                expunged.Add((uid, ++ModSeq));
            }
        }

        public void Change(int which)
        {
            if (Messages.Count > 0)
            {
                Messages[Messages.Keys.ElementAt(which % Messages.Count)] = ++ModSeq;
            }
        }

        public uint[] ChangedAfter(long modSeq) => [.. Messages.Where(m => m.Value > modSeq).Select(m => m.Key)];

        public FolderChanges ChangesFor(MailboxView view) => new()
        {
            ModSeq = ModSeq,
            HighestModSeq = ModSeq,
            UidNext = UidNext,
            Keywords = [],
            Flags = [.. Messages.Where(m => m.Value > view.ModSeq).Select(m => new FlagsOfMessage(m.Key, MessageFlags.None, m.Value))],
            Expunged = UidRanges.From(expunged.Where(e => e.ModSeq > view.ModSeq).Select(e => e.Uid).Order()),
            Arrived = UidRanges.From(Messages.Keys.Where(uid => uid >= view.UidNext)),
            RecentFrom = view.UidNext,
        };
    }
}
