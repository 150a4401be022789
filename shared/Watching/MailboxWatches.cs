using MailCloud.Cluster;
using MailCloud.Messages;
using Microsoft.Extensions.Logging;

namespace MailCloud.Watching;

/// <summary>The mailboxes that this edge watches: those of which at least one of its sessions waits for news. One watch serves all sessions of a mailbox, whatever they speak.</summary>
public sealed class MailboxWatches(IGrainFactory grains, GrainCalls calls, GatewayCount gateways, TimeProvider time, ILogger<MailboxWatches> log)
{
    private readonly Lock gate = new();
    private readonly Dictionary<AccountId, MailboxWatch> watches = [];

    /// <summary>Watches a mailbox until <see cref="Leave"/>.</summary>
    public MailboxWatch Enter(AccountId account)
    {
        lock (gate)
        {
            if (!watches.TryGetValue(account, out var watch))
            {
                watch = new(account, grains, calls, gateways, time, log);
                watches.Add(account, watch);

                // It outlives the session that comes first, whose context it must not keep.
                using (ExecutionContext.SuppressFlow())
                {
                    _ = Task.Run(() => watch.RunAsync(() => TryEnd(account, watch)));
                }
            }

            watch.Sessions++;
            return watch;
        }
    }

    /// <summary>The session waits no more. The watch itself ends with its next renewal: most clients wait again at once.</summary>
    public void Leave(MailboxWatch watch)
    {
        lock (gate)
        {
            watch.Sessions--;
        }
    }

    private bool TryEnd(AccountId account, MailboxWatch watch)
    {
        lock (gate)
        {
            return watch.Sessions == 0 && watches.Remove(account);
        }
    }
}
