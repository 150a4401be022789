using MailCloud.MailboxContracts;
using Orleans.Utilities;

namespace MailCloud.Mailboxes.Spool;

/// <summary>Who is told of destinations that have become due: hints on the way, which nobody waits for.</summary>
internal sealed class SpoolNotices
{
    /// <summary>Relays of one cluster; more of them find what is due when they ask.</summary>
    private const int MaxWatchers = 64;

    private readonly ObserverManager<ISpoolWatcher> watchers;

    public SpoolNotices(TimeProvider time, ILogger logger) =>
        watchers = new(SpoolWatch.Lasts, logger) { GetDateTime = () => time.GetUtcNow().UtcDateTime };

    public bool Any => watchers.Count > 0;

    public void Watch(ISpoolWatcher watcher)
    {
        watchers.ClearExpired();
        if (watchers.Count < MaxWatchers || watchers.Observers.ContainsKey(watcher))
        {
            watchers.Subscribe(watcher, watcher);
        }
    }

    public void Tell(int shard, IEnumerable<string> destinations)
    {
        watchers.ClearExpired();
        foreach (var destination in destinations)
        {
            watchers.Notify(watcher => watcher.DueAsync(shard, destination));
        }
    }
}
