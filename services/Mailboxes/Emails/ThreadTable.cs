using System.Collections;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MailCloud.Mailboxes.Emails;

/// <summary>
/// Which rows a thread has, and how many threads a folder. Sorted arrays, made once: 12 octets a row, and 24 for what a folder has of a thread; over them what changed since. No change looks at a thread's
/// other rows. When too much has changed, it is to be made anew: that is not done here, where the mailbox waits for it.
/// </summary>
internal sealed class ThreadTable
{
    /// <summary>Fewer changes than this are not worth new arrays.</summary>
    private const int MinChanges = 1024;

    /// <summary>Of one change, in the dictionaries.</summary>
    private const int ChangeOctets = 350;

    private const int Nowhere = -1;

    private readonly Dictionary<(int Folder, uint Uid), (ulong Thread, bool Unread)> added = [];
    private readonly Dictionary<ulong, HashSet<(int Folder, uint Uid)>> addedOfThread = [];

    // By how much it is more than the groups have.
    private readonly Dictionary<(int Folder, ulong Thread), RowCount> changed = [];
    private readonly Dictionary<int, (int Total, int Unread)> counts = [];

    // By folder, then UID.
    private readonly Segment[] segments;
    private readonly uint[] uids;
    private readonly int[] groupOf;
    private readonly BitArray unread;
    private readonly BitArray gone;
    private int goneRows;

    // By thread, then segment, and the indexes of their rows.
    private readonly Group[] groups;
    private readonly int[] byGroup;

    private ThreadTable(Builder builder)
    {
        segments = [.. builder.Segments];
        uids = [.. builder.Uids];
        unread = new([.. builder.Unread]);
        gone = new(uids.Length);
        groupOf = new int[uids.Length];
        byGroup = new int[uids.Length];
        for (var i = 0; i < byGroup.Length; i++)
        {
            byGroup[i] = i;
        }

        groups = MakeGroups([.. builder.Threads]);
    }

    public int Rows => uids.Length - goneRows + added.Count;

    /// <summary>At most, before it is worn.</summary>
    public long Octets => (12L * uids.Length) + (24L * groups.Length) + ((long)MaxChanges * ChangeOctets);

    /// <summary>So much has changed since it was made that it should be made anew.</summary>
    public bool IsWorn => Math.Max(added.Count + goneRows, changed.Count) > MaxChanges;

    private int MaxChanges => Math.Max(MinChanges, uids.Length / 20);

    /// <summary>Threads of a folder, and those of which a row in it is unread.</summary>
    public (int Total, int Unread) CountsOf(int folder) => counts.GetValueOrDefault(folder);

    /// <summary>The same where some rows count as unread, or as read, although their flags say otherwise.</summary>
    /// <param name="corrections">By how many unread rows the row's thread has more in the folder.</param>
    public (int Total, int Unread) CountsOf(int folder, IEnumerable<(uint Uid, int Unread)> corrections)
    {
        var (total, unreadThreads) = CountsOf(folder);
        foreach (var thread in corrections.Select(c => (Thread: ThreadOf(folder, c.Uid), c.Unread)).Where(c => c.Thread != 0).GroupBy(c => c.Thread))
        {
            var rows = CountOf(folder, thread.Key).Unread;
            unreadThreads += Any(rows + thread.Sum(c => c.Unread)) - Any(rows);
        }

        return (total, unreadThreads);
    }

    public IEnumerable<(int Folder, uint Uid)> RowsOf(ulong thread)
    {
        for (var group = FirstOf(thread); group < groups.Length && groups[group].Thread == thread; group++)
        {
            var (_, segment, start, rows, _) = groups[group];
            for (var i = start; i < start + rows && segments[segment].Folder != Nowhere; i++)
            {
                if (!gone[byGroup[i]])
                {
                    yield return (segments[segment].Folder, uids[byGroup[i]]);
                }
            }
        }

        if (addedOfThread.TryGetValue(thread, out var later))
        {
            foreach (var row in later)
            {
                yield return row;
            }
        }
    }

    public void Add(int folder, uint uid, ulong thread, bool isUnread)
    {
        added.Add((folder, uid), (thread, isUnread));
        AddToThread(thread, (folder, uid));
        Change(folder, thread, new(1, isUnread ? 1 : 0));
    }

    public void Remove(int folder, uint uid)
    {
        if (added.Remove((folder, uid), out var row))
        {
            ForgetAdded(row.Thread, (folder, uid));
            Change(folder, row.Thread, new(-1, row.Unread ? -1 : 0));
        }
        else if (IndexOf(folder, uid) is var index and >= 0)
        {
            gone[index] = true;
            goneRows++;
            segments[groups[groupOf[index]].Segment].Gone++;
            Change(folder, groups[groupOf[index]].Thread, new(-1, unread[index] ? -1 : 0));
        }
    }

    public void SetUnread(int folder, uint uid, bool isUnread)
    {
        ref var row = ref CollectionsMarshal.GetValueRefOrNullRef(added, (folder, uid));
        if (!Unsafe.IsNullRef(ref row))
        {
            if (row.Unread != isUnread)
            {
                row.Unread = isUnread;
                Change(folder, row.Thread, new(0, isUnread ? 1 : -1));
            }
        }
        else if (IndexOf(folder, uid) is var index and >= 0 && unread[index] != isUnread)
        {
            unread[index] = isUnread;
            Change(folder, groups[groupOf[index]].Thread, new(0, isUnread ? 1 : -1));
        }
    }

    public void RemoveFolder(int folder)
    {
        foreach (var (row, (thread, _)) in added.Where(r => r.Key.Folder == folder).ToArray())
        {
            added.Remove(row);
            ForgetAdded(thread, row);
        }

        foreach (var key in changed.Keys.Where(c => c.Folder == folder).ToArray())
        {
            changed.Remove(key);
        }

        if (SegmentOf(folder) is var segment and >= 0)
        {
            goneRows += segments[segment].Count - segments[segment].Gone;
            segments[segment].Folder = Nowhere;
        }

        counts.Remove(folder);
    }

    /// <summary>All rows of a folder go to another, which is new; they keep their UIDs.</summary>
    public void GiveAll(int from, int to)
    {
        if (SegmentOf(from) is var segment and >= 0)
        {
            segments[segment].Folder = to;
        }

        foreach (var ((_, uid), row) in added.Where(r => r.Key.Folder == from).ToArray())
        {
            added.Remove((from, uid));
            ForgetAdded(row.Thread, (from, uid));
            added.Add((to, uid), row);
            AddToThread(row.Thread, (to, uid));
        }

        foreach (var ((_, thread), count) in changed.Where(c => c.Key.Folder == from).ToArray())
        {
            changed.Remove((from, thread));
            changed.Add((to, thread), count);
        }

        if (counts.Remove(from, out var all))
        {
            counts[to] = all;
        }
    }

    private static int Any(int count) => count > 0 ? 1 : 0;

    private void Change(int folder, ulong thread, RowCount by)
    {
        var before = CountOf(folder, thread);
        ref var change = ref CollectionsMarshal.GetValueRefOrAddDefault(changed, (folder, thread), out _);
        change = change.Plus(by);
        var after = before.Plus(by);
        var (total, unreadThreads) = CountsOf(folder);
        counts[folder] = (total + Any(after.Rows) - Any(before.Rows), unreadThreads + Any(after.Unread) - Any(before.Unread));
    }

    // What a folder has of a thread now.
    private RowCount CountOf(int folder, ulong thread)
    {
        var count = changed.GetValueOrDefault((folder, thread));
        for (var group = FirstOf(thread); group < groups.Length && groups[group].Thread == thread; group++)
        {
            if (segments[groups[group].Segment].Folder == folder)
            {
                return count.Plus(new(groups[group].Rows, groups[group].Unread));
            }
        }

        return count;
    }

    // 0: there is no such row.
    private ulong ThreadOf(int folder, uint uid) => added.TryGetValue((folder, uid), out var row) ? row.Thread
        : IndexOf(folder, uid) is var index and >= 0 ? groups[groupOf[index]].Thread : 0;

    private int FirstOf(ulong thread)
    {
        var (low, high) = (0, groups.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = groups[middle].Thread < thread ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private int SegmentOf(int folder) => Array.FindIndex(segments, s => s.Folder == folder);

    private int IndexOf(int folder, uint uid)
    {
        if (SegmentOf(folder) is var segment and >= 0)
        {
            var index = Array.BinarySearch(uids, segments[segment].Start, segments[segment].Count, uid);
            return index >= 0 && !gone[index] ? index : -1;
        }

        return -1;
    }

    private void AddToThread(ulong thread, (int Folder, uint Uid) row) =>
        (CollectionsMarshal.GetValueRefOrAddDefault(addedOfThread, thread, out _) ??= []).Add(row);

    private void ForgetAdded(ulong thread, (int Folder, uint Uid) row)
    {
        var rows = addedOfThread[thread];
        rows.Remove(row);
        if (rows.Count == 0)
        {
            addedOfThread.Remove(thread);
        }
    }

    private Group[] MakeGroups(ulong[] threads)
    {
        Array.Sort(threads, byGroup);
        var made = new List<Group>();
        for (var start = 0; start < threads.Length;)
        {
            var end = start + 1;
            while (end < threads.Length && threads[end] == threads[start])
            {
                end++;
            }

            // By their indexes, and so by segment.
            Array.Sort(byGroup, start, end - start);
            while (start < end)
            {
                var group = GroupFrom(threads[start], start, end);
                for (var i = start; i < start + group.Rows; i++)
                {
                    groupOf[byGroup[i]] = made.Count;
                }

                var folder = segments[group.Segment].Folder;
                var (total, unreadThreads) = CountsOf(folder);
                counts[folder] = (total + 1, unreadThreads + Any(group.Unread));
                made.Add(group);
                start += group.Rows;
            }
        }

        return [.. made];
    }

    private Group GroupFrom(ulong thread, int start, int end)
    {
        var segment = SegmentAt(byGroup[start]);
        var after = segments[segment].Start + segments[segment].Count;
        var (rows, unreadRows) = (0, 0);
        for (var i = start; i < end && byGroup[i] < after; i++)
        {
            rows++;
            unreadRows += unread[byGroup[i]] ? 1 : 0;
        }

        return new(thread, segment, start, rows, unreadRows);
    }

    private int SegmentAt(int index)
    {
        var (low, high) = (0, segments.Length - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = segments[middle].Start <= index ? (middle, high) : (low, middle - 1);
        }

        return low;
    }

    private readonly record struct RowCount(int Rows, int Unread)
    {
        public RowCount Plus(RowCount other) => new(Rows + other.Rows, Unread + other.Unread);
    }

    /// <summary>What a folder had of a thread when the table was made: rows beside one another in the list of indexes.</summary>
    private readonly record struct Group(ulong Thread, int Segment, int Start, int Rows, int Unread);

    /// <summary>Rows of one folder, one after the other.</summary>
    internal record struct Segment(int Folder, int Start, int Count, int Gone);

    /// <summary>Takes rows folder by folder, by UID.</summary>
    internal sealed class Builder(int capacity)
    {
        public List<Segment> Segments { get; } = [];

        public List<uint> Uids { get; } = new(capacity);

        public List<ulong> Threads { get; } = new(capacity);

        public List<bool> Unread { get; } = new(capacity);

        public void Add(int folder, uint uid, ulong thread, bool isUnread)
        {
            if (Segments is [.., var last] && last.Folder == folder)
            {
                Segments[^1] = last with { Count = last.Count + 1 };
            }
            else
            {
                Segments.Add(new(folder, Uids.Count, 1, 0));
            }

            Uids.Add(uid);
            Threads.Add(thread);
            Unread.Add(isUnread);
        }

        public ThreadTable Build() => new(this);
    }
}
