using System.Net;
using System.Net.Sockets;
using System.Text;
using MailCloud.Blobs;
using MailCloud.Embedded;
using MailCloud.LocalDelivery.Reports;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes;
using MailCloud.Messages;
using MailCloud.Queue;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailCloud.LocalDelivery.Tests;

/// <summary>Outcomes on the real grains and the real embedded storage; entries are handed over by the test, so that it can hand them over twice.</summary>
public sealed class DeliveryTests : IAsyncLifetime
{
    private static readonly TenantId Demo = new("demo");
    private static readonly AccountId Bob = new("demo/bob");
    private static readonly AccountId Nobody = new("demo/nobody");

    private readonly string directory = Directory.CreateTempSubdirectory("mailcloud-delivery-").FullName;
    private IHost host = null!;

    private IMessageBlobs Blobs => host.Services.GetRequiredService<IMessageBlobs>();

    private IMailQueue Queue => host.Services.GetRequiredService<IMailQueue>();

    private IGrainFactory Grains => host.Services.GetRequiredService<IGrainFactory>();

    public async Task InitializeAsync()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Critical);
        builder.Configuration.AddInMemoryCollection([new("Embedded:Directory", directory), new("Delivery:HostName", "mail.example.test")]);
        builder.Services.AddEmbeddedStorage(builder.Configuration);
        builder.AddMailboxes();
        builder.AddLocalDelivery();

        // The workers are played by the test.
        builder.Services.RemoveAll<IHostedService>();
        builder.UseOrleans(silo => silo.UseLocalhostClustering(FreePort(), FreePort()));
        host = builder.Build();
        await host.StartAsync();
        await Grains.GetGrain<ITenantGrain>("demo").CreateAsync();
        await Grains.GetGrain<ITenantGrain>("demo").AddDomainAsync("example.test");
        await Grains.GetGrain<IAddressGrain>("alice@example.test").PutAsync(new() { Address = new("alice", "example.test"), Tenant = Demo, Kind = AddressKind.Account });
        await Grains.GetGrain<IMailboxGrain>(Bob.Value).CreateAsync(new());
    }

    public async Task DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task A_message_is_filed_with_its_return_path_and_once_however_often_it_comes()
    {
        var message = await AcceptAsync(To(Bob));

        Assert.Null(await DeliverAsync(message));
        Assert.Null(await DeliverAsync(message));

        var filed = Assert.Single(await InboxAsync(Bob));
        Assert.Equal("Return-Path: <alice@example.test>\r\nReceived: by test\r\n", Encoding.ASCII.GetString(filed.Content!.Prefix));
        Assert.Equal("hello", filed.Content.Summary.Envelope.Subject);
        Assert.Equal(0, (await Queue.GetDepthAsync(default)).Waiting);
    }

    [Fact]
    public async Task A_refused_recipient_gives_one_report_and_releases_the_body()
    {
        var message = await AcceptAsync(To(Bob), To(Nobody));

        await DeliverAsync(message);
        await DeliverAsync(message);
        await DeliverQueuedAsync();

        Assert.Single(await InboxAsync(Bob));
        var report = Assert.Single(await InboxAsync((await Grains.GetGrain<IAddressGrain>("alice@example.test").GetAsync())!.Account!.Value));
        Assert.Equal("Return-Path: <>\r\n", Encoding.ASCII.GetString(report.Content!.Prefix));
        Assert.Equal("Your message could not be delivered", report.Content.Summary.Envelope.Subject);
        var body = Assert.Single(await ListAsync(message.Body.Name));
        Assert.Equal([BodyOwner.Mailbox(Nobody)], body.Released);
    }

    [Theory]
    [InlineData(DsnNotify.Success, 1)]
    [InlineData(DsnNotify.Never, 0)]
    [InlineData(DsnNotify.Unspecified, 0)]
    public async Task A_delivered_report_comes_only_when_it_was_asked_for(DsnNotify notify, int reports)
    {
        await DeliverAsync(await AcceptAsync(To(Bob) with { Notify = notify }));

        Assert.Equal(reports, (await Queue.GetDepthAsync(default)).Waiting);
    }

    [Fact]
    public async Task A_full_mailbox_waits_in_the_spool_once_and_remote_recipients_with_it()
    {
        await Grains.GetGrain<IMailboxGrain>(Bob.Value).CreateAsync(new() { QuotaBytes = 1 });
        var message = await AcceptAsync(To(Bob) with { Remote = [new("far", "example.org")] });

        await DeliverAsync(message);
        await DeliverAsync(message);

        var local = await Grains.GetGrain<ISpoolGrain>(SpoolShards.Of("example.test")).GetPageAsync("", 10);
        var remote = await Grains.GetGrain<ISpoolGrain>(SpoolShards.Of("example.org")).GetPageAsync("", 10);
        Assert.Equal((SpoolKind.Local, "the mailbox is full"), (Assert.Single(local).Kind, local[0].LastError));
        Assert.Equal(SpoolKind.Outbound, Assert.Single(remote).Kind);
        Assert.Empty(await InboxAsync(Bob));
    }

    [Fact]
    public async Task Mail_older_than_mailboxes_remember_is_left_to_an_operator()
    {
        var message = await AcceptAsync(To(Bob));
        var old = message with { Id = DeliveryId.New(DateTimeOffset.UtcNow - TimeSpan.FromDays(15)) };

        Assert.NotNull(await DeliverAsync(old));
        Assert.Empty(await InboxAsync(Bob));
    }

    [Fact]
    public async Task Dying_between_any_two_writes_loses_and_doubles_nothing()
    {
        for (var step = 1; step < 20; step++)
        {
            var message = await AcceptAsync(To(Bob), To(Nobody));
            var dying = new DyingStores(Blobs, Queue, dieAt: step);
            var died = await Record.ExceptionAsync(() => DeliverAsync(message, dying));

            await DeliverAsync(message);
            await DeliverQueuedAsync();
            var alice = (await Grains.GetGrain<IAddressGrain>("alice@example.test").GetAsync())!.Account!.Value;
            Assert.Equal((step, step), ((await InboxAsync(Bob)).Count, (await InboxAsync(alice)).Count));
            if (died is null)
            {
                Assert.True(step > 3, $"there were only {step - 1} steps to die at");
                return;
            }
        }

        Assert.Fail("the delivery never ran to its end");
    }

    private static EnvelopeRecipient To(AccountId account) => new() { Address = new(account.Value.Split('/')[1], "example.test"), Mailboxes = [account] };

    private async Task<QueuedMessage> AcceptAsync(params EnvelopeRecipient[] recipients)
    {
        var id = DeliveryId.New(DateTimeOffset.UtcNow);
        var name = BodyRef.NameFor(Demo, id);
        await using var upload = Blobs.Create(name, BodyOwner.Of(id, recipients));
        await upload.WriteAsync("Subject: hello\r\nMessage-ID: <m@example.test>\r\n\r\nhello\r\n"u8.ToArray(), default);
        await upload.CommitAsync(default);
        return new()
        {
            Id = id,
            Tenant = Demo,
            Body = new(name, upload.Length),
            Trace = "Received: by test\r\n",
            Envelope = new() { Sender = new("alice", "example.test"), Recipients = recipients },
        };
    }

    private Task<string?> DeliverAsync(QueuedMessage message) => host.Services.GetRequiredService<MessageDelivery>().DeliverAsync(message, default);

    private Task<string?> DeliverAsync(QueuedMessage message, DyingStores stores)
    {
        var services = host.Services;
        var (breaker, time) = (services.GetRequiredService<Breaker>(), services.GetRequiredService<TimeProvider>());
        var reports = new ReportSender(
            stores, stores, services.GetRequiredService<SenderMailbox>(), services.GetRequiredService<DeliveryOptions>(), services.GetRequiredService<DeliveryTelemetry>(), NullLogger<ReportSender>.Instance);
        return new MessageDelivery(
            new FilingRequests(stores, time, NullLogger<FilingRequests>.Instance),
            services.GetRequiredService<MailboxFiler>(),
            services.GetRequiredService<SpoolHandOver>(),
            reports,
            stores,
            breaker,
            NullLogger<MessageDelivery>.Instance).DeliverAsync(message, default);
    }

    /// <summary>Delivers what is in the queue, which here are reports, until it is empty.</summary>
    private async Task DeliverQueuedAsync()
    {
        using var stop = new CancellationTokenSource();
        await using var entries = Queue.ConsumeAsync(1, stop.Token).GetAsyncEnumerator(stop.Token);
        while ((await Queue.GetDepthAsync(default)).Waiting > 0 && await entries.MoveNextAsync())
        {
            await DeliverAsync(entries.Current.Message);
            await entries.Current.AckAsync(default);
        }

        await stop.CancelAsync();
    }

    private async Task<IReadOnlyList<FetchedMessage>> InboxAsync(AccountId account)
    {
        var mailbox = Grains.GetGrain<IMailboxGrain>(account.Value);
        var inbox = await mailbox.OpenFolderAsync("INBOX", claimRecent: false);
        return (await mailbox.FetchAsync(new() { FolderId = inbox!.FolderId, Uids = [new(1, uint.MaxValue)], WithContent = true })).Messages;
    }

    private async Task<List<StoredBlob>> ListAsync(string prefix)
    {
        var found = new List<StoredBlob>();
        await foreach (var blob in Blobs.ListAsync(prefix, default))
        {
            found.Add(blob);
        }

        return found;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
