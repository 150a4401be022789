using MailCloud.EndToEnd.Tests.Survival;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests;

/// <summary>A cluster is one platform: what comes in by one edge is read at another, where a session that idles is told.</summary>
[Collection(ClusterCollection.Name)]
public sealed class ClusterCorpusTests(ITestOutputHelper output)
{
    private const int Mailboxes = 5;

    [Fact]
    public async Task What_comes_in_by_the_second_edge_is_read_at_the_first_as_it_was()
    {
        await using var cluster = await LocalCluster.StartAsync(offset: 14500, settings: LocalCluster.NoRateLimits);
        await Accounts.ImportAsync(cluster, Enumerable.Range(1, Mailboxes).Select(i => (Address(i), CorpusRoundTrip.Password)));
        using var listener = new IdleListener();
        await listener.StartAsync(cluster.Imap(edge: 1), Address(1), CorpusRoundTrip.Password);
        var trip = new CorpusRoundTrip(cluster.Smtp(edge: 2), cluster.Imap(edge: 1), cluster.Pop3(edge: 1));
        var messages = CorpusMail.Read(output);

        var sent = Enumerable.Range(1, Mailboxes).ToDictionary(mailbox => mailbox, _ => new List<byte[]>());
        for (var i = 0; i < messages.Count; i++)
        {
            var mailbox = 1 + (i % Mailboxes);
            sent[mailbox].Add((await trip.SendRawAsync(messages[i], Address(mailbox)))!);
        }

        foreach (var (mailbox, expected) in sent)
        {
            await trip.CompareAsync(Address(mailbox), expected);
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (listener.ToldAt.Count < sent[1].Count)
        {
            Assert.False(listener.Running.IsCompleted, "the session that idled has ended");
            await Task.Delay(50, limit.Token);
        }

        await listener.StopAsync();
        output.WriteLine($"{messages.Count} messages in by the second edge, out by IMAP and POP3 at the first: all equal; IDLE was told of {sent[1].Count}");
    }

    private static string Address(int number) => $"user{number}@example.test";
}
