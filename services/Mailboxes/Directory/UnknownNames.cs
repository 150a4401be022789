using System.Collections.Concurrent;

namespace MailCloud.Mailboxes.Directory;

/// <summary>
/// Activations of names that stand for nothing. Whoever sends mail or logs in chooses them, so they stay in memory only while they are few: beyond that the
/// oldest end. None ends at once: callers of one name would chase ending activations, and one name that many ask for is read only once.
/// </summary>
internal sealed class UnknownNames
{
    /// <summary>An activation takes about 3 kB.</summary>
    public const int Kept = 1024;

    private static readonly DeactivationReason nothingThere = new(DeactivationReasonCode.ApplicationRequested, "nothing has this name");

    private readonly ConcurrentQueue<IGrainContext> oldestFirst = [];

    /// <summary>Notes an activation that found nothing. Should its name be made later, its end costs one more load.</summary>
    public void Add(IGrainContext activation)
    {
        oldestFirst.Enqueue(activation);
        if (oldestFirst.Count > Kept && oldestFirst.TryDequeue(out var oldest))
        {
            oldest.Deactivate(nothingThere);
        }
    }
}
