using System.Globalization;
using MailCloud.Testing;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Relay;

/// <summary>
/// SIGKILL at random moments while alice sends to a host of others. Every message that got 250 must reach that host. One may come twice only when the server died between the message's end and what the spool
/// was told of the host's reply. A connection begins no third message before the spool has the outcome of the first, so that each kill doubles no more than two messages for each connection: the one whose reply
/// has not come, and the one before it.
/// </summary>
public sealed class RelayCrashTests(ITestOutputHelper output)
{
    /// <summary>Of the relay to the host.</summary>
    internal const int Connections = 4;

    /// <summary>Of each connection.</summary>
    internal const int MostDoubled = 2;

    private const int Senders = 4;

    /// <summary>Cycles of the short form; the environment sets more.</summary>
    internal static int Cycles => int.Parse(Environment.GetEnvironmentVariable("MAILCLOUD_CRASH_CYCLES") ?? "5", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Killed_while_it_relays_it_loses_nothing()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var data = ServerProcess.NewDataDirectory();
        await using var sink = LimitedSink.Start(new());
        var senders = new RelaySenders("bob@sink.test");
        for (var cycle = 0; cycle < Cycles; cycle++)
        {
            await using var server = await StartAsync(data, sink);
            using var dead = new CancellationTokenSource();
            var sending = Enumerable.Range(0, Senders).Select(_ => senders.SendAsync(server.Submission, TimeSpan.Zero, dead.Token)).ToArray();
            await senders.UntilMoreAsync(Senders, TimeSpan.FromMinutes(1));
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(0, 1500)));
            server.Kill();
            await dead.CancelAsync();
            await Task.WhenAll(sending);
        }

        await using (var last = await StartAsync(data, sink))
        {
            await Upkeep.UntilNothingWaitsAsync(last, TimeSpan.FromMinutes(5));
            await Upkeep.SweepAsync(last);
            Assert.Equal("", await Upkeep.VerifyAsync(last));
        }

        var (lost, doubled) = senders.Compare(sink);
        output.WriteLine($"seed {seed}: {Cycles} kills, {senders.Accepted.Count} accepted, {sink.Messages.Count} arrived, {doubled} of them once more than needed");
        Assert.True(senders.Accepted.Count > Cycles, $"only {senders.Accepted.Count} messages were accepted");
        Assert.Empty(lost);
        Assert.InRange(doubled, 0, Cycles * Connections * MostDoubled);
        Directory.Delete(data, recursive: true);
    }

    private static Task<ServerProcess> StartAsync(string data, LimitedSink sink) => ServerProcess.StartAsync(data, offset: 24400, arguments:
    [
        .. ServerProcess.NoRateLimits, "--Sending:AccountPerHour=0", "--Sending:AccountPerDay=0", "--Sending:TenantPerHour=0", "--Sending:TenantPerDay=0",
        $"--Relay:ConnectionsPerDestination={Connections}", "--Relay:Routes:0:Destination=sink.test", "--Relay:Routes:0:Host=[127.0.0.1]", $"--Relay:Routes:0:Port={sink.Port}",
    ]);
}
