using MailCloud.MailboxContracts;
using MailCloud.Mailboxes.Journaled;
using Orleans.Concurrency;
using Orleans.Placement;

namespace MailCloud.Mailboxes.Directory;

/// <summary>What edges are to know at once. It stays where it is: elsewhere it would know no edge until they renew. Re-entrant: an edge that is told asks back before it answers.</summary>
[Reentrant, Immovable]
internal sealed class StandingNewsGrain : SnapshotGrain<StandingNewsState, StandingTold>, IStandingNewsGrain
{
    /// <summary>How many changes an edge may miss before it asks about each of its sessions. About 100 kB, and an edge renews every 15 s.</summary>
    public const int Kept = 1000;

    /// <summary>Who changes a state waits for it. An edge only looks at its own sessions; one that takes longer asks when it renews.</summary>
    private static readonly TimeSpan EdgeLimit = TimeSpan.FromSeconds(3);

    private readonly AttachedEdges<IStandingEdge> edges;

    public StandingNewsGrain(GrainStorage storage, ILogger<StandingNewsGrain> log)
        : base(storage) => edges = new(EdgeLimit, storage.Time, log);

    protected override string JournalName => $"standing/{this.GetPrimaryKeyLong()}";

    public async Task<long> AttachAsync(IStandingEdge edge)
    {
        edges.Attach(edge);
        var last = State.Last;
        await Durable();
        return last;
    }

    public Task DetachAsync(IStandingEdge edge)
    {
        edges.Detach(edge);
        return Task.CompletedTask;
    }

    public async Task TellAsync(StandingChange change)
    {
        Record(new(change));
        var number = State.Last;
        await Durable();
        await Task.WhenAll(edges.Ask(edge => ToldAsync(edge, number), false));
    }

    public async Task<StandingNews> GetSinceAsync(long number)
    {
        var missed = State.Last - number;
        var news = new StandingNews(State.Last, missed < 0 || missed > State.Recent.Count ? null : [.. State.Recent.TakeLast((int)missed)]);
        await Durable();
        return news;
    }

    protected override void Apply(StandingNewsState state, StandingTold recorded)
    {
        state.Last++;
        state.Recent.Enqueue(recorded.Change);
        if (state.Recent.Count > Kept)
        {
            state.Recent.Dequeue();
        }
    }

    private static async Task<bool> ToldAsync(IStandingEdge edge, long number)
    {
        await edge.ToldAsync(number);
        return true;
    }
}
