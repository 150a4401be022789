using MailCloud.Messages;

namespace MailCloud.Web.MessageViews;

/// <summary>
/// How many renderings run at once: they are work of the processor, of which the worst mail costs seconds, and the other requests of the process need it too. Some wait for their turn; whoever comes on top
/// of these, or has enough of them already, is told to come again.
/// </summary>
internal sealed class Renderings(TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim turns = new(MaxAtOnce);
    private readonly Lock gate = new();
    private readonly Dictionary<AccountId, int> ofAccounts = [];
    private int inside;

    /// <summary>Half of the processors.</summary>
    public static readonly int MaxAtOnce = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>That run or wait. Ordinary mail takes some milliseconds: these are through within a second.</summary>
    public const int MaxInside = 64;

    /// <summary>Of one account: what a reader opens who leafs through a thread, and a share of the places that leaves the others theirs.</summary>
    public const int MaxOfAccount = 8;

    /// <summary>For the turn and the reading of the message. The rendering itself is bounded by what MessageView looks at.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>Null: there was no room, or its turn did not come in time.</summary>
    public async Task<T?> RunAsync<T>(AccountId account, Func<CancellationToken, Task<T>> render, CancellationToken cancellationToken)
        where T : class
    {
        if (!TryEnter(account))
        {
            return null;
        }

        try
        {
            using var limit = new CancellationTokenSource(Limit, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            return await InTurnAsync(render, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            Leave(account);
        }
    }

    public void Dispose() => turns.Dispose();

    private async Task<T> InTurnAsync<T>(Func<CancellationToken, Task<T>> render, CancellationToken cancellationToken)
    {
        await turns.WaitAsync(cancellationToken);
        try
        {
            return await render(cancellationToken);
        }
        finally
        {
            turns.Release();
        }
    }

    private bool TryEnter(AccountId account)
    {
        lock (gate)
        {
            var own = ofAccounts.GetValueOrDefault(account);
            if (inside == MaxInside || own == MaxOfAccount)
            {
                return false;
            }

            inside++;
            ofAccounts[account] = own + 1;
            return true;
        }
    }

    private void Leave(AccountId account)
    {
        lock (gate)
        {
            inside--;
            if (--ofAccounts[account] == 0)
            {
                ofAccounts.Remove(account);
            }
        }
    }
}
