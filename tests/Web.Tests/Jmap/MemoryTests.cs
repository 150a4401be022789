using System.Net;
using System.Text.Json.Nodes;
using MailCloud.Web.Tests.Jmap.Mail;
using MimeKit;

namespace MailCloud.Web.Tests.Jmap;

/// <summary>What goes in or out in octets takes memory that does not grow with it. The process is the server's, the clients' and the tests': so nothing else runs meanwhile.</summary>
[Collection(nameof(MemoryTests))]
public sealed class MemoryTests(WebServer server)
{
    [Fact]
    public async Task An_upload_streams_and_its_memory_is_bounded()
    {
        var client = await JmapClient.MakeAsync(server, "jmap-large");
        const int Length = 20_000_000;
        await client.UploadAsync(new byte[100_000]);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        using var content = new StreamContent(new Pattern(Length)) { Headers = { ContentType = new("application/octet-stream") } };
        var (status, _, body) = await client.SendAsync(HttpMethod.Post, $"/jmap/upload/{client.Account}", content);
        Assert.Equal(HttpStatusCode.Created, status);
        var blobId = (string)JsonNode.Parse(body)!["blobId"]!;
        var (octets, digest) = await server.Http.ReadAsync(client.RequestOf(blobId));

        // Client and server are one process. A copy of it anywhere would take as much again.
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, Length);
        Assert.Equal((Length, Pattern.Digest(Length)), (octets, digest));
    }

    [Fact]
    public async Task A_large_attachment_takes_little_memory()
    {
        var mail = await WrittenMail.MakeAsync(server, "create-large");
        var octets = new byte[30_000_000];
        Random.Shared.NextBytes(octets);
        var blob = await mail.Client.UploadAsync(octets);
        var sizes = new List<long>();
        using var stop = new CancellationTokenSource();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var watch = Task.Run(async () =>
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
            while (await timer.WaitForNextTickAsync(stop.Token).AsTask().ContinueWith(t => t.IsCompletedSuccessfully, TaskScheduler.Default))
            {
                sizes.Add(GC.GetTotalMemory(forceFullCollection: true) - before);
            }
        });
        var created = await mail.CreateAsync($$"""{"subject":"large","attachments":[{"blobId":"{{blob}}","name":"a.bin","disposition":"attachment"}]}""");
        await stop.CancelAsync();
        await watch;
        Assert.InRange(sizes.DefaultIfEmpty().Max(), long.MinValue, 15_000_000);
        Assert.True((long)created["size"]! > 40_000_000);
        var message = await mail.MessageAsync(created);
        Assert.Equal(octets, await WrittenMail.DecodeAsync(Assert.IsType<MimePart>(message.Attachments.Single())));

        // RFC 8621 §1.3.1: maxSizeAttachmentsPerEmail.
        var error = await mail.RefuseAsync($$"""{"attachments":[{"blobId":"{{blob}}"},{"blobId":"{{blob}}"}]}""");
        Assert.Equal("tooLarge", (string)error["type"]!);
    }
}

[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
public sealed class MemoryTestsGroup : ICollectionFixture<WebServer>;
