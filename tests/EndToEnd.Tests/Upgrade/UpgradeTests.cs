using System.Globalization;
using MailCloud.EndToEnd.Tests.Chaos;
using MailCloud.EndToEnd.Tests.Relay;
using MailCloud.Testing;
using MailKit;
using MailKit.Net.Smtp;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Upgrade;

/// <summary>
/// A cluster of the previous release, under the load of the chaos runs and with mail that leaves, goes process by process to this build and back: nothing is lost or doubled, no session of an edge that
/// runs ends or is refused anything, and what either build has stored the other shows.
/// </summary>
[Collection(ClusterCollection.Name)]
public sealed class UpgradeTests(ITestOutputHelper output)
{
    private const string Before = "before";
    private const string Between = "between";

    /// <summary>
    /// What goes together, one process of a kind at a time: between the steps there is a silo of one build with edges of the other, and the other way round, in both directions.
    /// </summary>
    private static readonly string[][] Steps =
    [
        ["mailboxes-1"], ["smtp-ingress-1", "mailbox-access-1", "local-delivery-1"], ["outbound-relay-1", "web-1"], ["mailboxes-2"], ["smtp-ingress-2", "mailbox-access-2", "local-delivery-2"],
    ];

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    /// <summary>Two cores carry the whole cluster and its clients.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(200);

    private static int Rounds => Environment.GetEnvironmentVariable("MAILCLOUD_CHAOS_LONG") is null ? 1 : 5;

    [Fact]
    public async Task A_cluster_goes_to_this_build_and_back_under_load()
    {
        await using var sink = LimitedSink.Start(new());
        await using var run = await ChaosRun.StartAsync(offset: 17500, output, readers: true, more: Settings(sink).Concat(ServiceBuild.Previous.Programs).ToDictionary());
        var relayed = new RelaySenders("bob@sink.test");
        var records = new OperatorRecords(run.Cluster);
        await records.MakeAsync(Before);
        var shown = await records.ReadAsync(Before);

        await run.UnderLoadAsync(() => WithRelayAsync(run, relayed, () => UpAndBackAsync(run, records)), Patience);
        var counts = await run.CountAsync(Patience);

        Assert.True(counts.Mail.Accepted > 500, $"only {counts.Mail.Accepted} messages were accepted");
        Assert.True(counts.Mail.Changed > 500, $"only {counts.Mail.Changed} changes by IMAP were answered OK");
        Assert.True(counts.Mail.DeletedByPop3 > 100, $"only {counts.Mail.DeletedByPop3} messages were deleted by POP3");
        Assert.True(relayed.Accepted.Count > 100, $"only {relayed.Accepted.Count} messages for another host were accepted");
        Assert.Equal(0, counts.Violations);
        Assert.Equal(0, counts.SessionsGivenUp);
        var (lost, doubled) = relayed.Compare(sink);
        output.WriteLine($"{relayed.Accepted.Count} messages accepted for another host, {sink.Messages.Count} arrived");
        Assert.Empty(lost);
        Assert.Equal(0, doubled);
        var shownAgain = await records.ReadAsync(Before);
        Assert.All(shown, document => Assert.Equal(document.Value, shownAgain[document.Key]));
        Assert.Equal("", await run.SweepAndVerifyAsync());
    }

    private static Dictionary<string, string> Settings(LimitedSink sink) => new()
    {
        ["Sending__AccountPerHour"] = "0",
        ["Sending__AccountPerDay"] = "0",
        ["Sending__TenantPerHour"] = "0",
        ["Sending__TenantPerDay"] = "0",
        ["Relay__Routes__0__Destination"] = "sink.test",
        ["Relay__Routes__0__Host"] = "[127.0.0.1]",
        ["Relay__Routes__0__Port"] = sink.Port.ToString(CultureInfo.InvariantCulture),
    };

    private static async Task UpAndBackAsync(ChaosRun run, OperatorRecords records)
    {
        for (var round = 1; round <= Rounds; round++)
        {
            foreach (var names in Steps)
            {
                await MoveAsync(run, names, ServiceBuild.Present);
            }

            // What the previous release wrote is shown, and what this build writes now the previous one has to show when all is back.
            await records.ReadAsync(Before);
            var tenant = string.Create(CultureInfo.InvariantCulture, $"{Between}{round}");
            await records.MakeAsync(tenant);
            foreach (var names in Steps.Reverse())
            {
                await MoveAsync(run, names, ServiceBuild.Previous);
            }

            await records.ReadAsync(tenant);
        }
    }

    private static async Task MoveAsync(ChaosRun run, string[] names, ServiceBuild build)
    {
        await run.DisturbAsync($"{string.Join(", ", names)} to {build.Name}", _ => Task.WhenAll(names.Select(name => run.UpgradeAsync(name, build.Programs))));
        Assert.All(names, name => Assert.Contains($"{build.Root}/services/", run.Cluster.CommandLine(name), StringComparison.Ordinal));
    }

    /// <summary>Mail for another host by both edges, meanwhile.</summary>
    private static async Task WithRelayAsync(ChaosRun run, RelaySenders senders, Func<Task> events)
    {
        using var stop = new CancellationTokenSource();
        var sending = new[] { 1, 2 }.Select(edge => run.KeepAsync("smtp-ingress", edge, at => SubmitAsync(senders, run.Cluster.Submission(at), stop.Token), stop.Token)).ToArray();
        try
        {
            await events();
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(sending);
        }
    }

    /// <summary>One session, whose end is told as the other clients' is: by an answer, or without one.</summary>
    private static async Task SubmitAsync(RelaySenders senders, int port, CancellationToken stop)
    {
        try
        {
            await senders.SessionAsync(port, Rest, stop);
        }
        catch (CommandException e)
        {
            throw new UnwantedAnswerException(e.Message);
        }
        catch (Exception e) when (e is ProtocolException or ServiceNotConnectedException)
        {
            throw new IOException(e.Message, e);
        }
    }
}
