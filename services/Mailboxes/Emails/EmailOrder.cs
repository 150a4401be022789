namespace MailCloud.Mailboxes.Emails;

/// <summary>An Email of a result.</summary>
/// <param name="Key">Where it stands in the order: ascending.</param>
internal readonly record struct EmailEntry(long Key, Guid Id, ulong Thread)
{
    /// <summary>By key; what equals by id, the later first.</summary>
    public static readonly Comparer<EmailEntry> Order = Comparer<EmailEntry>.Create((a, b) => a.Key != b.Key ? a.Key.CompareTo(b.Key) : b.Id.CompareTo(a.Id));
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

    /// <summary>May pass over Emails that stand before one, whether or not that one is in the result.</summary>
    public virtual Task SkipToAsync(EmailFacts email) => Task.CompletedTask;
}

/// <summary>Only the first Email of each thread.</summary>
internal sealed class FirstOfThreads(EmailOrder all) : EmailOrder
{
    private readonly HashSet<ulong> seen = [];

    public override async ValueTask<bool> ReadAsync()
    {
        while (await all.ReadAsync())
        {
            if (seen.Add(all.Current.Thread))
            {
                Current = all.Current;
                Next++;
                return true;
            }
        }

        return false;
    }
}
