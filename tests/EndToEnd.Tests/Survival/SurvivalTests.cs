using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Net.Pop3;
using MailKit.Security;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Survival;

/// <summary>
/// Sessions outlast the loss of a silo: the edge keeps them, and what they asked for is answered after a pause. The pauses are printed. And what sessions of an edge see when it ends in order.
/// </summary>
[Collection(ClusterCollection.Name)]
public sealed class SurvivalTests(SurvivalTests.RunningCluster running, ITestOutputHelper output) : IClassFixture<SurvivalTests.RunningCluster>, IDisposable
{
    private const string Reader = "carol@example.test";
    private const string Listener = "dave@example.test";
    private const string Worker = "erin@example.test";

    private readonly CancellationTokenSource limit = new(TimeSpan.FromMinutes(8));
    private readonly LocalCluster cluster = running.Cluster;

    public void Dispose() => limit.Dispose();

    [Fact]
    public async Task No_session_of_an_edge_breaks_when_silos_die_or_end()
    {
        await ImportAsync(Reader, Listener, Worker);
        await DeliverAsync(Reader, "first", "second", "third");
        using var worker = new ImapWorker(Worker);
        using var reader = new MaildropReader(Reader);
        using var sender = new MailSender(Listener);
        using var listener = new IdleListener();
        await listener.StartAsync(cluster.Imap(edge: 1), Listener);
        await worker.StartAsync(cluster.Imap(edge: 2));
        await reader.StartAsync(cluster.Pop3(edge: 1));
        await sender.StartAsync(cluster.Smtp(edge: 1));
        SteadyClient[] clients = [worker, reader, sender];

        foreach (var (silo, signal) in new[]
        {
            ("mailboxes-1", PosixSignalNumber.Kill), ("mailboxes-2", PosixSignalNumber.Kill), ("mailboxes-1", PosixSignalNumber.Terminate), ("mailboxes-2", PosixSignalNumber.Terminate),
        })
        {
            await RoundAsync(silo, signal, clients, sender, listener);
        }

        foreach (var client in clients)
        {
            await client.StopAsync().WaitAsync(limit.Token);
        }

        await ToldOfAllAsync(sender, listener);
        await listener.StopAsync().WaitAsync(limit.Token);
        await EachIsThereOnceAsync(Listener, "INBOX", sender.Accepted.Select(message => message.Subject), flagged: false);
        await EachIsThereOnceAsync(Worker, "INBOX", worker.Moved.Where(message => !message.Value).Select(message => message.Key), flagged: true);
        await EachIsThereOnceAsync(Worker, "Done", worker.Moved.Where(message => message.Value).Select(message => message.Key), flagged: true);
        Assert.Equal("+OK Goodbye, 1 messages removed", await reader.RemoveAsync().WaitAsync(limit.Token));
        Assert.Equal(2, await MaildropAsync(Reader));
        output.WriteLine($"{sender.Accepted.Count} messages accepted, {worker.Moved.Count} appended and flagged, {reader.Done} read by POP3: none lost, none doubled, no session broken");
    }

    [Fact]
    public async Task An_SMTP_edge_that_is_told_to_end_finishes_what_runs()
    {
        using var idle = await RawConnection.OpenSmtpAsync(cluster.Smtp(edge: 2));
        using var busy = await RawConnection.OpenSmtpAsync(cluster.Smtp(edge: 2));
        var subject = Guid.NewGuid().ToString("N");
        await busy.CommandAsync("MAIL FROM:<sender@steady.example>", "250");
        var process = cluster.Signal("smtp-ingress-2", PosixSignalNumber.Terminate);
        await RefusedAsync(cluster.Smtp(edge: 2));
        Assert.StartsWith("421 4.3.2", await idle.LineAsync().WaitAsync(limit.Token), StringComparison.Ordinal);
        await busy.CommandAsync("RCPT TO:<alice@example.test>", "250").WaitAsync(limit.Token);
        await busy.CommandAsync("DATA", "354").WaitAsync(limit.Token);
        await busy.CommandAsync($"Subject: {subject}\r\n\r\ntext\r\n.", "250").WaitAsync(limit.Token);
        await busy.ExpectAsync("421").WaitAsync(limit.Token);

        Assert.Equal(0, await cluster.EndedAsync("smtp-ingress-2", process, limit.Token));
        await cluster.ReadyAsync("smtp-ingress-2", limit.Token);
        await UntilThereAsync("alice@example.test", subject);
    }

    [Fact]
    public async Task An_IMAP_edge_that_is_told_to_end_says_goodbye_to_who_idles()
    {
        using var idle = await LogInAsync(cluster.Imap(edge: 2));
        await idle.SendAsync("i IDLE\r\n"u8.ToArray());
        Assert.Equal("+ idling", await idle.LineAsync());
        using var busy = await LogInAsync(cluster.Imap(edge: 2));
        await busy.SendAsync("a APPEND INBOX {5}\r\n"u8.ToArray());
        Assert.StartsWith("+ ", await busy.LineAsync(), StringComparison.Ordinal);

        var process = cluster.Signal("mailbox-access-2", PosixSignalNumber.Terminate);
        var clock = Stopwatch.StartNew();
        await RefusedAsync(cluster.Imap(edge: 2));
        Assert.StartsWith("* BYE ", await idle.LineAsync().WaitAsync(limit.Token), StringComparison.Ordinal);
        output.WriteLine($"BYE after {clock.Elapsed.TotalSeconds:0.0} s");
        await Assert.ThrowsAsync<EndOfStreamException>(() => idle.LineAsync().WaitAsync(limit.Token));
        await busy.SendAsync("Hello\r\n"u8.ToArray());
        Assert.StartsWith("a OK [APPENDUID ", await busy.TaggedAsync("a").WaitAsync(limit.Token), StringComparison.Ordinal);
        Assert.StartsWith("* BYE ", await busy.LineAsync().WaitAsync(limit.Token), StringComparison.Ordinal);

        Assert.Equal(0, await cluster.EndedAsync("mailbox-access-2", process, limit.Token));
        await cluster.ReadyAsync("mailbox-access-2", limit.Token);
    }

    [Fact]
    public async Task A_delivery_worker_that_is_told_to_end_leaves_nothing_behind()
    {
        var subjects = Enumerable.Range(0, 50).Select(_ => Guid.NewGuid().ToString("N")).ToArray();
        var sending = DeliverAsync("bob@example.test", subjects);
        var process = cluster.Signal("local-delivery-1", PosixSignalNumber.Terminate);
        await sending;
        Assert.Equal(0, await cluster.EndedAsync("local-delivery-1", process, limit.Token));
        await cluster.ReadyAsync("local-delivery-1", limit.Token);
        await EachIsThereOnceAsync("bob@example.test", "INBOX", subjects, flagged: false);
    }

    /// <summary>One silo goes and comes back while all work; what each waited at the most.</summary>
    private async Task RoundAsync(string silo, PosixSignalNumber signal, SteadyClient[] clients, MailSender sender, IdleListener listener)
    {
        await EachDoesMoreAsync(clients, listener, pieces: 5);
        foreach (var client in clients)
        {
            client.TakeLongest();
        }

        var before = sender.Accepted.Count;
        var process = cluster.Signal(silo, signal);
        Assert.Equal(signal == PosixSignalNumber.Kill ? 137 : 0, await cluster.EndedAsync(silo, process, limit.Token));
        await cluster.ReadyAsync(silo, limit.Token);
        await EachDoesMoreAsync(clients, listener, pieces: 10);
        await ToldOfAllAsync(sender, listener);
        var (accepted, told) = (sender.Accepted, listener.ToldAt);
        var untilTold = Enumerable.Range(before, Math.Min(accepted.Count, told.Count) - before).Max(i => Stopwatch.GetElapsedTime(accepted[i].At, told[i]));
        var waits = clients.Select(client => $"{client.Name} {client.TakeLongest().TotalSeconds:0.0} s").Append($"IDLE, from 250 to EXISTS {untilTold.TotalSeconds:0.0} s");
        output.WriteLine($"{signal} {silo}: longest waits: {string.Join(", ", waits)}");
    }

    /// <summary>Waits until each client has done so much more; fails with the first that failed.</summary>
    private async Task EachDoesMoreAsync(SteadyClient[] clients, IdleListener listener, int pieces)
    {
        var goals = clients.Select(client => (client, client.Done + pieces)).ToArray();
        foreach (var (client, goal) in goals)
        {
            while (client.Done < goal)
            {
                await UnlessBrokenAsync([.. clients.Select(c => c.Running), listener.Running]);
            }
        }
    }

    private async Task ToldOfAllAsync(MailSender sender, IdleListener listener)
    {
        var messages = sender.Accepted.Count;
        while (listener.ToldAt.Count < messages)
        {
            await UnlessBrokenAsync([sender.Running, listener.Running]);
        }
    }

    private async Task UnlessBrokenAsync(Task[] running)
    {
        if (running.FirstOrDefault(task => task.IsFaulted) is { } broken)
        {
            await broken;
        }

        await Task.Delay(20, limit.Token);
    }

    private async Task RefusedAsync(int port)
    {
        while (true)
        {
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync("127.0.0.1", port, limit.Token);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
            {
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
            {
                // The listener was closed over this one.
            }
        }
    }

    private static async Task<RawConnection> LogInAsync(int port)
    {
        var session = await RawConnection.OpenAsync(port);
        await session.LineAsync();
        await session.ImapAsync("LOGIN alice@example.test mailcloud");
        await session.ImapAsync("SELECT INBOX");
        return session;
    }

    private async Task ImportAsync(params string[] addresses)
    {
        using var admin = cluster.Admin();
        using var content = new StringContent(string.Concat(addresses.Select(address => $"{address},mailcloud\n")), Encoding.UTF8, "text/csv");
        using var response = await admin.PostAsync(new Uri("/admin/v1/accounts/import", UriKind.Relative), content, limit.Token);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(limit.Token));
    }

    /// <summary>Sends messages through the first edge and returns when all are in the mailbox.</summary>
    private async Task DeliverAsync(string recipient, params string[] subjects)
    {
        using var session = await RawConnection.OpenSmtpAsync(cluster.Smtp(edge: 1));
        foreach (var subject in subjects)
        {
            await session.CommandAsync("MAIL FROM:<sender@steady.example>", "250").WaitAsync(limit.Token);
            await session.CommandAsync($"RCPT TO:<{recipient}>", "250").WaitAsync(limit.Token);
            await session.CommandAsync("DATA", "354").WaitAsync(limit.Token);
            await session.CommandAsync($"Subject: {subject}\r\n\r\ntext\r\n.", "250").WaitAsync(limit.Token);
            await UntilThereAsync(recipient, subject);
        }
    }

    private async Task<ImapClient> OpenAsync(string user, string folder)
    {
        var client = new ImapClient();
        await client.ConnectAsync("127.0.0.1", cluster.Imap(edge: 1), SecureSocketOptions.None, limit.Token);
        await client.AuthenticateAsync(user, "mailcloud", limit.Token);
        await (await client.GetFolderAsync(folder, limit.Token)).OpenAsync(FolderAccess.ReadOnly, limit.Token);
        return client;
    }

    private async Task UntilThereAsync(string user, string subject)
    {
        using var client = await OpenAsync(user, "INBOX");
        var inbox = await client.GetFolderAsync("INBOX", limit.Token);
        while ((await inbox.SearchAsync(MailKit.Search.SearchQuery.SubjectContains(subject), limit.Token)).Count == 0)
        {
            await client.NoOpAsync(limit.Token);
        }
    }

    /// <summary>Of messages with such subjects (others may be there too) each is in the folder once.</summary>
    private async Task EachIsThereOnceAsync(string user, string folder, IEnumerable<string> subjects, bool flagged)
    {
        using var client = await OpenAsync(user, folder);
        var opened = await client.GetFolderAsync(folder, limit.Token);
        var there = await opened.FetchAsync(0, -1, MessageSummaryItems.Envelope | MessageSummaryItems.Flags, limit.Token);
        var times = there.GroupBy(message => message.Envelope!.Subject ?? "").ToDictionary(group => group.Key, group => group.ToArray());
        var wrong = subjects.Where(subject => !times.TryGetValue(subject, out var found) || found.Length != 1 || (flagged && !found[0].Flags!.Value.HasFlag(MessageFlags.Flagged))).ToList();
        Assert.True(wrong.Count == 0, string.Create(CultureInfo.InvariantCulture, $"{wrong.Count} messages of {folder} are not there exactly once as they were left: {string.Join(' ', wrong)}"));
    }

    private async Task<int> MaildropAsync(string user)
    {
        using var client = new Pop3Client();
        await client.ConnectAsync("127.0.0.1", cluster.Pop3(edge: 1), SecureSocketOptions.None, limit.Token);
        await client.AuthenticateAsync(user, "mailcloud", limit.Token);
        return client.Count;
    }

    /// <summary>The cluster of all tests here.</summary>
    public sealed class RunningCluster : IAsyncLifetime
    {
        internal LocalCluster Cluster { get; private set; } = null!;

        public async Task InitializeAsync() => Cluster = await LocalCluster.StartAsync(offset: 15_000);

        public Task DisposeAsync() => Cluster.DisposeAsync().AsTask();
    }
}
