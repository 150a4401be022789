using MailCloud.Blobs;
using MailCloud.StorageContracts;

namespace MailCloud.Embedded.Tests;

public sealed class SqliteBlobTests : BlobContract, IDisposable
{
    private readonly EmbeddedFolder folder = new();

    protected override IMessageBlobs Blobs => folder.Blobs;

    private string Files => Path.Combine(folder.Path, "blobs");

    public void Dispose() => folder.Dispose();

    protected override Task ReopenAsync() => folder.ReopenAsync();

    [Fact]
    public async Task Unfinished_uploads_of_an_earlier_run_are_removed_at_start()
    {
        var left = Path.Combine(Files, "unfinished", "left");
        _ = Blobs;
        await File.WriteAllTextAsync(left, "half a body");

        await ReopenAsync();
        _ = Blobs;

        Assert.False(File.Exists(left));
    }

    [Fact]
    public async Task A_file_that_no_row_names_is_found_and_removed_when_it_is_old_enough()
    {
        await WriteAsync("demo/body/a", Bytes(100_000), []);
        var stray = Path.Combine(Files, "7f", "stray");
        await File.WriteAllTextAsync(stray, "left by a crash");
        File.SetLastWriteTimeUtc(stray, folder.Time.GetUtcNow().UtcDateTime.AddMinutes(-30));

        Assert.Equal([new BlobFault("7f/stray", BlobFaultKind.Stray)], await FaultsAsync());
        Assert.Equal(0, await Blobs.RemoveStrayAsync(TimeSpan.FromHours(1), default));
        Assert.Equal(1, await Blobs.RemoveStrayAsync(TimeSpan.FromMinutes(10), default));
        Assert.Empty(await FaultsAsync());
    }

    [Fact]
    public async Task What_is_being_committed_is_no_stray_whatever_the_clock_says()
    {
        // A machine that was stopped for a day, with uploads between their file and their row: every file looks old enough.
        folder.Time.Advance(TimeSpan.FromDays(1));
        using var done = new CancellationTokenSource();
        var removing = Task.Run(async () =>
        {
            var removed = 0;
            while (!done.IsCancellationRequested)
            {
                removed += await Blobs.RemoveStrayAsync(TimeSpan.FromHours(1), default);
            }

            return removed;
        });
        for (var round = 0; round < 40; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(i => WriteAsync($"demo/body/{round}-{i}", Bytes(100_000), [])));
        }

        await done.CancelAsync();
        Assert.Equal(0, await removing);
        Assert.Empty(await FaultsAsync());
    }

    [Fact]
    public async Task A_missing_file_and_one_cut_short_are_found_and_never_read_as_the_whole()
    {
        await WriteAsync("demo/body/a", Bytes(100_000), []);
        await WriteAsync("demo/body/b", Bytes(200_000), []);
        var files = Directory.GetFiles(Files, "*", SearchOption.AllDirectories).ToDictionary(f => new FileInfo(f).Length);
        File.Delete(files[100_000]);
        await using (var cut = File.OpenWrite(files[200_000]))
        {
            cut.SetLength(150_000);
        }

        Assert.Equal(
            [new BlobFault("demo/body/a", BlobFaultKind.ContentMissing), new BlobFault("demo/body/b", BlobFaultKind.LengthDiffers)], await FaultsAsync());
        await Assert.ThrowsAsync<BlobMissingException>(() => Blobs.OpenReadAsync("demo/body/a", 0, null, default));
        await using var stream = await Blobs.OpenReadAsync("demo/body/b", 0, null, default);
        await Assert.ThrowsAsync<EndOfStreamException>(() => stream.CopyToAsync(Stream.Null));
    }

    [Fact]
    public async Task A_repeated_create_heals_a_name_whose_file_is_gone()
    {
        await WriteAsync("demo/body/a", Bytes(100_000), []);
        File.Delete(Directory.GetFiles(Files, "*", SearchOption.AllDirectories).Single());

        await WriteAsync("demo/body/a", Bytes(100_000), []);

        Assert.Empty(await FaultsAsync());
        Assert.Equal(Bytes(100_000), (await Blobs.ReadAsync("demo/body/a", 0, 100_000, default)).ToArray());
    }
}
