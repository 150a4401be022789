using System.Diagnostics.Metrics;
using MailCloud.Cluster;
using MailCloud.MailboxContracts;
using Microsoft.Extensions.Logging;

namespace MailCloud.Standing;

/// <summary>
/// Gathers who logs in on this edge, and who fails, and tells the accounts' grains later: a login waits for nothing and costs no append. Bounded: what does not fit is lost and counted, and so is what
/// cannot be told.
/// </summary>
public sealed class LoginHistory : IDisposable
{
    /// <summary>About 8 MB; an edge of 20,000 descriptors has no more clients than this at once.</summary>
    public const int Capacity = 20_000;

    /// <summary>A client that asks for mail each minute is a row that is told, and appended, this often; the first time it is told at once.</summary>
    private static readonly TimeSpan ToldEvery = TimeSpan.FromMinutes(10);

    private const string Full = "full";
    private const string Untold = "untold";

    private readonly IGrainFactory grains;
    private readonly GrainCalls calls;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Counter<long> lost;
    private readonly SemaphoreSlim turn = new(1);
    private readonly Lock gate = new();
    private readonly Dictionary<(string Address, LoginKind Kind), Gathered> gathered = [];

    public LoginHistory(IGrainFactory grains, GrainCalls calls, IMeterFactory meters, TimeProvider time, ILogger<LoginHistory> log)
    {
        (this.grains, this.calls, this.time, this.log) = (grains, calls, time, log);
        lost = meters.Create(StandingHost.MeterName).CreateCounter<long>("mailcloud.standing.logins_lost", "{row}", "Rows of login histories that no account has got, by reason");
        Lose(0, Full);
        Lose(0, Untold);
    }

    /// <summary>Notes one attempt to log in. Of names that are no account's nothing is kept: strangers choose them.</summary>
    public void Note(AddressRecord? account, LoginKind kind)
    {
        if (account is null)
        {
            return;
        }

        var now = time.GetUtcNow();
        var attempt = new LoginRow(kind, now, now, 1);
        lock (gate)
        {
            if (gathered.TryGetValue((account.Address.Key, kind), out var before))
            {
                before.Row = before.Row?.Join(attempt) ?? attempt;
                return;
            }

            if (gathered.Count < Capacity)
            {
                gathered[(account.Address.Key, kind)] = new() { Row = attempt, DueAt = now };
                return;
            }
        }

        Lose(1, Full);
    }

    /// <summary>Tells what is due, or everything; returns when the accounts have it, or cannot be reached.</summary>
    public async Task TellAsync(bool everything, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken };
            await Parallel.ForEachAsync(Take(everything).GroupBy(row => row.Address), parallel, TellAsync).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();

    private async ValueTask TellAsync(IGrouping<string, (string Address, LoginRow Row)> account, CancellationToken cancellationToken)
    {
        LoginRow[] rows = [.. account.Select(row => row.Row).OrderBy(row => row.LastAt).TakeLast(LoginRow.Most)];
        var telling = Guid.NewGuid();
        try
        {
            await calls.CallAsync(() => grains.GetGrain<ILoginsGrain>(account.Key).AddAsync(telling, rows), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Lose(rows.Length, Untold);
            log.LoginsNotTold(account.Key, e);
        }
    }

    private List<(string Address, LoginRow Row)> Take(bool everything)
    {
        var now = time.GetUtcNow();
        var taken = new List<(string, LoginRow)>();
        lock (gate)
        {
            // What has been told stays until it is due again, while there is room for it.
            var isCrowded = gathered.Count > Capacity / 2;
            foreach (var (key, entry) in gathered)
            {
                var isDue = everything || entry.DueAt <= now;
                if (entry.Row is { } row && isDue)
                {
                    taken.Add((key.Address, row));
                    (entry.Row, entry.DueAt) = (null, now + ToldEvery);
                }
                else if (entry.Row is null && (isDue || isCrowded))
                {
                    gathered.Remove(key);
                }
            }
        }

        return taken;
    }

    private void Lose(int rows, string reason) => lost.Add(rows, new KeyValuePair<string, object?>("reason", reason));

    private sealed class Gathered
    {
        /// <summary>Null: all was told.</summary>
        public LoginRow? Row { get; set; }

        public required DateTimeOffset DueAt { get; set; }
    }
}
