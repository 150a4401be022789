using MailCloud.Journal.Azure;
using MailCloud.StorageContracts;
using MailCloud.Testing;

namespace MailCloud.Journal.Tests.Azure;

public sealed class AzureJournalTests(AzuriteFixture azurite) : JournalContract, IClassFixture<AzuriteFixture>, IAsyncLifetime
{
    private readonly JournalContainer container = JournalContainer.New(azurite);

    protected override IJournal Journal => container.Journal;

    private HttpProxy Network => container.Network;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await container.DisposeAsync();

    protected override Task ReopenAsync() => container.ReopenAsync();

    [Fact]
    public async Task An_append_whose_answer_is_lost_is_sent_once_and_stands_once()
    {
        var head = await WrittenAsync(1);
        Network.Once("comp=appendblock", RequestFate.AnswerLost);
        var before = Appends();

        await Assert.ThrowsAnyAsync<Exception>(() => Journal.AppendAsync(Name, head, Events(2), default).AsTask());

        Assert.Equal(1, Appends() - before);
        var reloaded = await Journal.OpenAsync(Name, default);
        Assert.Equal([1, 2], await ReadAsync(reloaded));
        Assert.Null(await Journal.AppendAsync(Name, head, Events(2), default));
        Assert.NotNull(await Journal.AppendAsync(Name, reloaded, Events(3), default));
    }

    [Fact]
    public async Task An_append_that_never_arrives_is_no_conflict_and_not_sent_again()
    {
        var head = await WrittenAsync(1);
        Network.Once("comp=appendblock", RequestFate.NeverSent);
        var before = Appends();

        await Assert.ThrowsAnyAsync<Exception>(() => Journal.AppendAsync(Name, head, Events(2), default).AsTask());

        Assert.Equal(1, Appends() - before);
        Assert.Equal(head, await Journal.OpenAsync(Name, default));
        Assert.NotNull(await Journal.AppendAsync(Name, head, Events(3), default));
    }

    [Fact]
    public async Task An_answer_of_503_is_doubt_and_not_sent_again()
    {
        var head = await WrittenAsync(1);
        Network.Answer = line => line.Contains("comp=appendblock", StringComparison.Ordinal)
            ? "HTTP/1.1 503 Server Busy\r\nx-ms-error-code: ServerBusy\r\nContent-Length: 0\r\n\r\n" : null;
        var before = Appends();

        await Assert.ThrowsAnyAsync<Exception>(() => Journal.AppendAsync(Name, head, Events(2), default).AsTask());

        Assert.Equal(1, Appends() - before);
    }

    [Theory]
    [InlineData(RequestFate.AnswerLost)]
    [InlineData(RequestFate.NeverSent)]
    public async Task A_first_append_whose_creation_is_interrupted_goes_on(RequestFate fate)
    {
        var head = await Journal.OpenAsync(Name, default);
        Network.Once("PUT ", fate);

        var written = await Journal.AppendAsync(Name, head, Events(1), default);

        Assert.Equal(written, await Journal.OpenAsync(Name, default));
        Assert.Equal([1], await ReadAsync(written!));
    }

    [Fact]
    public async Task A_replacement_whose_answer_is_lost_is_doubt_and_a_reload_finds_it()
    {
        var head = await WrittenAsync(1, 2);
        Network.Once("PUT ", RequestFate.AnswerLost);

        await Assert.ThrowsAnyAsync<Exception>(() => Journal.ReplaceAsync(Name, head, "demo/manifest/1", default).AsTask());

        var reloaded = await Journal.OpenAsync(Name, default);
        Assert.Equal((1, 0, 0, "demo/manifest/1"), (reloaded.Epoch, reloaded.Position, reloaded.Bytes, reloaded.Manifest));
        Assert.Null(await Journal.AppendAsync(Name, head, Events(3), default));
        Assert.NotNull(await Journal.AppendAsync(Name, reloaded, Events(3), default));
    }

    [Fact]
    public async Task A_replacement_that_never_arrives_leaves_all_as_it_was()
    {
        var head = await WrittenAsync(1, 2);
        Network.Decide = line => Task.FromResult(line.StartsWith("PUT ", StringComparison.Ordinal) ? RequestFate.NeverSent : RequestFate.Answered);

        await Assert.ThrowsAnyAsync<Exception>(() => Journal.ReplaceAsync(Name, head, "demo/manifest/1", default).AsTask());

        Assert.Equal(head, await Journal.OpenAsync(Name, default));
        Assert.Equal([1, 2], await ReadAsync(head));
    }

    /// <summary>A zombie's append is under way while the journal is replaced: it comes late and must not get in.</summary>
    [Fact]
    public async Task An_append_that_arrives_after_a_replacement_writes_nothing()
    {
        var head = await WrittenAsync(1);
        var held = new TaskCompletionSource();
        var arrived = new TaskCompletionSource();
        Network.Decide = async line =>
        {
            if (line.Contains("comp=appendblock", StringComparison.Ordinal))
            {
                arrived.TrySetResult();
                await held.Task;
            }

            return RequestFate.Answered;
        };
        var zombie = Journal.AppendAsync(Name, head, Events(9), default).AsTask();
        await arrived.Task;
        var replaced = await Journal.ReplaceAsync(Name, head, "demo/manifest/1", default);
        held.SetResult();

        Assert.Null(await zombie);
        Assert.Equal(replaced, await Journal.OpenAsync(Name, default));
    }

    /// <summary>A caller that gives up does not know; whatever the service made of the append, it stands at most once.</summary>
    [Fact]
    public async Task An_append_that_is_given_up_on_stands_once_or_not_at_all()
    {
        var head = await WrittenAsync(1);
        using var giveUp = new CancellationTokenSource();
        Network.Decide = async line =>
        {
            if (line.Contains("comp=appendblock", StringComparison.Ordinal))
            {
                await giveUp.CancelAsync();
            }

            return RequestFate.Answered;
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Journal.AppendAsync(Name, head, Events(2), giveUp.Token).AsTask());

        Network.Decide = _ => Task.FromResult(RequestFate.Answered);
        var written = await Journal.AppendAsync(Name, await Journal.OpenAsync(Name, default), Events(3), default);
        Assert.Contains(string.Join(',', await ReadAsync(written ?? await Journal.OpenAsync(Name, default))), (string[])["1,3", "1,2,3", "1,2"]);
    }

    [Fact]
    public async Task An_append_costs_one_operation_and_so_do_opening_and_reading_together()
    {
        var head = await WrittenAsync(1);
        var before = Network.Seen.Count;
        head = await Journal.AppendAsync(Name, head, Events(2, 3), default);
        var appended = Network.Seen.Count;
        var opened = await Journal.OpenAsync(Name, default);
        Assert.Equal([1, 2, 3], await ReadAsync(opened));
        var read = Network.Seen.Count;
        await Journal.ReplaceAsync(Name, head!, "demo/manifest/1", default);

        Assert.Equal((1, 1, 1), (appended - before, read - appended, Network.Seen.Count - read));
    }

    [Fact]
    public async Task A_journal_is_read_again_and_beyond_what_is_kept_of_it()
    {
        var head = await Journal.OpenAsync(Name, default);
        var large = new byte[3 * 1024 * 1024];
        for (var i = 0; i < 3; i++)
        {
            new Random(i).NextBytes(large);
            head = await Journal.AppendAsync(Name, head!, [large.ToArray(), BitConverter.GetBytes(i)], default);
        }

        var opened = await Journal.OpenAsync(Name, default);
        Assert.Equal(head, opened);
        for (var round = 0; round < 2; round++)
        {
            var events = await Journal.ReadAsync(Name, opened, default).ToListAsync();
            Assert.Equal(6, events.Count);
            Assert.Equal(large, events[4].ToArray());
        }
    }

    [Fact]
    public async Task A_batch_beyond_one_append_is_refused_and_writes_nothing()
    {
        var head = await WrittenAsync(1);
        var before = Appends();
        var large = new byte[JournalBlock.MaxLength / 2];

        await Assert.ThrowsAsync<JournalFullException>(() => Journal.AppendAsync(Name, head, [large, large], default).AsTask());

        Assert.Equal(0, Appends() - before);
        Assert.NotNull(await Journal.AppendAsync(Name, head, Events(2), default));
    }

    [Fact]
    public async Task A_journal_that_takes_no_more_appends_says_so_and_can_be_replaced()
    {
        var head = await WrittenAsync(1);
        Network.Answer = line => line.Contains("comp=appendblock", StringComparison.Ordinal)
            ? "HTTP/1.1 409 Conflict\r\nx-ms-error-code: BlockCountExceedsLimit\r\nContent-Length: 0\r\n\r\n" : null;

        await Assert.ThrowsAsync<JournalFullException>(() => Journal.AppendAsync(Name, head, Events(2), default).AsTask());

        Network.Answer = _ => null;
        Assert.NotNull(await Journal.ReplaceAsync(Name, head, "demo/manifest/1", default));
    }

    [Fact]
    public async Task A_block_that_no_append_of_this_journal_wrote_is_noticed()
    {
        await WrittenAsync(1, 2);
        var blob = container.Blob(Name);
        var own = (await blob.DownloadContentAsync()).Value.Content.ToArray();
        byte[][] foreign =
        [
            "a line of text by another program\n"u8.ToArray(), own, own[..10], JournalBlock.Write(7, 2, Events(3)), JournalBlock.Write(0, 3, Events(3)), Damaged(JournalBlock.Write(0, 2, Events(3))),
        ];
        foreach (var block in foreign)
        {
            var head = await Journal.OpenAsync(Name, default);
            await blob.AppendBlockAsync(new MemoryStream(block));

            await Assert.ThrowsAsync<JournalDamagedException>(() => Journal.OpenAsync(Name, default).AsTask());

            // What was there before is still read, and the next replacement needs another's word: this writer's ETag is not the blob's any more.
            Assert.Equal([1, 2], await ReadAsync(head));
            Assert.Null(await Journal.ReplaceAsync(Name, head, "demo/manifest/1", default));
            await container.RestoreAsync(Name, own);
        }
    }

    /// <summary>A journal's name has an address in it, and an address is what somebody wrote.</summary>
    [Theory]
    [InlineData("address/../mailbox/demo/1")]
    [InlineData("address/..\\..\\x@example.test")]
    [InlineData("address/a b?c#d%2e+é@bücher.example")]
    public async Task A_name_leads_to_itself_and_nowhere_else(string name)
    {
        await WrittenAsync(1);

        Assert.NotNull(await Journal.AppendAsync(name, await Journal.OpenAsync(name, default), Events(9), default));

        Assert.Equal([1], await ReadAsync(await Journal.OpenAsync(Name, default)));
        Assert.Equal([name], await Journal.ListAsync("address/", default).ToListAsync());
    }

    [Fact]
    public async Task Names_after_one_are_asked_of_the_service_from_there_on()
    {
        string[] names = ["tenant/a", "tenant/b", "tenant/b-2", "tenant/c"];
        foreach (var name in names.Append("token/x"))
        {
            Assert.NotNull(await Journal.AppendAsync(name, await Journal.OpenAsync(name, default), Events(1), default));
        }

        Assert.Equal(names[2..], await Journal.ListAsync("tenant/", "tenant/b", default).ToListAsync());
        Assert.Equal(names[1..], await Journal.ListAsync("tenant/", "tenant/aa", default).ToListAsync());
        Assert.Equal(names, await Journal.ListAsync("tenant/", "tenant/", default).ToListAsync());
        Assert.Empty(await Journal.ListAsync("tenant/", "tenant/c", default).ToListAsync());
        Assert.Contains(Network.Seen, line => line.Contains("startFrom=tenant%2Fb", StringComparison.OrdinalIgnoreCase) || line.Contains("startFrom=tenant/b", StringComparison.OrdinalIgnoreCase));
    }

    private static byte[] Damaged(byte[] block)
    {
        block[^1] ^= 1;
        return block;
    }

    private int Appends() => Network.Seen.Count(line => line.Contains("comp=appendblock", StringComparison.Ordinal));

    private async Task<JournalHead> WrittenAsync(params int[] values) =>
        (await Journal.AppendAsync(Name, await Journal.OpenAsync(Name, default), Events(values), default))!;
}
