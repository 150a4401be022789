using MailCloud.Mailboxes.Emails;

namespace MailCloud.Mailboxes.Tests.Emails;

/// <summary>The table of threads agrees with plain sets, whatever happens to it.</summary>
public sealed class ThreadTableTests
{
    [Fact]
    public void A_folder_counts_each_thread_once()
    {
        var builder = new ThreadTable.Builder(4);
        builder.Add(1, 1, thread: 10, isUnread: false);
        builder.Add(1, 2, thread: 10, isUnread: true);
        builder.Add(1, 3, thread: 11, isUnread: false);
        builder.Add(2, 1, thread: 10, isUnread: false);
        var table = builder.Build();
        Assert.Equal((2, 1), table.CountsOf(1));
        Assert.Equal((1, 0), table.CountsOf(2));
        Assert.Equal([(1, 1u), (1, 2u), (2, 1u)], table.RowsOf(10).Order());
        table.SetUnread(1, 2, false);
        table.Add(2, 2, thread: 12, isUnread: true);
        Assert.Equal((2, 0), table.CountsOf(1));
        Assert.Equal((2, 1), table.CountsOf(2));
        table.Remove(1, 3);
        table.Remove(1, 1);
        Assert.Equal((1, 0), table.CountsOf(1));
        Assert.Empty(table.RowsOf(11));
    }

    [Fact]
    public void Rows_count_as_their_Email_is_where_that_is_said()
    {
        var builder = new ThreadTable.Builder(3);
        builder.Add(1, 1, thread: 10, isUnread: false);
        builder.Add(1, 2, thread: 11, isUnread: true);
        var table = builder.Build();
        table.Add(1, 3, thread: 12, isUnread: true);
        Assert.Equal((3, 2), table.CountsOf(1, []));
        Assert.Equal((3, 3), table.CountsOf(1, [(1, 1)]));
        Assert.Equal((3, 1), table.CountsOf(1, [(2, -1)]));
        Assert.Equal((3, 2), table.CountsOf(1, [(1, 1), (3, -1), (9, 1)]));
        table.Add(1, 4, thread: 11, isUnread: true);
        Assert.Equal((3, 2), table.CountsOf(1, [(2, -1)]));
    }

    [Fact]
    public void It_is_worn_when_much_has_changed_and_right_all_the_same()
    {
        var builder = new ThreadTable.Builder(30_000);
        for (var uid = 1u; uid <= 30_000; uid++)
        {
            builder.Add(1, uid, 1 + (uid % 3), isUnread: false);
        }

        var table = builder.Build();
        for (var uid = 1u; uid <= 1_500; uid++)
        {
            table.Remove(1, uid);
        }

        Assert.False(table.IsWorn);
        table.Add(1, 30_001, thread: 7, isUnread: true);
        Assert.True(table.IsWorn);
        Assert.Equal((4, 1), table.CountsOf(1));
        Assert.Equal(9_500, table.RowsOf(1).Count());
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 500)]
    [InlineData(3, 20_000)]
    public void It_agrees_with_plain_sets(int seed, int rowsAtFirst)
    {
        var random = new Random(seed);
        var model = new Dictionary<(int Folder, uint Uid), (ulong Thread, bool Unread)>();
        var builder = new ThreadTable.Builder(rowsAtFirst);
        foreach (var folder in Enumerable.Range(1, 3))
        {
            for (var uid = 1u; uid <= rowsAtFirst / 3; uid++)
            {
                var (thread, unread) = ((ulong)random.Next(1, 1 + (rowsAtFirst / 2)), random.Next(3) == 0);
                builder.Add(folder, uid, thread, unread);
                model[(folder, uid)] = (thread, unread);
            }
        }

        var table = builder.Build();
        var (nextUid, nextFolder) = ((uint)rowsAtFirst, 4);
        var folders = new List<int> { 1, 2, 3 };
        for (var step = 0; step < 6000; step++)
        {
            switch (random.Next(20))
            {
                case < 8:
                    var (at, row) = ((folders[random.Next(folders.Count)], ++nextUid), ((ulong)random.Next(1, 200), random.Next(3) == 0));
                    table.Add(at.Item1, at.Item2, row.Item1, row.Item2);
                    model[at] = row;
                    break;
                case < 13 when model.Count > 0:
                    var removed = model.Keys.ElementAt(random.Next(model.Count));
                    table.Remove(removed.Folder, removed.Uid);
                    model.Remove(removed);
                    break;
                case < 18 when model.Count > 0:
                    var changed = model.Keys.ElementAt(random.Next(model.Count));
                    var unread = random.Next(2) == 0;
                    table.SetUnread(changed.Folder, changed.Uid, unread);
                    model[changed] = (model[changed].Thread, unread);
                    break;
                case 18 when random.Next(100) == 0:
                    table.RemoveFolder(folders[0]);
                    model.Keys.Where(k => k.Folder == folders[0]).ToList().ForEach(k => model.Remove(k));
                    folders[0] = nextFolder++;
                    break;
                case 19 when random.Next(100) == 0:
                    table.GiveAll(folders[1], nextFolder);
                    foreach (var moved in model.Where(r => r.Key.Folder == folders[1]).ToArray())
                    {
                        model.Remove(moved.Key);
                        model[(nextFolder, moved.Key.Uid)] = moved.Value;
                    }

                    folders.Add(nextFolder++);
                    break;
            }

            if (step % 500 == 0)
            {
                AssertAgree(model, table, folders);
            }
        }

        AssertAgree(model, table, folders);
    }

    private static void AssertAgree(Dictionary<(int Folder, uint Uid), (ulong Thread, bool Unread)> model, ThreadTable table, List<int> folders)
    {
        Assert.Equal(model.Count, table.Rows);
        foreach (var folder in folders)
        {
            var rows = model.Where(r => r.Key.Folder == folder).ToList();
            Assert.Equal((rows.Select(r => r.Value.Thread).Distinct().Count(), rows.Where(r => r.Value.Unread).Select(r => r.Value.Thread).Distinct().Count()), table.CountsOf(folder));
        }

        foreach (var thread in model.GroupBy(r => r.Value.Thread).Take(100))
        {
            Assert.Equal(thread.Select(r => r.Key).Order(), table.RowsOf(thread.Key).Order());
        }

        Assert.Empty(table.RowsOf(ulong.MaxValue));
    }
}
