using MailCloud.Messages;

namespace MailCloud.Web.Jmap.Requests;

/// <summary>How much of each account is under way in this process.</summary>
internal sealed class RequestTurns
{
    private readonly Lock gate = new();
    private readonly Dictionary<(AccountId Account, string Kind), int> running = [];

    /// <summary>Null when the account has as many as it may. Disposing ends the turn.</summary>
    public IDisposable? TryEnter(AccountId account, string kind, int most)
    {
        lock (gate)
        {
            var count = running.GetValueOrDefault((account, kind));
            if (count >= most)
            {
                return null;
            }

            running[(account, kind)] = count + 1;
            return new Turn(this, (account, kind));
        }
    }

    private void Leave((AccountId Account, string Kind) key)
    {
        lock (gate)
        {
            if (--running[key] == 0)
            {
                running.Remove(key);
            }
        }
    }

    private sealed class Turn(RequestTurns turns, (AccountId Account, string Kind) key) : IDisposable
    {
        private int left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref left, 1) == 0)
            {
                turns.Leave(key);
            }
        }
    }
}
