using System.Collections;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MailCloud.Mailboxes.Emails;

/// <summary>
/// Which rows a thread has, and how many threads a folder. Sorted arrays of 16 octets a row, made once, and over them what changed since: a tenth of the rows at most, then they are made anew.
/// </summary>
internal sealed class ThreadTable
{
    /// <summary>Fewer changes than this are not worth new arrays.</summary>
    private const int MinChanges = 1024;

    private readonly Dictionary<(int Folder, uint Uid), (ulong Thread, bool Unread)> added = [];
    private readonly Dictionary<ulong, List<(int Folder, uint Uid)>> addedOfThread = [];
    private readonly Dictionary<int, (int Total, int Unread)> counts = [];

    // By folder, then UID.
    private List<Segment> segments;
    private uint[] uids;
    private ulong[] threads;
    private BitArray unread;
    private BitArray gone;
    private int goneRows;

    // Indexes of rows, by thread.
    private int[] byThread;

    private ThreadTable(Builder builder)
    {
        (segments, uids, threads, unread, gone, byThread) = ([], [], [], new(0), new(0), []);
        Take(builder);
        CountAll();
    }

    public int Rows => uids.Length - goneRows + added.Count;

    /// <summary>Threads of a folder, and those of which a row in it is unread.</summary>
    public (int Total, int Unread) CountsOf(int folder) => counts.GetValueOrDefault(folder);

    public IEnumerable<(int Folder, uint Uid)> RowsOf(ulong thread)
    {
        foreach (var row in Each(thread))
        {
            yield return (row.Folder, row.Uid);
        }
    }

    public void Add(int folder, uint uid, ulong thread, bool isUnread)
    {
        Count(folder, thread, isUnread, 1);
        added.Add((folder, uid), (thread, isUnread));
        if (!addedOfThread.TryGetValue(thread, out var rows))
        {
            addedOfThread[thread] = rows = [];
        }

        rows.Add((folder, uid));
        MakeAnewIfDue();
    }

    public void Remove(int folder, uint uid)
    {
        if (added.Remove((folder, uid), out var row))
        {
            ForgetAdded(row.Thread, (folder, uid));
            Count(folder, row.Thread, row.Unread, -1);
        }
        else if (IndexOf(folder, uid) is var index and >= 0)
        {
            gone[index] = true;
            goneRows++;
            Count(folder, threads[index], unread[index], -1);
            MakeAnewIfDue();
        }
    }

    public void SetUnread(int folder, uint uid, bool isUnread)
    {
        ref var row = ref CollectionsMarshal.GetValueRefOrNullRef(added, (folder, uid));
        var found = !Unsafe.IsNullRef(ref row);
        var index = found ? -1 : IndexOf(folder, uid);
        if ((!found && index < 0) || (found ? row.Unread : unread[index]) == isUnread)
        {
            return;
        }

        if (found)
        {
            row.Unread = isUnread;
        }
        else
        {
            unread[index] = isUnread;
        }

        // Then it is the first, or was the last.
        var thread = found ? row.Thread : threads[index];
        if (Each(thread).Where(r => r.Folder == folder && r.Unread).Take(2).Count() == (isUnread ? 1 : 0))
        {
            var (total, before) = CountsOf(folder);
            counts[folder] = (total, before + (isUnread ? 1 : -1));
        }
    }

    public void RemoveFolder(int folder)
    {
        foreach (var ((_, uid), row) in added.Where(r => r.Key.Folder == folder).ToArray())
        {
            added.Remove((folder, uid));
            ForgetAdded(row.Thread, (folder, uid));
        }

        foreach (var segment in segments.Where(s => s.Folder == folder).ToArray())
        {
            for (var i = segment.Start; i < segment.Start + segment.Count; i++)
            {
                goneRows += gone[i] ? 0 : 1;
                gone[i] = true;
            }
        }

        counts.Remove(folder);
        MakeAnewIfDue();
    }

    /// <summary>All rows of a folder go to another, which is new; they keep their UIDs.</summary>
    public void GiveAll(int from, int to)
    {
        segments = segments.ConvertAll(s => s.Folder == from ? s with { Folder = to } : s);
        foreach (var ((_, uid), row) in added.Where(r => r.Key.Folder == from).ToArray())
        {
            added.Remove((from, uid));
            ForgetAdded(row.Thread, (from, uid));
            added.Add((to, uid), row);
            (CollectionsMarshal.GetValueRefOrAddDefault(addedOfThread, row.Thread, out _) ??= []).Add((to, uid));
        }

        if (counts.Remove(from, out var all))
        {
            counts[to] = all;
        }
    }

    // Asked while the row is not in the table: on its way in or already out.
    private void Count(int folder, ulong thread, bool isUnread, int by)
    {
        var (first, firstUnread) = (true, isUnread);
        foreach (var row in Each(thread))
        {
            if (row.Folder == folder)
            {
                first = false;
                firstUnread &= !row.Unread;
                if (!firstUnread)
                {
                    return;
                }
            }
        }

        var (total, unreadThreads) = CountsOf(folder);
        counts[folder] = (total + (first ? by : 0), unreadThreads + (firstUnread ? by : 0));
    }

    private IEnumerable<(int Folder, uint Uid, bool Unread)> Each(ulong thread)
    {
        for (var i = FirstOf(thread); i < byThread.Length && threads[byThread[i]] == thread; i++)
        {
            var index = byThread[i];
            if (!gone[index])
            {
                yield return (FolderOf(index), uids[index], unread[index]);
            }
        }

        if (addedOfThread.TryGetValue(thread, out var rows))
        {
            foreach (var row in rows)
            {
                yield return (row.Folder, row.Uid, added[row].Unread);
            }
        }
    }

    private int FirstOf(ulong thread)
    {
        var (low, high) = (0, byThread.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = threads[byThread[middle]] < thread ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private int FolderOf(int index)
    {
        var (low, high) = (0, segments.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = segments[middle].Start <= index ? (middle, high) : (low, middle - 1);
        }

        return segments[low].Folder;
    }

    private int IndexOf(int folder, uint uid)
    {
        var segment = segments.Find(s => s.Folder == folder);
        var index = Array.BinarySearch(uids, segment.Start, segment.Count, uid);
        return index >= 0 && !gone[index] ? index : -1;
    }

    private void ForgetAdded(ulong thread, (int Folder, uint Uid) row)
    {
        var rows = addedOfThread[thread];
        rows.Remove(row);
        if (rows.Count == 0)
        {
            addedOfThread.Remove(thread);
        }
    }

    private void MakeAnewIfDue()
    {
        if (added.Count + goneRows <= Math.Max(MinChanges, uids.Length / 10))
        {
            return;
        }

        var builder = new Builder(Rows);
        var later = added.GroupBy(r => r.Key.Folder).ToDictionary(g => g.Key, g => g.OrderBy(r => r.Key.Uid).ToList());
        foreach (var folder in segments.Select(s => s.Folder).Concat(later.Keys).Distinct().ToArray())
        {
            foreach (var segment in segments.Where(s => s.Folder == folder))
            {
                for (var i = segment.Start; i < segment.Start + segment.Count; i++)
                {
                    if (!gone[i])
                    {
                        builder.Add(folder, uids[i], threads[i], unread[i]);
                    }
                }
            }

            foreach (var (row, (thread, isUnread)) in later.GetValueOrDefault(folder) ?? [])
            {
                builder.Add(folder, row.Uid, thread, isUnread);
            }
        }

        Take(builder);
    }

    private void Take(Builder builder)
    {
        segments = builder.Segments;
        uids = [.. builder.Uids];
        threads = [.. builder.Threads];
        unread = new([.. builder.Unread]);
        gone = new(uids.Length);
        goneRows = 0;
        byThread = new int[uids.Length];
        for (var i = 0; i < byThread.Length; i++)
        {
            byThread[i] = i;
        }

        Array.Sort([.. threads], byThread);
        added.Clear();
        addedOfThread.Clear();
    }

    private void CountAll()
    {
        // No thread is 0.
        var last = new Dictionary<int, (ulong Any, ulong Unread)>();
        foreach (var index in byThread)
        {
            var (folder, thread) = (FolderOf(index), threads[index]);
            ref var seen = ref CollectionsMarshal.GetValueRefOrAddDefault(last, folder, out _);
            ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(counts, folder, out _);
            count.Total += seen.Any != thread ? 1 : 0;
            count.Unread += unread[index] && seen.Unread != thread ? 1 : 0;
            seen = (thread, unread[index] ? thread : seen.Unread);
        }
    }

    /// <summary>Rows of one folder, one after the other.</summary>
    internal readonly record struct Segment(int Folder, int Start, int Count);

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
                Segments.Add(new(folder, Uids.Count, 1));
            }

            Uids.Add(uid);
            Threads.Add(thread);
            Unread.Add(isUnread);
        }

        public ThreadTable Build() => new(this);
    }
}
