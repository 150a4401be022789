using MailCloud.Journal;

namespace MailCloud.StorageContracts;

/// <summary>What every <see cref="IJournal"/> promises.</summary>
public abstract class JournalContract
{
    protected const string Name = "mailbox/demo/1";

    protected abstract IJournal Journal { get; }

    protected abstract Task ReopenAsync();

    [Fact]
    public async Task A_journal_never_written_is_at_its_beginning()
    {
        var head = await Journal.OpenAsync(Name, default);

        Assert.Equal((0, 0, 0, null), (head.Epoch, head.Position, head.Bytes, head.Manifest));
        Assert.Empty(await ReadAsync(head));
    }

    [Fact]
    public async Task Appended_events_are_read_in_order_and_after_a_restart()
    {
        var head = await Journal.OpenAsync(Name, default);
        head = await Journal.AppendAsync(Name, head, Events(1, 2), default);
        head = await Journal.AppendAsync(Name, head!, Events(3), default);
        await ReopenAsync();
        var reopened = await Journal.OpenAsync(Name, default);

        Assert.Equal((3, 12), (reopened.Position, reopened.Bytes));
        Assert.Equal(head, reopened);
        Assert.Equal([1, 2, 3], await ReadAsync(reopened));
    }

    [Fact]
    public async Task A_long_journal_is_read_whole()
    {
        var head = await Journal.OpenAsync(Name, default);
        head = await Journal.AppendAsync(Name, head, Events([.. Enumerable.Range(0, 1000)]), default);

        Assert.Equal(Enumerable.Range(0, 1000), await ReadAsync(head!));
    }

    [Fact]
    public async Task Reading_stops_at_the_given_head()
    {
        var first = await Journal.AppendAsync(Name, await Journal.OpenAsync(Name, default), Events(1, 2), default);
        await Journal.AppendAsync(Name, first!, Events(3), default);

        Assert.Equal([1, 2], await ReadAsync(first!));
    }

    [Fact]
    public async Task A_deleted_journal_is_gone_and_its_writer_is_refused()
    {
        var head = await Journal.AppendAsync(Name, await Journal.OpenAsync(Name, default), Events(1, 2), default);
        await Journal.AppendAsync(Name + "0", await Journal.OpenAsync(Name + "0", default), Events(3), default);

        await Journal.DeleteAsync(Name, default);
        await Journal.DeleteAsync(Name, default);

        Assert.Null(await Journal.AppendAsync(Name, head!, Events(9), default));
        Assert.Null(await Journal.ReplaceAsync(Name, head!, "manifest-z", default));
        await ReopenAsync();
        var now = await Journal.OpenAsync(Name, default);
        Assert.Equal((0, 0, null), (now.Epoch, now.Position, now.Manifest));
        Assert.Equal([Name + "0"], await Journal.ListAsync("mailbox/", default).ToListAsync());
    }

    [Fact]
    public async Task Of_two_first_writers_one_is_refused()
    {
        var head = await Journal.OpenAsync(Name, default);

        var results = await Task.WhenAll(
            Journal.AppendAsync(Name, head, Events(1), default).AsTask(), Journal.AppendAsync(Name, head, Events(2), default).AsTask());

        Assert.Single(results, r => r is null);
        Assert.Single(await ReadAsync(await Journal.OpenAsync(Name, default)));
    }

    [Fact]
    public async Task An_append_at_an_old_position_is_refused_and_writes_nothing()
    {
        var old = await Journal.AppendAsync(Name, await Journal.OpenAsync(Name, default), Events(1), default);
        var now = await Journal.AppendAsync(Name, old!, Events(2), default);

        Assert.Null(await Journal.AppendAsync(Name, old!, Events(9, 9), default));
        Assert.Null(await Journal.ReplaceAsync(Name, old!, "manifest-z", default));
        Assert.Equal(now, await Journal.OpenAsync(Name, default));
        Assert.Equal([1, 2], await ReadAsync(now!));
    }

    [Fact]
    public async Task Many_writers_at_one_journal_lose_nothing_and_double_nothing()
    {
        var written = await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            var mine = new List<int>();
            for (var i = 0; i < 25; i++)
            {
                var head = await Journal.OpenAsync(Name, default);
                if (await Journal.AppendAsync(Name, head, Events((writer * 100) + i), default) is not null)
                {
                    mine.Add((writer * 100) + i);
                }
            }

            return mine;
        })));

        Assert.Equal(written.SelectMany(w => w).Order(), (await ReadAsync(await Journal.OpenAsync(Name, default))).Order());
    }

    [Fact]
    public async Task A_replaced_journal_is_empty_and_names_its_manifest()
    {
        var head = await Journal.AppendAsync(Name, await Journal.OpenAsync(Name, default), Events(1, 2), default);
        var replaced = await Journal.ReplaceAsync(Name, head!, "manifest-1", default);
        await ReopenAsync();

        Assert.Equal(replaced, await Journal.OpenAsync(Name, default));
        Assert.Equal((1, 0, 0, "manifest-1"), (replaced!.Epoch, replaced.Position, replaced.Bytes, replaced.Manifest));
        var next = await Journal.AppendAsync(Name, replaced, Events(3), default);
        Assert.Equal([3], await ReadAsync(next!));
        Assert.Equal("manifest-1", next!.Manifest);
    }

    [Fact]
    public async Task A_journal_can_be_replaced_before_it_was_written()
    {
        var empty = await Journal.OpenAsync(Name, default);

        Assert.NotNull(await Journal.ReplaceAsync(Name, empty, "manifest-1", default));
        Assert.Null(await Journal.AppendAsync(Name, empty, Events(1), default));
        Assert.Equal("manifest-1", (await Journal.OpenAsync(Name, default)).Manifest);
    }

    /// <summary>The position alone does not fence: after a replacement the journal comes to the zombie's position again.</summary>
    [Fact]
    public async Task A_zombie_is_refused_after_a_replacement_at_the_same_position()
    {
        var zombie = await Journal.AppendAsync(Name, await Journal.OpenAsync(Name, default), Events(1), default);
        var replaced = await Journal.ReplaceAsync(Name, zombie!, "manifest-1", default);
        var now = await Journal.AppendAsync(Name, replaced!, Events(2), default);

        Assert.Equal(zombie!.Position, now!.Position);
        Assert.Null(await Journal.AppendAsync(Name, zombie, Events(9), default));
        Assert.Null(await Journal.ReplaceAsync(Name, zombie, "manifest-z", default));
        Assert.Equal([2], await ReadAsync(now));
    }

    [Fact]
    public async Task A_read_of_a_journal_that_was_replaced_says_so()
    {
        var old = await Journal.AppendAsync(Name, await Journal.OpenAsync(Name, default), Events(1, 2), default);
        await Journal.ReplaceAsync(Name, old!, "manifest-1", default);

        await Assert.ThrowsAsync<JournalMovedException>(() => ReadAsync(old!));
    }

    [Fact]
    public async Task Of_two_replacements_at_once_one_is_refused()
    {
        var head = await Journal.AppendAsync(Name, await Journal.OpenAsync(Name, default), Events(1), default);

        var results = await Task.WhenAll(
            Journal.ReplaceAsync(Name, head!, "manifest-1", default).AsTask(), Journal.ReplaceAsync(Name, head!, "manifest-1", default).AsTask());

        Assert.Equal(await Journal.OpenAsync(Name, default), Assert.Single(results, r => r is not null));
    }

    [Fact]
    public async Task An_append_and_a_replacement_at_once_leave_one_of_them()
    {
        for (var round = 0; round < 20; round++)
        {
            var name = $"{Name}-{round}";
            var head = await Journal.AppendAsync(name, await Journal.OpenAsync(name, default), Events(1), default);

            var results = await Task.WhenAll(
                Journal.AppendAsync(name, head!, Events(2), default).AsTask(), Journal.ReplaceAsync(name, head!, "manifest-1", default).AsTask());

            Assert.Equal(await Journal.OpenAsync(name, default), Assert.Single(results, r => r is not null));
        }
    }

    /// <summary>An activation dies at any step of its rotation, and the next one goes on from what it finds: no event is lost, and none comes twice.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_rotation_that_ends_at_any_step_leaves_every_event_in_manifest_or_journal(int step)
    {
        // Manifests are blobs; here they are lists beside the journal.
        var manifests = new Dictionary<string, List<int>>();
        var head = await Journal.AppendAsync(Name, await Journal.OpenAsync(Name, default), Events(1, 2), default);
        if (step > 0)
        {
            manifests["manifest-1"] = [1, 2];
        }

        if (step > 1)
        {
            head = await Journal.ReplaceAsync(Name, head!, "manifest-1", default);
        }

        if (step > 2)
        {
            await Journal.AppendAsync(Name, head!, Events(3), default);
        }

        await ReopenAsync();
        var found = await Journal.OpenAsync(Name, default);
        List<int> all = [.. found.Manifest is null ? [] : manifests[found.Manifest], .. await ReadAsync(found)];
        Assert.Equal(step > 2 ? [1, 2, 3] : [1, 2], all);
        var again = await Journal.ReplaceAsync(Name, found, "manifest-2", default);
        Assert.Equal(found.Epoch + 1, again!.Epoch);
    }

    /// <summary>
    /// Single appends, many more than one journal takes, by a writer that replaces its journal as a grain does. 60,000, as a long run has them, are more than the 50,000 blocks
    /// of an append blob.
    /// </summary>
    [Fact]
    public async Task A_journal_that_is_replaced_in_time_takes_any_number_of_single_appends()
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("MAILCLOUD_JOURNAL_APPENDS") ?? "2500", System.Globalization.CultureInfo.InvariantCulture);
        var head = await Journal.OpenAsync(Name, default);
        for (var i = 0; i < count; i++)
        {
            if (head!.Position >= 1000)
            {
                head = await Journal.ReplaceAsync(Name, head, $"manifest-{i}", default);
            }

            head = await Journal.AppendAsync(Name, head!, Events(i), default);
            Assert.NotNull(head);
        }

        var found = await Journal.OpenAsync(Name, default);
        Assert.Equal(head, found);
        var first = found.Epoch * 1000;
        Assert.Equal(Enumerable.Range((int)first, count - (int)first), await ReadAsync(found));
    }

    [Fact]
    public async Task Journals_are_listed_by_prefix_and_name()
    {
        foreach (var name in (string[])["spool/1", "mailbox/b", "mailbox/a"])
        {
            await Journal.AppendAsync(name, await Journal.OpenAsync(name, default), Events(1), default);
        }

        Assert.Equal(["mailbox/a", "mailbox/b"], await Journal.ListAsync("mailbox/", default).ToListAsync());
        Assert.Equal(["mailbox/b"], await Journal.ListAsync("mailbox/", "mailbox/a", default).ToListAsync());
        Assert.Empty(await Journal.ListAsync("mailbox/", "mailbox/b", default).ToListAsync());
    }

    protected static List<ReadOnlyMemory<byte>> Events(params int[] values) =>
        [.. values.Select(value => (ReadOnlyMemory<byte>)BitConverter.GetBytes(value))];

    protected async Task<List<int>> ReadAsync(JournalHead head) =>
        await Journal.ReadAsync(Name, head, default).Select(bytes => BitConverter.ToInt32(bytes.Span)).ToListAsync();
}
