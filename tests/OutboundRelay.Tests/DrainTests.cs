using System.Net;
using MailCloud.Blobs;
using MailCloud.Embedded;
using MailCloud.Journal;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes;
using MailCloud.Messages;
using MailCloud.OutboundRelay.Tests.Smtp;
using MailCloud.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MailCloud.OutboundRelay.Tests;

/// <summary>The end of a relay, with the whole of it in the silo's process: what a host has taken is not sent again.</summary>
public sealed class DrainTests : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("mailcloud-drain-");
    private readonly WatchedTime time = new();
    private readonly TaskCompletionSource refused = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string shard = $"spool/{SpoolShards.Of("far.test")}";
    private IHost? host;
    private int appends;
    private volatile bool isRefusing = true;

    [Fact]
    public async Task What_a_host_has_taken_is_told_to_the_spool_after_the_drain_is_over()
    {
        await using var mx = new FakeMx("""
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
        host = await StartAsync(mx.Port);
        var spool = host.Services.GetRequiredService<IGrainFactory>().GetGrain<ISpoolGrain>(SpoolShards.Of("far.test"));
        await spool.AddAsync([await EntryAsync()]);
        await mx.FinishedAsync();
        await refused.Task.WaitAsync(TimeSpan.FromSeconds(30));

        var stopping = host.Services.GetRequiredService<RelayWorker>().StopAsync(CancellationToken.None);
        await time.PassAsync(TimeSpan.FromSeconds(10));
        isRefusing = false;
        for (var second = 0; second < 10 && !stopping.IsCompleted; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(stopping, Task.Delay(200));
        }

        await stopping.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Empty(await spool.GetPageAsync(SpoolFilter.Everything, "", 10));
    }

    public async ValueTask DisposeAsync()
    {
        if (host is not null)
        {
            await host.StopAsync();
            host.Dispose();
        }

        folder.Delete(recursive: true);
    }

    private async Task<IHost> StartAsync(int port)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Critical);
        builder.Configuration.AddInMemoryCollection([
            new("Embedded:Directory", folder.FullName),
            new("Mailboxes:RelaysInProcess", "true"),
            new("Relay:Routes:0:Host", $"[{IPAddress.Loopback}]"),
            new("Relay:Routes:0:Port", $"{port}"),
        ]);
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddEmbeddedStorage(builder.Configuration);
        builder.Services.FailAppends(FaultOf);
        builder.AddMailboxes();
        builder.UseOrleans(silo => silo.UseLocalhostClustering(FreePort.Find(), FreePort.Find()));
        builder.AddOutboundRelay();
        var started = builder.Build();
        await started.StartAsync();
        return started;
    }

    // The first brings the entry.
    private AppendFault FaultOf(string journal, JournalHead head)
    {
        if (journal != shard || Interlocked.Increment(ref appends) == 1 || !isRefusing)
        {
            return AppendFault.None;
        }

        refused.TrySetResult();
        return AppendFault.NotWritten;
    }

    private async Task<SpoolEntry> EntryAsync()
    {
        var (id, recipient) = (DeliveryId.New(time.GetUtcNow()), Relaying.Address("bob@far.test"));
        var octets = "Subject: hello\r\n\r\nhello\r\n"u8.ToArray();
        var body = new BodyRef(BodyRef.NameFor(new("demo"), id), octets.Length);
        await using (var upload = host!.Services.GetRequiredService<IMessageBlobs>().Create(body.Name, [BodyOwner.Spool(id, recipient)]))
        {
            await upload.WriteAsync(octets, CancellationToken.None);
            await upload.CommitAsync(CancellationToken.None);
        }

        return new()
        {
            Kind = SpoolKind.Outbound,
            DueAt = time.GetUtcNow(),
            Message = new()
            {
                Id = id,
                Tenant = new("demo"),
                Body = body,
                Trace = "",
                Envelope = new() { Sender = Relaying.Address("alice@example.test"), Recipients = [new() { Address = recipient, Remote = [recipient] }] },
            },
        };
    }
}
