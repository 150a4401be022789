using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using MailCloud.Blobs.Azure;
using MailCloud.StorageContracts;
using MailCloud.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Blobs.Tests.Azure;

public sealed class AzureBlobTests(AzuriteFixture azurite) : BlobContract, IClassFixture<AzuriteFixture>, IAsyncLifetime
{
    private readonly BlobContainer container = BlobContainer.New(azurite);

    protected override IMessageBlobs Blobs => container.Blobs;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await container.DisposeAsync();

    protected override Task ReopenAsync() => container.ReopenAsync();

    [Theory]
    [InlineData(AzureBlobUpload.BlockSize)]
    [InlineData(AzureBlobUpload.BlockSize + 1)]
    [InlineData((3 * AzureBlobUpload.BlockSize) - 1)]
    [InlineData(3 * AzureBlobUpload.BlockSize)]
    public async Task A_blob_of_several_blocks_reads_back_whole(int length)
    {
        await WriteAsync("demo/body/a", Bytes(length), ["mailbox:1"], piece: 100_000);

        Assert.Equal(Bytes(length), (await Blobs.ReadAsync("demo/body/a", 0, int.MaxValue, default)).ToArray());
        Assert.Equal(["mailbox:1"], (await ListAsync("")).Single().Owners);
    }

    [Fact]
    public async Task A_small_blob_costs_one_operation_and_a_large_one_one_for_each_block_and_one_more()
    {
        await ListAsync(""); // The container is there.
        var before = container.Network.Seen.Count;
        await WriteAsync("demo/body/a", Bytes(100_000), ["mailbox:1"]);
        var small = container.Network.Seen.Count;
        await WriteAsync("demo/body/b", Bytes((2 * AzureBlobUpload.BlockSize) + 1), ["mailbox:1"]);
        var large = container.Network.Seen.Count;
        await Blobs.ReleaseAsync("demo/body/a", "mailbox:1", default);
        var released = container.Network.Seen.Count;
        await Blobs.ReadAsync("demo/body/b", 0, int.MaxValue, default);

        Assert.Equal((1, 4, 2, 1), (small - before, large - small, released - large, container.Network.Seen.Count - released));
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(AzureBlobUpload.BlockSize + 100_000)]
    public async Task A_commit_whose_answer_is_lost_is_found_done(int length)
    {
        await ListAsync("");
        var before = length > AzureBlobUpload.BlockSize ? 0 : 1; // The container's.
        var request = length > AzureBlobUpload.BlockSize ? "comp=blocklist" : "PUT ";
        container.Network.Once(request, RequestFate.AnswerLost);

        await WriteAsync("demo/body/a", Bytes(length), ["mailbox:1"]);

        Assert.Equal(2, container.Network.Seen.Count(line => line.Contains(request, StringComparison.Ordinal)) - before);
        Assert.Equal(Bytes(length), (await Blobs.ReadAsync("demo/body/a", 0, int.MaxValue, default)).ToArray());
        Assert.Equal(["mailbox:1"], (await ListAsync("")).Single().Owners);
    }

    [Theory]
    [InlineData("comp=block&", RequestFate.AnswerLost)]
    [InlineData("comp=block&", RequestFate.NeverSent)]
    [InlineData("comp=blocklist", RequestFate.NeverSent)]
    public async Task A_broken_connection_within_an_upload_loses_and_doubles_nothing(string request, RequestFate fate)
    {
        var bytes = Bytes((2 * AzureBlobUpload.BlockSize) + 100_000);
        await ListAsync("");
        container.Network.Once(request, fate);

        await WriteAsync("demo/body/a", bytes, []);

        Assert.Equal(bytes, (await Blobs.ReadAsync("demo/body/a", 0, int.MaxValue, default)).ToArray());
    }

    [Fact]
    public async Task An_upload_gives_up_after_a_bounded_number_of_attempts_and_leaves_nothing()
    {
        await ListAsync("");
        var before = container.Network.Seen.Count;
        container.Network.Decide = _ => Task.FromResult(RequestFate.NeverSent);

        await Assert.ThrowsAnyAsync<Exception>(() => WriteAsync("demo/body/a", Bytes(1000), []));
        var attempts = container.Network.Seen.Count - before;
        container.Network.Decide = _ => Task.FromResult(RequestFate.Answered);

        Assert.InRange(attempts, 2, 10);
        Assert.Empty(await ListAsync(""));
    }

    [Fact]
    public async Task Two_uploads_to_one_name_at_once_leave_one_of_them_whole()
    {
        var length = (2 * AzureBlobUpload.BlockSize) + 10;
        byte[][] contents = [.. Enumerable.Range(1, 4).Select(i => Enumerable.Repeat((byte)i, length).ToArray())];

        await Task.WhenAll(contents.Select(content => WriteAsync("demo/body/a", content, [$"mailbox:{content[0]}"], piece: 300_000)));

        var stored = (await Blobs.ReadAsync("demo/body/a", 0, int.MaxValue, default)).ToArray();
        Assert.Equal(contents[stored[0] - 1], stored);
        Assert.Equal([$"mailbox:{stored[0]}"], (await ListAsync("")).Single().Owners);
    }

    [Fact]
    public async Task Owners_who_release_at_once_are_all_noted()
    {
        string[] owners = [.. Enumerable.Range(0, 12).Select(i => $"mailbox:demo/{i}")];
        await WriteAsync("demo/body/a", Bytes(10), owners);

        await Task.WhenAll(owners.Select(owner => Task.Run(() => Blobs.ReleaseAsync("demo/body/a", owner, default))));

        Assert.True((await ListAsync("")).Single().IsReleased);
    }

    [Fact]
    public async Task A_release_whose_answer_is_lost_counts_once()
    {
        await WriteAsync("demo/body/a", Bytes(10), ["mailbox:1", "mailbox:2"]);
        container.Network.Once("comp=metadata", RequestFate.AnswerLost);

        await Blobs.ReleaseAsync("demo/body/a", "mailbox:1", default);

        Assert.Equal(["mailbox:1"], (await ListAsync("")).Single().Released);
        Assert.Equal(Bytes(10), (await Blobs.ReadAsync("demo/body/a", 0, 10, default)).ToArray());
    }

    /// <summary>A message to a thousand recipients: their names are more than metadata takes.</summary>
    [Theory]
    [InlineData(1000)]
    [InlineData(2 * AzureBlobUpload.BlockSize)]
    public async Task Owners_beyond_what_metadata_takes_are_kept_and_never_read_as_content(int length)
    {
        string[] owners = [.. Enumerable.Range(0, 1000).Select(i => $"mailbox:demo/{Guid.NewGuid():N}"), "spool:1:bärbel@bücher.example"];
        await WriteAsync("demo/body/a", Bytes(length), owners);
        await Blobs.ReleaseAsync("demo/body/a", owners[1000], default);
        await Blobs.ReleaseAsync("demo/body/a", owners[7], default);

        var stored = (await ListAsync("")).Single();
        Assert.Equal(length, stored.Length);
        Assert.Equal(owners, stored.Owners);
        Assert.Equal([owners[7], owners[1000]], stored.Released);
        Assert.Equal(Bytes(length), (await Blobs.ReadAsync("demo/body/a", 0, int.MaxValue, default)).ToArray());
        Assert.Equal(Bytes(length)[^10..], (await Blobs.ReadAsync("demo/body/a", length - 10, 100, default)).ToArray());
        Assert.Equal(Bytes(length)[1..3], (await Blobs.ReadAsync("demo/body/a", 1, 2, default)).ToArray());
        await using var stream = await Blobs.OpenReadAsync("demo/body/a", 0, null, default);
        var read = new MemoryStream();
        await stream.CopyToAsync(read);
        Assert.Equal(Bytes(length), read.ToArray());
    }

    [Fact]
    public async Task A_reader_goes_on_after_a_broken_connection_also_when_another_owner_has_released_meanwhile()
    {
        var bytes = Bytes(3_000_000);
        await WriteAsync("demo/body/a", bytes, ["mailbox:1", "mailbox:2"]);
        container.Network.Once("GET ", RequestFate.AnswerCut);
        await using var stream = await Blobs.OpenReadAsync("demo/body/a", 0, null, default);
        await Blobs.ReleaseAsync("demo/body/a", "mailbox:1", default);

        var read = new MemoryStream();
        await stream.CopyToAsync(read);

        // The first, the SDK's with the ETag of before the release, and the one that goes on without it.
        Assert.Equal(3, container.Network.Seen.Count(line => line.StartsWith("GET ", StringComparison.Ordinal) && line.Contains("demo/body/a", StringComparison.Ordinal)));
        Assert.Equal(bytes, read.ToArray());
    }

    /// <summary>A reader is within a literal, which it can only end by the connection: more attempts than the SDK makes.</summary>
    [Fact]
    public async Task A_reader_outlasts_a_store_that_goes_away_within_a_body()
    {
        var bytes = Bytes(3_000_000);
        await WriteAsync("demo/body/a", bytes, []);
        var gets = 0;
        container.Network.Decide = line => Task.FromResult(!line.StartsWith("GET ", StringComparison.Ordinal) ? RequestFate.Answered : Interlocked.Increment(ref gets) switch
        {
            1 => RequestFate.AnswerCut,
            <= 60 => RequestFate.NeverSent,
            _ => RequestFate.Answered,
        });
        await using var stream = await Blobs.OpenReadAsync("demo/body/a", 0, null, default);

        var read = new MemoryStream();
        await stream.CopyToAsync(read);

        Assert.Equal(61, gets);
        Assert.Equal(bytes, read.ToArray());
    }

    [Fact]
    public async Task Parts_beyond_the_end_and_of_no_length_are_empty()
    {
        await WriteAsync("demo/body/a", Bytes(100), []);
        await WriteAsync("demo/body/empty", [], []);

        Assert.Equal(0, (await Blobs.ReadAsync("demo/body/a", 100, 10, default)).Length);
        Assert.Equal(0, (await Blobs.ReadAsync("demo/body/a", 5, 0, default)).Length);
        Assert.Equal(0, (await Blobs.ReadAsync("demo/body/empty", 0, 10, default)).Length);
        await Assert.ThrowsAsync<BlobMissingException>(() => Blobs.ReadAsync("demo/body/b", 0, 0, default));
    }

    /// <summary>A state's name has an address in it, and an address is what somebody wrote.</summary>
    [Theory]
    [InlineData("state/address/../../demo/body/a")]
    [InlineData("state/address/..\\..\\x@example.test/1")]
    [InlineData("state/address/.@example.test/1")]
    [InlineData("state/address/a b?c#d%2e+é@bücher.example/1")]
    public async Task A_name_leads_to_itself_and_nowhere_else(string name)
    {
        await WriteAsync("demo/body/a", Bytes(10), []);
        await WriteAsync(name, Bytes(20), []);

        Assert.Equal(Bytes(10), (await Blobs.ReadAsync("demo/body/a", 0, 100, default)).ToArray());
        Assert.Equal(Bytes(20), (await Blobs.ReadAsync(name, 0, 100, default)).ToArray());
        Assert.Equal([name], (await ListAsync(name[..16])).Select(b => b.Name));
        await Blobs.DeleteAsync([name], default);
        Assert.Equal(["demo/body/a"], (await ListAsync("")).Select(b => b.Name));
    }

    [Fact]
    public async Task A_service_without_room_is_told_from_other_failures()
    {
        await ListAsync("");
        container.Network.Answer = line => line.StartsWith("PUT ", StringComparison.Ordinal)
            ? "HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 0\r\n\r\n" : null;

        await Assert.ThrowsAsync<StorageFullException>(() => WriteAsync("demo/body/a", Bytes(10), []));
        await Assert.ThrowsAsync<StorageFullException>(() => WriteAsync("demo/body/a", Bytes(2 * AzureBlobUpload.BlockSize), []));
    }

    [Fact]
    public async Task Octets_are_counted_as_they_are_written_and_read()
    {
        var counted = new ConcurrentDictionary<string, long>();
        var own = container.Services.GetRequiredService<IMeterFactory>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == BlobsTelemetry.MeterName && instrument.Meter.Scope == own)
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, octets, _, _) => counted.AddOrUpdate(instrument.Name, octets, (_, sum) => sum + octets));
        listener.Start();

        await WriteAsync("demo/body/a", Bytes(100), []);
        await WriteAsync("demo/body/a", Bytes(70), []); // The name is taken: nothing is written.
        await Blobs.ReadAsync("demo/body/a", 0, 40, default);

        Assert.Equal([new("mailcloud.blobs.read", 40), new("mailcloud.blobs.written", 100)], counted.OrderBy(c => c.Key));
    }

    [Fact]
    public async Task Processes_that_start_at_once_make_the_container_once_and_all_go_on()
    {
        var processes = Enumerable.Range(0, 4).Select(_ => container.Open()).ToList();

        var found = await Task.WhenAll(processes.Select(p => p.GetRequiredService<IMessageBlobs>().ListAsync("", default).ToListAsync().AsTask()));

        Assert.All(found, Assert.Empty);
        foreach (var process in processes)
        {
            await process.DisposeAsync();
        }
    }
}
