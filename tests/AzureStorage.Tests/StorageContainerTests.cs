using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Azure.Storage.Blobs.Models;
using MailCloud.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MailCloud.AzureStorage.Tests;

public sealed class StorageContainerTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    /// <summary>The operations that README.md lists, each attempt of them, and what is logged of a container.</summary>
    [Fact]
    public async Task Attempts_are_measured_by_operation_and_outcome_and_a_new_container_is_logged()
    {
        var measured = new ConcurrentQueue<string>();
        using var logs = new EventIds();
        await using var services = new ServiceCollection().AddMetrics().AddLogging(l => l.AddProvider(logs)).AddSingleton<StorageTelemetry>().BuildServiceProvider();
        using var listener = new MeterListener { InstrumentPublished = (instrument, l) => Listen(instrument, l, services) };
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) =>
        {
            var values = tags.ToArray().ToDictionary(t => t.Key, t => t.Value);
            measured.Enqueue($"{instrument.Name} {values["operation"]} {values["outcome"]}");
        });
        listener.Start();
        await using var network = new HttpProxy(azurite.Port);
        var options = new AzureStorageOptions { ConnectionString = Azurite.ConnectionString(network.Port), RetryDelay = TimeSpan.FromMilliseconds(10) };
        using var container = new StorageContainer(
            options, "measured", services.GetRequiredService<StorageTelemetry>(), services.GetRequiredService<ILogger<StorageContainer>>());

        var client = await container.OpenAsync(default);
        network.Once("PUT ", RequestFate.AnswerLost);
        var blob = client.GetBlobClient("a");
        await blob.UploadAsync(BinaryData.FromString("x"), overwrite: true);
        await blob.DownloadContentAsync();
        Assert.False(await client.GetBlobClient("b").ExistsAsync());
        await foreach (var page in client.GetBlobsAsync(new GetBlobsOptions(), default))
        {
            Assert.Equal("a", page.Name);
        }

        await blob.DeleteAsync();

        Assert.Equal(
            ["GetContainerProperties missing", "CreateContainer ok", "PutBlob unanswered", "PutBlob ok", "GetBlob ok", "GetBlobProperties missing", "ListBlobs ok", "DeleteBlob ok"],
            measured.Select(m => m["mailcloud.azurestorage.operation.duration ".Length..]));
        Assert.Equal([7001, 7000], logs.Seen);
    }

    [Fact]
    public async Task A_client_of_one_attempt_makes_one()
    {
        await using var services = new ServiceCollection().AddMetrics().AddLogging().AddSingleton<StorageTelemetry>().BuildServiceProvider();
        await using var network = new HttpProxy(azurite.Port);
        var options = new AzureStorageOptions { ConnectionString = Azurite.ConnectionString(network.Port) };
        using var container = new StorageContainer(
            options, "one-attempt", services.GetRequiredService<StorageTelemetry>(), services.GetRequiredService<ILogger<StorageContainer>>());
        var client = await container.OpenForOneAttemptAsync(default);
        network.Once("PUT ", RequestFate.NeverSent);
        var before = network.Seen.Count;

        await Assert.ThrowsAnyAsync<Exception>(() => client.GetBlobClient("a").UploadAsync(BinaryData.FromString("x"), overwrite: true));

        Assert.Equal(1, network.Seen.Count - before);
    }

    private static void Listen(Instrument instrument, MeterListener listener, ServiceProvider services)
    {
        // Of this test's own meter; others run beside it.
        if (instrument.Meter.Name == StorageTelemetry.MeterName && instrument.Meter.Scope == services.GetRequiredService<IMeterFactory>())
        {
            listener.EnableMeasurementEvents(instrument);
        }
    }

    private sealed class EventIds : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<int> Seen { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id is >= 7000 and < 7100)
            {
                Seen.Enqueue(eventId.Id);
            }
        }
    }
}
