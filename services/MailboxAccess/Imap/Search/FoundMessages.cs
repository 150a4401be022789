using System.Collections;

namespace MailCloud.MailboxAccess.Imap.Search;

/// <summary>What a search has found: a bit for each message of the view, and the modseqs that a response needs.</summary>
internal sealed class FoundMessages(int count)
{
    private readonly BitArray found = new(count + 1);

    public int Count { get; private set; }

    /// <summary>Lowest and highest sequence number found; 0 when there is none.</summary>
    public int Min { get; private set; }

    public int Max { get; private set; }

    /// <summary>The highest modseq of all that were found, and those of the lowest and the highest message.</summary>
    public long ModSeq { get; private set; }

    public long MinModSeq { get; private set; }

    public long MaxModSeq { get; private set; }

    /// <summary>A message matches. <paramref name="modSeq"/> is 0 when it was not read.</summary>
    public void Add(int number, long modSeq)
    {
        if (number == 0 || found[number])
        {
            return;
        }

        found[number] = true;
        Count++;
        ModSeq = Math.Max(ModSeq, modSeq);
        (Min, MinModSeq) = Min == 0 || number < Min ? (number, modSeq) : (Min, MinModSeq);
        (Max, MaxModSeq) = number > Max ? (number, modSeq) : (Max, MaxModSeq);
    }

    /// <summary>Sequence numbers in ascending order.</summary>
    public IEnumerable<int> Numbers()
    {
        for (var number = Min; number <= Max && number > 0; number++)
        {
            if (found[number])
            {
                yield return number;
            }
        }
    }
}
