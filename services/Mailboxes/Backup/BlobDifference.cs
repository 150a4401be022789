using System.Runtime.CompilerServices;
using MailCloud.Blobs;

namespace MailCloud.Mailboxes.Backup;

/// <summary>Which blobs one store has and another has not, by walking over both lists at once.</summary>
internal static class BlobDifference
{
    /// <summary>
    /// Each name of either, in order. Where the stores do not order names alike, which they do but for names with leading dots and such, one that both have may come twice, as if each alone had it.
    /// </summary>
    public static async IAsyncEnumerable<(StoredBlob? Source, StoredBlob? Target)> CompareAsync(
        IAsyncEnumerable<StoredBlob> source, IAsyncEnumerable<StoredBlob> target, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var from = source.GetAsyncEnumerator(cancellationToken);
        await using var to = target.GetAsyncEnumerator(cancellationToken);
        var (hasSource, hasTarget) = (await from.MoveNextAsync(), await to.MoveNextAsync());
        while (hasSource || hasTarget)
        {
            var order = !hasSource ? 1 : !hasTarget ? -1 : NameOrder.Compare(from.Current.Name, to.Current.Name);
            yield return (order <= 0 ? from.Current : null, order >= 0 ? to.Current : null);
            hasSource = order <= 0 ? await from.MoveNextAsync() : hasSource;
            hasTarget = order >= 0 ? await to.MoveNextAsync() : hasTarget;
        }
    }
}
