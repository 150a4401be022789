using MailCloud.MailboxContracts;

namespace MailCloud.Mailboxes.Emails;

/// <summary>Any other order: the keys of all that match are collected and sorted. It keeps 28 octets of each Email and 8 more for each further key; chunks go by one after the other.</summary>
internal sealed class SortedOrder : EmailOrder
{
    private readonly EmailEntry[] sorted;

    private SortedOrder(EmailEntry[] sorted) => this.sorted = sorted;

    /// <param name="all">Those that match, in any order.</param>
    /// <param name="keys">The values to sort by, most important first, ascending.</param>
    public static async Task<SortedOrder> CreateAsync(IAsyncEnumerable<IEnumerable<EmailFacts>> all, IReadOnlyList<Func<EmailFacts, long>> keys)
    {
        var entries = new List<EmailEntry>();
        var values = new List<long>();
        await foreach (var rows in all)
        {
            foreach (var email in rows)
            {
                entries.Add(new(entries.Count, email.Row.Body, email.Thread));
                foreach (var key in keys)
                {
                    values.Add(key(email));
                }
            }
        }

        entries.Sort(Compare);
        return new([.. entries]);

        int Compare(EmailEntry a, EmailEntry b)
        {
            var (x, y) = ((int)a.Key * keys.Count, (int)b.Key * keys.Count);
            for (var i = 0; i < keys.Count; i++)
            {
                if (values[x + i] != values[y + i])
                {
                    return values[x + i].CompareTo(values[y + i]);
                }
            }

            return b.Id.CompareTo(a.Id);
        }
    }

    public static Func<EmailFacts, long> KeyOf(EmailSort sort, IReadOnlyList<string> keywords, IReadOnlyDictionary<MessageFlags, ThreadKeyword> threads)
    {
        var flag = EmailFlags.Find(keywords, sort.Keyword);
        var direction = sort.Ascending ? 1 : -1;
        return sort.Key switch
        {
            EmailSortKey.ReceivedAt => email => direction * email.Row.InternalDate,
            EmailSortKey.Size => email => direction * email.Row.Size,
            EmailSortKey.HasKeyword => email => (email.Flags & flag) != 0 ? direction : 0,
            EmailSortKey.AllInThreadHaveKeyword => email => threads[flag].AllHave(email.Thread) ? direction : 0,
            EmailSortKey.SomeInThreadHaveKeyword => email => threads[flag].SomeHave(email.Thread) ? direction : 0,
            _ => throw new ArgumentException($"unknown sort {sort.Key}"),
        };
    }

    /// <summary>The same from the beginning.</summary>
    public SortedOrder Again() => new(sorted);

    public override ValueTask<bool> ReadAsync()
    {
        if (Next >= sorted.Length)
        {
            return new(false);
        }

        Current = sorted[Next++];
        return new(true);
    }

    public override Task SkipAsync(long count)
    {
        Next = Math.Min(sorted.Length, Next + count);
        return Task.CompletedTask;
    }
}
