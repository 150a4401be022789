using System.Diagnostics.Metrics;
using MailCloud.Embedded;
using MailCloud.MailboxContracts;
using MailCloud.Mailboxes;
using MailCloud.Messages;
using MailCloud.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MailCloud.Tracing.Tests;

/// <summary>What gathers reaches the real shards: every second, and what is left at the end of the process.</summary>
public sealed class TraceSenderTests : IAsyncLifetime
{
    private readonly string directory = Directory.CreateTempSubdirectory("mailcloud-tracing-").FullName;
    private IHost host = null!;

    public async Task InitializeAsync()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Critical);
        builder.Configuration.AddInMemoryCollection([new("Embedded:Directory", directory)]);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddEmbeddedStorage(builder.Configuration);
        builder.AddMailboxes();
        builder.UseOrleans(silo => silo.UseLocalhostClustering(FreePort.Find(), FreePort.Find()));
        builder.AddTracing();
        builder.AddTracing();
        host = builder.Build();
        await host.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task A_message_is_found_by_its_message_id_and_what_became_of_it_by_its_delivery_id()
    {
        var now = DateTimeOffset.UtcNow;
        var id = DeliveryId.New(now);
        host.Services.GetRequiredService<MessageTracer>().Began("found@example.test", new() { Delivery = id, At = now, Kind = TraceKind.Accepted, Recipients = ["a@example.test"] });

        var named = await UntilAsync("found@example.test", now);
        Assert.Equal((id, TraceKind.Named), (named.Delivery, named.Kind));
        var accepted = await UntilAsync(id.ToString(), now);
        Assert.Equal((TraceKind.Accepted, "found@example.test", "a@example.test"), (accepted.Kind, accepted.MessageId, accepted.Recipients.Single()));
    }

    [Fact]
    public async Task What_no_shard_takes_is_dropped_and_counted()
    {
        var services = host.Services;
        var (grains, telemetry, logger) = (services.GetRequiredService<IGrainFactory>(), services.GetRequiredService<TracingTelemetry>(), services.GetRequiredService<ILogger<TraceSender>>());
        var counted = 0L;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Name == "mailcloud.tracing.dropped" && instrument.Meter.Scope == services.GetRequiredService<IMeterFactory>())
                {
                    l.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => counted += value);
        listener.Start();
        var buffer = new TraceBuffer(telemetry);
        var sender = new TraceSender(buffer, grains, new(TimeSpan.Zero, TimeProvider.System, CancellationToken.None), telemetry, TimeProvider.System, logger);
        await host.StopAsync();

        buffer.Add(new() { Delivery = DeliveryId.New(DateTimeOffset.UtcNow), At = DateTimeOffset.UtcNow, Kind = TraceKind.Filed });
        await sender.RoundAsync();

        Assert.Equal(1, counted);
        Assert.Empty(buffer.Take());
    }

    private async Task<TraceEvent> UntilAsync(string id, DateTimeOffset at)
    {
        var shard = host.Services.GetRequiredService<IGrainFactory>().GetGrain<ITraceGrain>(TraceShards.Of(id, at));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            if (await shard.FindAsync(id, 10) is [var found])
            {
                return found;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
        }
    }
}
