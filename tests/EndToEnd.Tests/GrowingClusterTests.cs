using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using MailCloud.Cluster;
using MailCloud.EndToEnd.Tests.Clients;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Runtime;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests;

/// <summary>A silo, edges and a delivery worker more, started while mail flows and sessions are open on those that were there.</summary>
[Collection(ClusterCollection.Name)]
public sealed class GrowingClusterTests(ITestOutputHelper output) : IDisposable
{
    /// <summary>With their addresses about as many activations as the spool has: whichever silo has more of which, mailboxes are among what must move.</summary>
    private const int Mailboxes = 120;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(50);

    /// <summary>Rebalancing begins a minute after the cluster, and moves activations every 15 s.</summary>
    private static readonly TimeSpan ShareLimit = TimeSpan.FromMinutes(6);

    private static readonly TimeSpan FiledLimit = TimeSpan.FromMinutes(2);

    /// <summary>What got 250, by recipient.</summary>
    private readonly ConcurrentDictionary<string, int> accepted = new();

    private readonly CancellationTokenSource stop = new();

    public void Dispose() => stop.Dispose();

    [Fact]
    public async Task What_is_added_takes_its_share_and_no_session_drops()
    {
        await using var cluster = await LocalCluster.StartAsync(offset: 18000);
        await ImportAsync(cluster);
        using var client = Client(cluster);
        await client.StartAsync();

        List<Session> sessions = [.. await Task.WhenAll(Enumerable.Range(0, Mailboxes).Select(i => Session.OpenAsync(cluster.Imap(1 + (i % 2)), Address(i))))];
        List<Task> running = [SendAsync(cluster.Smtp(1), 0), SendAsync(cluster.Smtp(2), 1), .. sessions.Select(session => session.UseAsync(stop.Token))];
        try
        {
            foreach (var kind in new[] { "mailboxes", "smtp-ingress", "mailbox-access", "local-delivery" })
            {
                await cluster.AddAsync(kind);
            }

            List<Session> third = [.. await Task.WhenAll(Enumerable.Range(0, Mailboxes).Select(i => Session.OpenAsync(cluster.Imap(3), Address(i))))];
            sessions.AddRange(third);
            running.AddRange(third.Select(session => session.UseAsync(stop.Token)));
            running.Add(SendAsync(cluster.Smtp(3), 2));
            await ThirdSiloHasItsShareAsync(cluster, client, running);
        }
        finally
        {
            await stop.CancelAsync();
        }

        // A session that dropped, or was answered anything but OK, fails here.
        await Task.WhenAll(running);
        foreach (var session in sessions)
        {
            await session.HoldsAsync(accepted.GetValueOrDefault(session.Address), FiledLimit);
            session.Dispose();
        }

        output.WriteLine($"{accepted.Values.Sum()} messages accepted by three edges, each in its mailbox once; {sessions.Count} sessions, none dropped");
        await client.StopAsync();
    }

    private static string Address(int number) => $"grow{number}@example.test";

    private static async Task ImportAsync(LocalCluster cluster)
    {
        using var admin = cluster.Admin();
        var csv = string.Concat(Enumerable.Range(0, Mailboxes).Select(i => $"{Address(i)},mailcloud\n"));
        using var answer = await admin.PostAsync(new Uri("/admin/v1/accounts/import", UriKind.Relative), new StringContent(csv, Encoding.UTF8, "text/csv"));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.DoesNotContain("error", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>Sends message after message on one connection, to the mailboxes in turn, until the end of the load.</summary>
    private async Task SendAsync(int port, int first)
    {
        using var smtp = await RawConnection.OpenSmtpAsync(port);
        for (var i = first; !stop.IsCancellationRequested; i += 3)
        {
            var address = Address(i % Mailboxes);
            await smtp.CommandAsync("MAIL FROM:<sender@elsewhere.example>", "250");
            await smtp.CommandAsync($"RCPT TO:<{address}>", "250");
            await smtp.CommandAsync("DATA", "354");
            await smtp.CommandAsync($"From: <sender@elsewhere.example>\r\nSubject: {port} {i}\r\n\r\nhello\r\n.", "250");
            accepted.AddOrUpdate(address, 1, (_, count) => count + 1);
            await Task.Delay(Pace);
        }
    }

    /// <summary>Returns when the third silo has at least half of what would be even, mailboxes among it.</summary>
    private async Task ThirdSiloHasItsShareAsync(LocalCluster cluster, IHost client, List<Task> running)
    {
        var management = client.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0);
        var third = 11113 + cluster.Offset;
        using var limit = new CancellationTokenSource(ShareLimit);
        while (true)
        {
            // What failed already makes no wait longer.
            await Task.WhenAll(running.Where(task => task.IsCompleted));
            var active = await management.GetSimpleGrainStatistics();
            var there = active.Where(grains => grains.SiloAddress.Endpoint.Port == third).ToList();
            var mailboxes = there.Where(grains => grains.GrainType.Contains("MailboxGrain", StringComparison.Ordinal)).Sum(grains => grains.ActivationCount);
            var (share, all) = (there.Sum(grains => grains.ActivationCount), active.Sum(grains => grains.ActivationCount));
            if (mailboxes > 0 && share * 6 >= all)
            {
                output.WriteLine($"the third silo has {share} of {all} activations, {mailboxes} of {Mailboxes} mailboxes");
                return;
            }

            Assert.False(limit.IsCancellationRequested, $"the third silo has {share} of {all} activations: {Spread(active)}");
            await Task.Delay(TimeSpan.FromSeconds(1));
        }
    }

    /// <summary>Each type of grain, with its activations on each silo.</summary>
    private static string Spread(SimpleGrainStatistic[] active) =>
        string.Join("; ", active.GroupBy(grains => grains.GrainType).Select(type =>
            $"{type.Key.Split(',')[0].Split('.')[^1]} {string.Join('/', type.OrderBy(grains => grains.SiloAddress.Endpoint.Port).Select(grains => $"{grains.SiloAddress.Endpoint.Port}={grains.ActivationCount}"))}"));

    private static IHost Client(LocalCluster cluster)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection([new("Cluster:Redis", $"127.0.0.1:{6379 + cluster.Offset}")]);
        builder.AddClusterClient();
        return builder.Build();
    }

    /// <summary>An IMAP session that stays, and asks for news again and again.</summary>
    private sealed class Session(ImapWire wire, string address) : IDisposable
    {
        private int exists;

        public string Address => address;

        public static async Task<Session> OpenAsync(int port, string address)
        {
            var session = new Session(await ImapWire.OpenAsync(port, address, "mailcloud", CancellationToken.None), address);
            await session.SendAsync("SELECT INBOX");
            return session;
        }

        public async Task UseAsync(CancellationToken end)
        {
            while (!end.IsCancellationRequested)
            {
                await SendAsync("NOOP");
                await Task.Delay(12 * Pace, CancellationToken.None);
            }
        }

        /// <summary>Asks until the folder has as many messages as it must, no more, each with a UID of its own.</summary>
        public async Task HoldsAsync(int messages, TimeSpan within)
        {
            using var limit = new CancellationTokenSource(within);
            while (exists < messages && !limit.IsCancellationRequested)
            {
                await SendAsync("NOOP");
            }

            var found = await SendAsync("UID SEARCH ALL");
            var uids = Assert.Single(found.Untagged, response => response.StartsWith("SEARCH", StringComparison.Ordinal)).Split(' ')[1..];
            Assert.Equal(messages, uids.Distinct().Count());
            Assert.Equal(messages, exists);
        }

        public void Dispose() => wire.Dispose();

        private async Task<ImapAnswer> SendAsync(string command)
        {
            var answer = await wire.SendAsync(command, CancellationToken.None);
            Assert.True(answer.Ok, $"{address}: {command} was answered {answer.Status} {answer.Text}");
            foreach (var response in answer.Untagged.Where(response => response.EndsWith(" EXISTS", StringComparison.Ordinal)))
            {
                exists = int.Parse(response.AsSpan(0, response.IndexOf(' ', StringComparison.Ordinal)), CultureInfo.InvariantCulture);
            }

            return answer;
        }
    }
}
