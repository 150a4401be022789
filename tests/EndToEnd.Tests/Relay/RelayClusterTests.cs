using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Relay;

/// <summary>The relay in a cluster: what it loses when it or a silo dies, and whether several of them keep a host's limits together.</summary>
[Collection(ClusterCollection.Name)]
public sealed class RelayClusterTests(RelayCluster relays, ITestOutputHelper output) : IClassFixture<RelayCluster>
{
    private const int Senders = 4;

    /// <summary>More than the host takes on its connections before they must be made anew.</summary>
    private const int Several = 500;

    /// <summary>Two cores carry the whole cluster and its clients.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(20);

    private static readonly string[] Victims = ["outbound-relay-1", "mailboxes-1", "mailboxes-2"];

    /// <summary>
    /// As <see cref="RelayCrashTests"/>. A silo that dies doubles nothing: the relay tells the spool of its outcomes until it hears, and a shard that is made anew gives nothing out before the relay has renewed what
    /// it has in hand.
    /// </summary>
    [Fact]
    public async Task A_relay_or_a_silo_that_is_killed_loses_nothing()
    {
        var (cluster, sink) = (relays.Cluster, relays.Sink);
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var senders = new RelaySenders("bob@sink.test");
        using var stop = new CancellationTokenSource();
        var sending = Enumerable.Range(0, Senders).Select(sender => SendAgainAsync(senders, cluster.Submission(1 + (sender % 2)), stop.Token)).ToArray();
        using var limit = new CancellationTokenSource(TimeSpan.FromHours(1));
        var relayKills = 0;
        for (var cycle = 0; cycle < RelayCrashTests.Cycles; cycle++)
        {
            await senders.UntilMoreAsync(Senders, TimeSpan.FromMinutes(2));
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(0, 3000)));
            var victim = Victims[cycle % Victims.Length];
            relayKills += victim == Victims[0] ? 1 : 0;
            var process = cluster.Signal(victim, PosixSignalNumber.Kill);
            Assert.Equal(128 + (int)PosixSignalNumber.Kill, await cluster.EndedAsync(victim, process, limit.Token));
            await cluster.ReadyAsync(victim, limit.Token);
        }

        await stop.CancelAsync();
        await Task.WhenAll(sending);
        await Upkeep.UntilNothingWaitsAsync(cluster, TimeSpan.FromMinutes(10));
        await Upkeep.SweepAsync(cluster);
        Assert.Equal("", await Upkeep.VerifyAsync(cluster));

        var (lost, doubled) = senders.Compare(sink);
        output.WriteLine($"seed {seed}: {RelayCrashTests.Cycles} kills, {relayKills} of them of the relay, {senders.Accepted.Count} accepted, {sink.Messages.Count} arrived, {doubled} of them once more than needed");
        Assert.True(senders.Accepted.Count > RelayCrashTests.Cycles, $"only {senders.Accepted.Count} messages were accepted");
        Assert.Empty(lost);
        Assert.InRange(doubled, 0, relayKills * RelayCrashTests.Connections * RelayCrashTests.MostDoubled);
        Assert.Empty(await Upkeep.ParkedAsync(cluster));
    }

    /// <summary>The host takes two connections, and a hundred messages on each.</summary>
    [Fact]
    public async Task Four_relays_keep_the_limits_of_a_host_together()
    {
        var (cluster, limited) = (relays.Cluster, relays.Limited);
        for (var relay = 2; relay <= 4; relay++)
        {
            await cluster.AddAsync("outbound-relay");
        }

        var senders = new RelaySenders("bob@limited.test");
        using var stop = new CancellationTokenSource();
        var sending = Enumerable.Range(0, Senders).Select(sender => senders.SendAsync(cluster.Submission(1 + (sender % 2)), Rest, stop.Token)).ToArray();
        await senders.UntilMoreAsync(Several, TimeSpan.FromMinutes(2));
        await stop.CancelAsync();
        await Task.WhenAll(sending);
        await Upkeep.UntilNothingWaitsAsync(cluster, TimeSpan.FromMinutes(5));

        var (lost, doubled) = senders.Compare(limited);
        Assert.Empty(lost);
        Assert.Equal(0, doubled);
        Assert.Equal(0, limited.Violations);
        Assert.Equal(2, limited.MostConnections);
    }

    private static async Task SendAgainAsync(RelaySenders senders, int port, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await senders.SendAsync(port, Rest, stop);
            await Task.Delay(Rest, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
