using MailCloud.Blobs;

namespace MailCloud.StorageContracts;

/// <summary>What every <see cref="IMessageBlobs"/> promises.</summary>
public abstract class BlobContract
{
    protected abstract IMessageBlobs Blobs { get; }

    protected abstract Task ReopenAsync();

    /// <summary>An empty blob, small ones, the largest that may be kept in one piece, and large ones.</summary>
    public static TheoryData<int> Lengths => [0, 1, 4096, 65536, 65537, 300_000];

    [Theory]
    [MemberData(nameof(Lengths))]
    public async Task A_committed_blob_reads_back_whole_and_after_a_restart(int length)
    {
        var bytes = Bytes(length);
        await WriteAsync("demo/body/a", bytes, ["mailbox:1"], piece: 10_000);
        await ReopenAsync();

        Assert.Equal(bytes, await ReadAsync("demo/body/a", 0, null));
        Assert.Equal(length, (await ListAsync("demo/body/")).Single().Length);
    }

    [Theory]
    [InlineData(100_000, 0, 10)]
    [InlineData(100_000, 70_000, 30_000)]
    [InlineData(100_000, 99_999, 1)]
    [InlineData(5_000, 0, 10)]
    [InlineData(5_000, 4_000, 1_000)]
    public async Task A_range_is_exactly_that_part(int length, int offset, int count)
    {
        var bytes = Bytes(length);
        await WriteAsync("demo/body/a", bytes, []);

        Assert.Equal(bytes[offset..(offset + count)], await ReadAsync("demo/body/a", offset, count));
        Assert.Equal(bytes[offset..], await ReadAsync("demo/body/a", offset, null));
        Assert.Equal(bytes[offset..(offset + count)], (await Blobs.ReadAsync("demo/body/a", offset, count, default)).ToArray());
        Assert.Equal(bytes[offset..], (await Blobs.ReadAsync("demo/body/a", offset, int.MaxValue, default)).ToArray());
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(200_000)]
    public async Task An_upload_without_commit_leaves_nothing(int length)
    {
        await using (var upload = Blobs.Create("demo/body/a", []))
        {
            await upload.WriteAsync(Bytes(length), default);
            Assert.Equal(length, upload.Length);
            Assert.Empty(await ListAsync(""));
        }

        await Assert.ThrowsAsync<BlobMissingException>(() => Blobs.OpenReadAsync("demo/body/a", 0, null, default));
        await Assert.ThrowsAsync<BlobMissingException>(() => Blobs.ReadAsync("demo/body/a", 0, 1, default));
        Assert.Empty(await FaultsAsync());
    }

    [Theory]
    [InlineData(1_000, 1_000)]
    [InlineData(200_000, 200_000)]
    [InlineData(1_000, 200_000)]
    [InlineData(200_000, 1_000)]
    public async Task A_repeated_create_changes_nothing(int first, int second)
    {
        var bytes = Bytes(first);
        await WriteAsync("demo/body/a", bytes, ["mailbox:1"]);
        await WriteAsync("demo/body/a", Bytes(second), ["mailbox:2"]);

        Assert.Equal(bytes, await ReadAsync("demo/body/a", 0, null));
        Assert.Equal(["mailbox:1"], (await ListAsync("")).Single().Owners);
        Assert.Empty(await FaultsAsync());
    }

    [Fact]
    public async Task A_body_is_released_when_each_owner_has_released_it_and_repeats_count_once()
    {
        await WriteAsync("demo/body/a", Bytes(10), ["mailbox:1", "mailbox:2"]);

        await Blobs.ReleaseAsync("demo/body/a", "mailbox:1", default);
        await Blobs.ReleaseAsync("demo/body/a", "mailbox:1", default);
        var half = (await ListAsync("")).Single();
        await Blobs.ReleaseAsync("demo/body/a", "mailbox:2", default);
        await ReopenAsync();
        var whole = (await ListAsync("")).Single();

        Assert.Equal(["mailbox:1"], half.Released);
        Assert.False(half.IsReleased);
        Assert.Equal(["mailbox:1", "mailbox:2"], whole.Released.Order());
        Assert.True(whole.IsReleased);
    }

    [Fact]
    public async Task Releases_of_unknown_blobs_and_owners_are_ignored()
    {
        await WriteAsync("demo/body/a", Bytes(10), ["mailbox:1"]);

        await Blobs.ReleaseAsync("demo/body/b", "mailbox:1", default);
        await Blobs.ReleaseAsync("demo/body/a", "mailbox:9", default);

        Assert.Empty((await ListAsync("")).Single().Released);
    }

    [Fact]
    public async Task A_blob_without_owners_is_never_released() =>
        Assert.False((await WrittenAsync("demo/mailbox/m", [])).IsReleased);

    [Fact]
    public async Task A_listing_is_by_name_and_stops_at_the_prefix()
    {
        foreach (var name in (string[])["demo/body/b", "demo/body/a", "demo/mailbox/a", "other/body/a", "demo/body"])
        {
            await WriteAsync(name, Bytes(1), []);
        }

        Assert.Equal(["demo/body/a", "demo/body/b"], (await ListAsync("demo/body/")).Select(b => b.Name));
        Assert.Equal(5, (await ListAsync("")).Count);
    }

    [Fact]
    public async Task A_listing_longer_than_a_page_is_whole()
    {
        for (var i = 0; i < 1203; i++)
        {
            await WriteAsync($"demo/body/{i:d5}", Bytes(1), []);
        }

        Assert.Equal(Enumerable.Range(0, 1203).Select(i => $"demo/body/{i:d5}"), (await ListAsync("demo/")).Select(b => b.Name));
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(200_000)]
    public async Task A_deleted_blob_is_gone_and_may_be_deleted_again(int length)
    {
        await WriteAsync("demo/body/a", Bytes(length), ["mailbox:1"]);

        await Blobs.DeleteAsync(["demo/body/a", "demo/body/never"], default);
        await Blobs.DeleteAsync(["demo/body/a"], default);

        Assert.Empty(await ListAsync(""));
        await Assert.ThrowsAsync<BlobMissingException>(() => Blobs.OpenReadAsync("demo/body/a", 0, null, default));
        Assert.Empty(await FaultsAsync());
    }

    [Fact]
    public async Task A_reader_of_a_blob_that_is_deleted_meanwhile_reads_on_to_its_end()
    {
        var bytes = Bytes(200_000);
        await WriteAsync("demo/body/a", bytes, []);
        await using var stream = await Blobs.OpenReadAsync("demo/body/a", 0, null, default);
        await stream.ReadExactlyAsync(new byte[1000]);

        await Blobs.DeleteAsync(["demo/body/a"], default);
        var rest = new MemoryStream();
        await stream.CopyToAsync(rest);

        Assert.Equal(bytes[1000..], rest.ToArray());
    }

    [Theory]
    [InlineData(100)]
    [InlineData(100_000)]
    public async Task A_committed_blob_is_read_while_its_upload_is_still_open(int length)
    {
        await using var upload = Blobs.Create("t/body/open", ["mailbox:a"]);
        await upload.WriteAsync(Bytes(length), default);
        await upload.CommitAsync(default);

        await using var stream = await Blobs.OpenReadAsync("t/body/open", 0, null, default);
        using var read = new MemoryStream();
        await stream.CopyToAsync(read);
        Assert.Equal(Bytes(length), read.ToArray());
    }

    protected static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    protected async Task WriteAsync(string name, byte[] bytes, IReadOnlyList<string> owners, int piece = int.MaxValue)
    {
        await using var upload = Blobs.Create(name, owners);
        for (var at = 0; at < bytes.Length; at += Math.Min(piece, bytes.Length))
        {
            await upload.WriteAsync(bytes.AsMemory(at, Math.Min(piece, bytes.Length - at)), default);
        }

        await upload.CommitAsync(default);
    }

    protected async Task<List<StoredBlob>> ListAsync(string prefix) => await Blobs.ListAsync(prefix, default).ToListAsync();

    protected async Task<List<BlobFault>> FaultsAsync() => await Blobs.CheckAsync(default).ToListAsync();

    private async Task<StoredBlob> WrittenAsync(string name, IReadOnlyList<string> owners)
    {
        await WriteAsync(name, Bytes(10), owners);
        return (await ListAsync(name)).Single();
    }

    private async Task<byte[]> ReadAsync(string name, long offset, long? length)
    {
        await using var stream = await Blobs.OpenReadAsync(name, offset, length, default);
        var all = new MemoryStream();
        await stream.CopyToAsync(all);
        return all.ToArray();
    }
}
