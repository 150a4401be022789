using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using MailCloud.Benchmarks.Imap;
using MailCloud.Benchmarks.RelayLimits;
using MailCloud.Benchmarks.Servers;

namespace MailCloud.Benchmarks.Push;

/// <summary>
/// AllInOne with an event source, a WebSocket and an idling IMAP session of each of many accounts: memory and processor of the waiting, and the time from a change to each client that hears of it. A change
/// counts from its answer (250, OK, 200), which a client may hear of before who made it: that is no time.
/// </summary>
internal sealed class PushBenchmark(int accounts, int changes, TimeSpan idle, int portOffset, string data)
{
    private const string Password = "mailcloud";

    /// <summary>Between two changes of an account: more than the pace of its events.</summary>
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(150);

    private static readonly TimeSpan settle = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan patience = TimeSpan.FromSeconds(30);

    private readonly int httpPort = 8080 + portOffset;
    private readonly Dictionary<string, List<double>> times = [];

    /// <returns>The exit code: 0, as a change that nobody hears of ends the run by an exception.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (Directory.Exists(data))
        {
            Directory.Delete(data, recursive: true);
        }

        var busy = Machine.LoadAverage;
        var folder = Directory.CreateDirectory(Path.Combine(data, "server")).FullName;
        await using var server = await MailCloudServer.StartAsync(folder, accounts, cancellationToken, portOffset, ["--Web:MaxConnections=2000"]);
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 2 * accounts }) { BaseAddress = new($"http://127.0.0.1:{httpPort}"), Timeout = Timeout.InfiniteTimeSpan };
        await WarmUpAsync(server, http, cancellationToken);

        Console.WriteLine($"{Machine.Describe()}. {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC; load average before {busy:F1}.");
        var quiet = await IdleAsync(server, cancellationToken);
        Say("with no client", quiet);
        var events = await OpenAsync(user => Listener.OpenEventSourceAsync(http, Of(user), cancellationToken));
        var sockets = await OpenAsync(user => Listener.OpenWebSocketAsync(httpPort, Of(user), cancellationToken));
        var waiting = await IdleAsync(server, cancellationToken);
        Say($"with {accounts} event sources and {accounts} WebSockets", waiting);
        Console.WriteLine($"each connection: {(waiting.Bytes - quiet.Bytes) / 1000.0 / (2 * accounts):F1} kB");
        var sessions = await OpenAsync(user => Listener.OpenImapAsync(server.Imap.Port, AddressOf(user), Password, cancellationToken));

        await ByImapAsync(server, events, sockets, sessions, cancellationToken);
        await BySmtpAsync(server, events, sockets, sessions, cancellationToken);
        await ByJmapAsync(http, events, sockets, cancellationToken);
        Console.WriteLine("| from | to | p50 ms | p99 ms | longest ms |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach (var (name, all) in times)
        {
            all.Sort();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {name} | {all[all.Count / 2]:F1} | {all[(int)(0.99 * (all.Count - 1))]:F1} | {all[^1]:F1} |"));
        }

        Array.ForEach([.. events, .. sockets, .. sessions], listener => listener.Dispose());
        return 0;
    }

    // What the first connections make for all is not counted; and each INBOX has a message.
    private async Task WarmUpAsync(MailCloudServer server, HttpClient http, CancellationToken cancellationToken)
    {
        for (var user = 0; user < accounts; user++)
        {
            using var imap = ImapConnection.Open(server.Imap, tls: false);
            imap.LogIn(user);
            imap.Append("INBOX", SampleMail.Plain(user, 1000));
        }

        var first = await OpenAsync(user => user % 2 == 0 ? Listener.OpenEventSourceAsync(http, Of(user), cancellationToken) : Listener.OpenWebSocketAsync(httpPort, Of(user), cancellationToken));
        Array.ForEach(first, listener => listener.Dispose());
    }

    private async Task ByImapAsync(MailCloudServer server, Listener[] events, Listener[] sockets, Listener[] sessions, CancellationToken cancellationToken)
    {
        for (var i = 0; i < changes; i++)
        {
            var user = i % accounts;
            using var imap = ImapConnection.Open(server.Imap, tls: false);
            imap.LogIn(user);
            imap.Select("INBOX");
            await MeasureAsync("IMAP STORE", (events[user], sockets[user], sessions[user]), () =>
            {
                imap.Command($"STORE 1 {(i / accounts % 2 == 0 ? "+" : "-")}FLAGS (\\Flagged)");
                return Task.CompletedTask;
            });
            await Task.Delay(pause, cancellationToken);
        }
    }

    private async Task BySmtpAsync(MailCloudServer server, Listener[] events, Listener[] sockets, Listener[] sessions, CancellationToken cancellationToken)
    {
        await using var smtp = await SmtpDialog.OpenAsync(server.Smtp.Port, cancellationToken);
        for (var i = 0; i < changes; i++)
        {
            var user = i % accounts;
            await MeasureAsync("SMTP, mail accepted", (events[user], sockets[user], sessions[user]), () =>
                smtp.SendAsync("sender@far.example", AddressOf(user), $"Subject: {i}\r\nMessage-ID: <push-{i}@far.example>\r\n\r\ntext", cancellationToken));
            await Task.Delay(pause, cancellationToken);
        }
    }

    private async Task ByJmapAsync(HttpClient http, Listener[] events, Listener[] sockets, CancellationToken cancellationToken)
    {
        for (var i = 0; i < changes; i++)
        {
            var user = i % accounts;
            var account = await AccountAsync(http, user, cancellationToken);
            await MeasureAsync("JMAP Mailbox/set", (events[user], sockets[user], null), async () =>
            {
                var calls = new object[] { new object[] { "Mailbox/set", new Dictionary<string, object> { ["accountId"] = account, ["create"] = new { k = new { name = $"f{i}" } } }, "c" } };
                using var request = new HttpRequestMessage(HttpMethod.Post, "/jmap/api") { Headers = { Authorization = Of(user) } };
                request.Content = JsonContent.Create(new Dictionary<string, object> { ["using"] = new[] { "urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail" }, ["methodCalls"] = calls });
                using var response = await http.SendAsync(request, cancellationToken);
                var text = await response.Content.ReadAsStringAsync(cancellationToken);
                if (!text.Contains("\"created\":{", StringComparison.Ordinal))
                {
                    throw new UnexpectedAnswerException(text);
                }
            });
            await Task.Delay(pause, cancellationToken);
        }
    }

    private async Task MeasureAsync(string change, (Listener Events, Listener Socket, Listener? Imap) to, Func<Task> act)
    {
        var waits = new List<(string Name, Task<long> Arrival)> { ("event source", to.Events.NextAsync()), ("WebSocket", to.Socket.NextAsync()) };
        if (to.Imap is not null)
        {
            waits.Add(("IMAP IDLE", to.Imap.NextAsync()));
        }

        await act();
        var done = Stopwatch.GetTimestamp();
        foreach (var (name, arrival) in waits)
        {
            var time = Stopwatch.GetElapsedTime(done, await arrival.WaitAsync(patience)).TotalMilliseconds;
            (times.TryGetValue($"{change} | {name}", out var all) ? all : times[$"{change} | {name}"] = []).Add(Math.Max(0, time));
        }
    }

    private async Task<(long Bytes, double Share)> IdleAsync(MailCloudServer server, CancellationToken cancellationToken)
    {
        await Task.Delay(settle, cancellationToken);
        var (cpu, started) = (server.Processes.Usage().CpuSeconds, Stopwatch.GetTimestamp());
        await Task.Delay(idle, cancellationToken);
        return (server.Processes.Memory(), (server.Processes.Usage().CpuSeconds - cpu) / Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private void Say(string when, (long Bytes, double Share) now) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{when}: {now.Bytes / 1e6:F0} MB of memory, {now.Share:P1} of a processor over {idle.TotalSeconds:F0} s"));

    private async Task<Listener[]> OpenAsync(Func<int, Task<Listener>> open)
    {
        var all = new Listener[accounts];
        await Parallel.ForEachAsync(Enumerable.Range(0, accounts), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (user, _) => all[user] = await open(user));
        return all;
    }

    private static async Task<string> AccountAsync(HttpClient http, int user, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/jmap/session") { Headers = { Authorization = Of(user) } };
        using var response = await http.SendAsync(request, cancellationToken);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
        return json.RootElement.GetProperty("accounts").EnumerateObject().Single().Name;
    }

    private static string AddressOf(int user) => $"user{user}@example.test";

    private static AuthenticationHeaderValue Of(int user) => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{AddressOf(user)}:{Password}")));
}
