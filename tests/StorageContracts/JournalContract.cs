using MailCloud.Journal;

namespace MailCloud.StorageContracts;

/// <summary>What every <see cref="IJournal"/> promises.</summary>
public abstract class JournalContract
{
    private const string Name = "mailbox/demo/1";

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
    public async Task Journals_are_listed_by_prefix_and_name()
    {
        foreach (var name in (string[])["spool/1", "mailbox/b", "mailbox/a"])
        {
            await Journal.AppendAsync(name, await Journal.OpenAsync(name, default), Events(1), default);
        }

        Assert.Equal(["mailbox/a", "mailbox/b"], await Journal.ListAsync("mailbox/", default).ToListAsync());
    }

    private static List<ReadOnlyMemory<byte>> Events(params int[] values) =>
        [.. values.Select(value => (ReadOnlyMemory<byte>)BitConverter.GetBytes(value))];

    private async Task<List<int>> ReadAsync(JournalHead head) =>
        await Journal.ReadAsync(Name, head, default).Select(bytes => BitConverter.ToInt32(bytes.Span)).ToListAsync();
}
