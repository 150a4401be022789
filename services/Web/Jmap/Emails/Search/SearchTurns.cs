namespace MailCloud.Web.Jmap.Emails.Search;

/// <summary>How many searches through content this process makes at a time, for all accounts together. Who waits too long for a turn is told to ask later (RFC 8620 §3.6.2, serverUnavailable).</summary>
internal sealed class SearchTurns(int atOnce, TimeSpan patience)
{
    /// <summary>Each reads some messages at a time, and mostly waits for storage.</summary>
    private const int AtOnce = 16;

    /// <summary>A person waits so long, and a client's request does not end before.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public SearchTurns()
        : this(AtOnce, Patience)
    {
    }

    private SemaphoreSlim Turns { get; } = new(atOnce);

    /// <summary>Runs a search when it is its turn, and after any other that fills the same result.</summary>
    /// <exception cref="MethodException">serverUnavailable.</exception>
    public async Task<T> RunAsync<T>(FoundEmails found, Func<Task<T>> search, CancellationToken cancellationToken)
    {
        await EnterAsync(found.Turn, cancellationToken).ConfigureAwait(false);
        try
        {
            await EnterAsync(Turns, cancellationToken).ConfigureAwait(false);
            try
            {
                return await search().ConfigureAwait(false);
            }
            finally
            {
                Turns.Release();
            }
        }
        finally
        {
            found.Turn.Release();
        }
    }

    private async Task EnterAsync(SemaphoreSlim turn, CancellationToken cancellationToken)
    {
        if (!await turn.WaitAsync(patience, cancellationToken).ConfigureAwait(false))
        {
            throw new MethodException("serverUnavailable", "too many searches at a time");
        }
    }
}
