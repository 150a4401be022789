namespace MailCloud.Mailboxes;

/// <summary>The edges that a grain asks or tells, in its memory: each attaches anew every 15 s, and is forgotten after a minute, or when it does not answer.</summary>
/// <param name="limit">How long an answer may take.</param>
internal sealed class AttachedEdges<TEdge>(TimeSpan limit, TimeProvider time, ILogger log)
    where TEdge : notnull
{
    /// <summary>An edge renews four times as often.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    private readonly Dictionary<TEdge, DateTimeOffset> edges = [];

    public void Attach(TEdge edge) => edges[edge] = time.GetUtcNow() + Lifetime;

    public void Detach(TEdge edge) => edges.Remove(edge);

    /// <summary>Asks all of them at once; <paramref name="otherwise"/> stands for the answer of one that gives none.</summary>
    public Task<T>[] Ask<T>(Func<TEdge, Task<T>> ask, T otherwise)
    {
        var now = time.GetUtcNow();
        foreach (var (edge, end) in edges)
        {
            if (end <= now)
            {
                edges.Remove(edge);
            }
        }

        return [.. edges.Keys.ToArray().Select(edge => AskAsync(edge, ask, otherwise))];
    }

    private async Task<T> AskAsync<T>(TEdge edge, Func<TEdge, Task<T>> ask, T otherwise)
    {
        try
        {
            return await ask(edge).WaitAsync(limit, time);
        }
        catch (Exception e)
        {
            // It renews if it lives.
            MailboxesLog.EdgeSilent(log, e);
            edges.Remove(edge);
            return otherwise;
        }
    }
}
