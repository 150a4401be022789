namespace MailCloud.Mailboxes.Emails;

/// <summary>An Email of a result.</summary>
/// <param name="Key">Where it stands in the order: ascending.</param>
internal readonly record struct EmailEntry(long Key, Guid Id, ulong Thread)
{
    /// <summary>By key; what equals by id, the later first.</summary>
    public static readonly Comparer<EmailEntry> Order = Comparer<EmailEntry>.Create((a, b) => a.Key != b.Key ? a.Key.CompareTo(b.Key) : b.Id.CompareTo(a.Id));

    /// <summary>The entry of an Email in the order of receivedAt.</summary>
    public static EmailEntry ByDate(EmailFacts email, bool ascending) => new(ascending ? email.Row.InternalDate : -email.Row.InternalDate, email.Row.Body, email.Thread);
}

/// <summary>The Emails that match, in order, read from the first to the last.</summary>
internal abstract class EmailOrder
{
    /// <summary>More than there are.</summary>
    public const long All = long.MaxValue / 4;

    /// <summary>What was read last.</summary>
    public EmailEntry Current { get; protected set; }

    /// <summary>The index of what is read next.</summary>
    public long Next { get; protected set; }

    /// <summary>False: there are no more.</summary>
    public abstract ValueTask<bool> ReadAsync();

    /// <summary>Passes over a number of Emails, or to the end.</summary>
    public virtual async Task SkipAsync(long count)
    {
        for (var left = count; left > 0 && await ReadAsync(); left--)
        {
        }
    }

    /// <summary>May pass over Emails that stand before one in the order of receivedAt, whether or not that one is in the result.</summary>
    public virtual Task SkipToAsync(EmailEntry email) => Task.CompletedTask;
}

/// <summary>Only the first Email of each thread.</summary>
/// <param name="kept">Gives the same as a list, for what lies beyond the first screens; null: all is read.</param>
internal sealed class FirstOfThreads(EmailOrder all, Func<Task<ThreadHeads>>? kept) : EmailOrder
{
    /// <summary>Emails: some screens, and what is new. Reading them takes less than bringing the list forward.</summary>
    private const int ReadAnyway = 1000;

    private readonly HashSet<ulong> seen = [];
    private ThreadHeads? heads;
    private long from = long.MinValue;
    private int read;

    public override async ValueTask<bool> ReadAsync()
    {
        while (heads is null)
        {
            if (kept is not null && ++read > ReadAnyway)
            {
                await GoOnInListAsync(kept);
            }
            else if (!await all.ReadAsync())
            {
                return false;
            }
            else if (seen.Add(all.Current.Thread))
            {
                Current = all.Current;
                Next++;
                return true;
            }
        }

        if (Next >= heads.Count)
        {
            return false;
        }

        Current = heads[Next++];
        return true;
    }

    public override async Task SkipAsync(long count)
    {
        if (heads is null && kept is not null && count > ReadAnyway)
        {
            await GoOnInListAsync(kept);
        }

        if (heads is null)
        {
            await base.SkipAsync(count);
        }
        else
        {
            Next = Math.Min(heads.Count, Next + count);
        }
    }

    public override Task SkipToAsync(EmailEntry email)
    {
        from = email.Key;
        Next = Math.Max(Next, heads?.From(from) ?? 0);
        return Task.CompletedTask;
    }

    private async Task GoOnInListAsync(Func<Task<ThreadHeads>> list)
    {
        heads = await list();
        Next = Math.Max(Next, heads.From(from));
        seen.Clear();
    }
}
