using System.Text;
using MailCloud.Blobs;
using MailCloud.Cluster;
using MailCloud.Embedded;
using MailCloud.LocalDelivery.Groups;
using MailCloud.LocalDelivery.Vacation;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes;
using MailCloud.Messages;
using MailCloud.Queue;
using MailCloud.Reports;
using MailCloud.Testing;
using MailCloud.Tracing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.LocalDelivery.Tests;

/// <summary>The real grains and the real embedded storage in one process, on a clock of the test's; the workers are played by the test.</summary>
public abstract class DeliveryHost : IAsyncLifetime
{
    private static readonly TenantId Demo = new("demo");

    protected static readonly AccountId Bob = new("demo/bob");
    protected static readonly AccountId Nobody = new("demo/nobody");

    private readonly string directory = Directory.CreateTempSubdirectory("mailcloud-delivery-").FullName;
    private IHost host = null!;

    /// <summary>The account of those who send.</summary>
    protected AccountId AliceAccount { get; private set; }

    protected FakeTimeProvider Time { get; } = new(DateTimeOffset.UtcNow);

    protected IServiceProvider Services => host.Services;

    protected IMessageBlobs Blobs => host.Services.GetRequiredService<IMessageBlobs>();

    protected IMailQueue Queue => host.Services.GetRequiredService<IMailQueue>();

    protected IGrainFactory Grains => host.Services.GetRequiredService<IGrainFactory>();

    public async Task InitializeAsync()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Critical);
        builder.Configuration.AddInMemoryCollection([new("Embedded:Directory", directory), new("Reports:HostName", "mail.example.test")]);
        builder.Services.AddSingleton<TimeProvider>(Time);
        builder.Services.AddEmbeddedStorage(builder.Configuration);
        Replace(builder.Services);
        builder.AddMailboxes();
        builder.AddLocalDelivery();

        builder.Services.RemoveAll<IHostedService>();
        builder.UseOrleans(silo => silo.UseLocalhostClustering(FreePort.Find(), FreePort.Find()));
        host = builder.Build();
        await host.StartAsync();
        await Grains.GetGrain<ITenantGrain>("demo").CreateAsync();
        await Grains.GetGrain<ITenantGrain>("demo").AddDomainAsync("example.test");
        await Grains.GetGrain<IAddressGrain>("alice@example.test").PutAsync(new() { Address = new("alice", "example.test"), Tenant = Demo, Kind = AddressKind.Account });
        AliceAccount = (await Grains.GetGrain<IAddressGrain>("alice@example.test").GetAsync())!.Account!.Value;
        await Grains.GetGrain<IMailboxGrain>(Bob.Value).CreateAsync(new());
    }

    public async Task DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>Puts stores that fail before the real ones.</summary>
    protected virtual void Replace(IServiceCollection services)
    {
    }

    /// <summary>The reports and other mail that alice has.</summary>
    protected Task<IReadOnlyList<FetchedMessage>> AliceAsync() => InboxAsync(AliceAccount);

    protected static EnvelopeRecipient To(AccountId account) => new() { Address = new(account.Value.Split('/')[1], "example.test"), Mailboxes = [account] };

    protected Task<QueuedMessage> AcceptAsync(params EnvelopeRecipient[] recipients) => AcceptAsync("hello\r\n", recipients);

    protected Task<QueuedMessage> AcceptAsync(string text, params EnvelopeRecipient[] recipients) =>
        AcceptWholeAsync($"Subject: hello\r\nMessage-ID: <m@example.test>\r\n\r\n{text}", recipients);

    /// <summary>The same, with a header of the test's own.</summary>
    protected async Task<QueuedMessage> AcceptWholeAsync(string message, params EnvelopeRecipient[] recipients)
    {
        var id = DeliveryId.New(Time.GetUtcNow());
        var name = BodyRef.NameFor(Demo, id);
        await using var upload = Blobs.Create(name, BodyOwner.Of(id, recipients));
        await upload.WriteAsync(Encoding.UTF8.GetBytes(message), default);
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

    protected Task<string?> DeliverAsync(QueuedMessage message) => host.Services.GetRequiredService<MessageDelivery>().DeliverAsync(message, default);

    /// <summary>The same, in a process that dies at a step of its writes.</summary>
    private protected Task<string?> DeliverAsync(QueuedMessage message, DyingStores stores)
    {
        var services = Services;
        var reports = new ReportSender(
            stores, stores, services.GetRequiredService<AddressLookup>(), services.GetRequiredService<ReportOptions>(), services.GetRequiredService<ReportTelemetry>(), services.GetRequiredService<MessageTracer>(), Time, NullLogger<ReportSender>.Instance);
        return new MessageDelivery(
            new FilingRequests(stores, Time, NullLogger<FilingRequests>.Instance),
            services.GetRequiredService<CopyDelivery>(),
            services.GetRequiredService<SpoolHandOver>(),
            new GroupExpansion(
                Grains,
                services.GetRequiredService<GrainCalls>(),
                services.GetRequiredService<GroupWalk>(),
                new GroupCopies(stores, stores, services.GetRequiredService<DeliveryTrace>()),
                services.GetRequiredService<Breaker>(),
                Time,
                NullLogger<GroupExpansion>.Instance),
            reports,
            new VacationResponder(
                Grains,
                services.GetRequiredService<GrainCalls>(),
                services.GetRequiredService<AddressLookup>(),
                stores,
                stores,
                services.GetRequiredService<ReportOptions>(),
                services.GetRequiredService<MessageTracer>(),
                Time,
                NullLogger<VacationResponder>.Instance),
            stores,
            services.GetRequiredService<Breaker>(),
            services.GetRequiredService<DeliveryTrace>(),
            NullLogger<MessageDelivery>.Instance).DeliverAsync(message, default);
    }

    /// <summary>What is in the queue, which here are reports.</summary>
    protected async Task<IReadOnlyList<QueuedMessage>> QueuedAsync()
    {
        var found = new List<QueuedMessage>();
        await foreach (var message in Queue.ListAsync(default))
        {
            found.Add(message);
        }

        return found;
    }

    /// <summary>Delivers what is in the queue, which here are reports, until it is empty.</summary>
    protected async Task DeliverQueuedAsync()
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

    protected async Task<IReadOnlyList<FetchedMessage>> InboxAsync(AccountId account)
    {
        var mailbox = Grains.GetGrain<IMailboxGrain>(account.Value);
        var inbox = await mailbox.OpenFolderAsync("INBOX", claimRecent: false);
        return (await mailbox.FetchAsync(new() { FolderId = inbox!.FolderId, Uids = [new(1, uint.MaxValue)], WithContent = true })).Messages;
    }

    protected async Task<List<StoredBlob>> ListAsync(string prefix)
    {
        var found = new List<StoredBlob>();
        await foreach (var blob in Blobs.ListAsync(prefix, default))
        {
            found.Add(blob);
        }

        return found;
    }
}
