using MailCloud.Testing;

namespace MailCloud.EndToEnd.Tests.Relay;

/// <summary>A cluster whose relay sends to two hosts of the test.</summary>
public sealed class RelayCluster : IAsyncLifetime
{
    internal LocalCluster Cluster { get; private set; } = null!;

    /// <summary>Takes what is for sink.test.</summary>
    internal LimitedSink Sink { get; } = LimitedSink.Start(new());

    /// <summary>Takes what is for limited.test: two connections, and a hundred messages on each.</summary>
    internal LimitedSink Limited { get; } = LimitedSink.Start(new(Connections: 2, MessagesPerConnection: 100, Takes: TimeSpan.FromMilliseconds(5)), "127.0.0.2");

    public async Task InitializeAsync()
    {
        var settings = LocalCluster.NoRateLimits;
        foreach (var (name, value) in new[]
        {
            ("Sending__AccountPerHour", "0"), ("Sending__AccountPerDay", "0"), ("Sending__TenantPerHour", "0"), ("Sending__TenantPerDay", "0"),
            ("Relay__ConnectionsPerDestination", $"{RelayCrashTests.Connections}"),
            ("Relay__Routes__0__Destination", "sink.test"), ("Relay__Routes__0__Host", "[127.0.0.1]"), ("Relay__Routes__0__Port", $"{Sink.Port}"),
            ("Relay__Routes__1__Destination", "limited.test"), ("Relay__Routes__1__Host", $"[{Limited.Address}]"), ("Relay__Routes__1__Port", $"{Limited.Port}"),
            ("Relay__Limits__Overrides__0__For", $"{Limited.Address}"), ("Relay__Limits__Overrides__0__Connections", "2"), ("Relay__Limits__Overrides__0__MessagesPerConnection", "100"),
        })
        {
            settings[name] = value;
        }

        Cluster = await LocalCluster.StartAsync(offset: 18500, settings: settings);
    }

    public async Task DisposeAsync()
    {
        await Cluster.DisposeAsync();
        await Sink.DisposeAsync();
        await Limited.DisposeAsync();
    }
}
