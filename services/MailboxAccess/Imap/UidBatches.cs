using MailCloud.MailboxContracts;

namespace MailCloud.MailboxAccess.Imap;

/// <summary>Cuts ranges of UIDs into calls of bounded size.</summary>
internal static class UidBatches
{
    public static IEnumerable<UidRange[]> Split(UidRange[] uids, int size)
    {
        var batch = new List<UidRange>();
        var count = 0;
        foreach (var range in uids)
        {
            for (var first = range.First; ;)
            {
                var last = (uint)Math.Min(range.Last, (ulong)first + (uint)(size - count) - 1);
                batch.Add(new(first, last));
                count += (int)(last - first + 1);
                if (count == size)
                {
                    yield return [.. batch];
                    batch.Clear();
                    count = 0;
                }

                if (last == range.Last)
                {
                    break;
                }

                first = last + 1;
            }
        }

        if (batch.Count > 0)
        {
            yield return [.. batch];
        }
    }

    /// <summary>What of the ranges is left for the next page; nothing when <paramref name="next"/> is 0, as after the last one (<see cref="MessagePage.NextUid"/>).</summary>
    public static UidRange[] Rest(UidRange[] uids, uint next) => next == 0 ? [] : [.. UidRanges.From(uids, next)];
}
