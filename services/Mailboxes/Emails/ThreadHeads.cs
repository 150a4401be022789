using System.Runtime.CompilerServices;

namespace MailCloud.Mailboxes.Emails;

/// <summary>What a query by date gives when it collapses threads: of each thread the first Email, in order, as of one modseq.</summary>
internal sealed class ThreadHeads(long modSeq, EmailEntry[] entries)
{
    public long ModSeq => modSeq;

    public int Count => entries.Length;

    public long Octets => (long)Unsafe.SizeOf<EmailEntry>() * entries.Length;

    public EmailEntry this[long index] => entries[index];

    /// <summary>The index of the first that stands at a key or behind it.</summary>
    public long From(long key)
    {
        var (low, high) = (0, entries.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = entries[middle].Key < key ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <summary>The same at a later modseq, at which some threads have other heads, in order, or none.</summary>
    public ThreadHeads With(long laterModSeq, HashSet<ulong> threads, IReadOnlyList<EmailEntry> heads)
    {
        var merged = new List<EmailEntry>(entries.Length + heads.Count);
        var next = 0;
        foreach (var entry in entries)
        {
            if (!threads.Contains(entry.Thread))
            {
                for (; next < heads.Count && EmailEntry.Order.Compare(heads[next], entry) < 0; next++)
                {
                    merged.Add(heads[next]);
                }

                merged.Add(entry);
            }
        }

        merged.AddRange(heads.Skip(next));
        return new(laterModSeq, [.. merged]);
    }
}
