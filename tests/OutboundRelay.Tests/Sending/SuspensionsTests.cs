using MailCloud.Embedded;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes;
using MailCloud.Messages;
using MailCloud.OutboundRelay.Tests.Smtp;
using MailCloud.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.OutboundRelay.Tests.Sending;

/// <summary>Mail of accounts and tenants that may not send waits until they may, or until it is too old. The whole relay, with the real directory and spool in its process.</summary>
public sealed class SuspensionsTests : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("mailcloud-suspended-");
    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);
    private readonly FakeMx mx = ThatTakesOne();

    private IHost host = null!;

    private IGrainFactory Grains => host.Services.GetRequiredService<IGrainFactory>();

    private ISpoolGrain Spool => Grains.GetGrain<ISpoolGrain>(SpoolShards.Of("far.test"));

    private IAddressGrain Alice => Grains.GetGrain<IAddressGrain>("alice@example.test");

    private IDomainDeletionGrain Domain => Grains.GetGrain<IDomainDeletionGrain>("example.test");

    private ITenantDeletionGrain Tenant => Grains.GetGrain<ITenantDeletionGrain>("demo");

    public async Task InitializeAsync()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Critical);
        builder.Configuration.AddInMemoryCollection([
            new("Embedded:Directory", folder.FullName),
            new("Mailboxes:RelaysInProcess", "true"),
            new("Relay:Routes:0:Host", "[127.0.0.1]"),
            new("Relay:Routes:0:Port", $"{mx.Port}"),
        ]);
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddEmbeddedStorage(builder.Configuration);
        builder.AddMailboxes();
        builder.UseOrleans(silo => silo.UseLocalhostClustering(FreePort.Find(), FreePort.Find()));
        builder.AddOutboundRelay();
        host = builder.Build();
        await host.StartAsync();
        await Grains.GetGrain<ITenantGrain>("demo").CreateAsync();
        await Grains.GetGrain<ITenantGrain>("demo").AddDomainAsync("example.test");
        await Alice.PutAsync(new() { Address = Relaying.Address("alice@example.test"), Tenant = new("demo"), Kind = AddressKind.Account });
    }

    public async Task DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
        await mx.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("account")]
    [InlineData("tenant")]
    [InlineData("deleted account")]
    [InlineData("deleted domain")]
    [InlineData("deleted tenant")]
    public async Task What_waits_is_held_while_its_sender_may_not_send_and_goes_on_when_he_may_again(string what)
    {
        var waiting = await EntryAsync();
        await SetAsync(what, maySend: false);
        await Spool.AddAsync([waiting]);
        var held = await WaitAsync(entry => entry is { LastError: not null });
        Assert.Equal(("450 4.7.13 the sender's account is suspended", 0), (held!.LastError, held.Attempts));
        Assert.True(held.DueAt > time.GetUtcNow() + TimeSpan.FromMinutes(29));

        await SetAsync(what, maySend: true);
        time.Advance(TimeSpan.FromMinutes(31));
        await WaitAsync(entry => entry is null);
        await mx.FinishedAsync();
    }

    [Fact]
    public async Task What_is_held_to_the_end_of_its_lifetime_is_returned_then()
    {
        await Spool.AddAsync([await EntryAsync(accepted: time.GetUtcNow() - new RelayOptions().Lifetime - TimeSpan.FromMinutes(1), due: TimeSpan.FromMinutes(1))]);
        await SetAsync("account", maySend: false);
        time.Advance(TimeSpan.FromMinutes(2));
        await WaitAsync(entry => entry is null);
        Assert.Null(mx.Peer);
    }

    private static FakeMx ThatTakesOne() => new("""
        S 220 mx
        C EHLO localhost
        S 250 mx
        C MAIL FROM:<alice@example.test>
        S 250 ok
        C RCPT TO:<bob@far.test>
        S 250 ok
        C DATA
        S 354 go on
        C Subject: hello
        C
        C hello
        C .
        S 250 2.0.0 taken
        """);

    private Task SetAsync(string what, bool maySend) => what switch
    {
        "account" => Alice.SetStateAsync(maySend ? AccountState.Active : AccountState.Suspended),
        "tenant" => Grains.GetGrain<ITenantGrain>("demo").SetStateAsync(maySend ? AccountState.Active : AccountState.Suspended),
        "deleted account" => maySend ? Alice.RestoreAsync() : Alice.DeleteAsync(),
        "deleted domain" => maySend ? Domain.RestoreAsync() : Domain.DeleteAsync(),
        _ => maySend ? Tenant.RestoreAsync() : Tenant.DeleteAsync(),
    };

    /// <summary>The one entry, when it is as expected; null when it is gone. The relay's own pauses pass meanwhile.</summary>
    private async Task<SpoolEntry?> WaitAsync(Func<SpoolEntry?, bool> isExpected)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var entry = (await Spool.GetPageAsync(SpoolFilter.Everything, "", 10)).SingleOrDefault();
            if (isExpected(entry))
            {
                return entry;
            }

            time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
        }
    }

    private async Task<SpoolEntry> EntryAsync(DateTimeOffset? accepted = null, TimeSpan due = default)
    {
        var (id, recipient) = (DeliveryId.New(accepted ?? time.GetUtcNow()), Relaying.Address("bob@far.test"));
        var octets = "Subject: hello\r\n\r\nhello\r\n"u8.ToArray();
        var body = new BodyRef(BodyRef.NameFor(new("demo"), id), octets.Length);
        await using (var upload = host.Services.GetRequiredService<Blobs.IMessageBlobs>().Create(body.Name, [BodyOwner.Spool(id, recipient)]))
        {
            await upload.WriteAsync(octets, CancellationToken.None);
            await upload.CommitAsync(CancellationToken.None);
        }

        var alice = Relaying.Address("alice@example.test");
        return new()
        {
            Kind = SpoolKind.Outbound,
            DueAt = time.GetUtcNow() + due,
            Message = new()
            {
                Id = id,
                Tenant = new("demo"),
                Body = body,
                Trace = "",
                Submitter = (await Alice.GetAsync())!.Account,
                SubmitterAddress = alice,
                Envelope = new() { Sender = alice, Recipients = [new() { Address = recipient, Remote = [recipient] }] },
            },
        };
    }
}
