using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using MailCloud.Messages;
using MailCloud.Web.Jmap;
using MailCloud.Web.Jmap.Push;
using MailCloud.Web.Jmap.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Web.Tests.Jmap.Push;

/// <summary>Clients that take what is written to them slowly, or not at all: over connections on which a write waits for its reader.</summary>
[Collection(nameof(WebServer))]
public sealed class SlowClientTests(WebServer server)
{
    /// <summary>Octets of an answer that are written at a time.</summary>
    private const int Frame = 16 * 1024;

    /// <summary>Of <see cref="PushOptions.WriteTimeout"/>.</summary>
    private static readonly TimeSpan limit = TimeSpan.FromSeconds(30);

    /// <summary>Where no write is to be given up.</summary>
    private static readonly TimeSpan noLimit = TimeSpan.FromDays(10);

    private static readonly TimeSpan patience = TimeSpan.FromSeconds(60);

    private readonly FakeTimeProvider time = new(DateTimeOffset.UtcNow);

    [Fact]
    public async Task What_an_event_source_has_not_taken_becomes_one_event()
    {
        var account = await WatchedAccount.MakeAsync(server, "slow-one");
        await using var source = Listen(account, noLimit);
        await source.ReadAsync();
        for (var i = 0; i < 20; i++)
        {
            await account.MakeFolderAsync($"f{i}");
        }

        // All of it is known here, while the first event waits for its reader.
        var last = await account.StateAsync();
        await UntilAsync(() => $"{source.Feed.Current.States!.ModSeq}" == last);
        var told = new List<string>();
        while (told.LastOrDefault() != last)
        {
            told.Add(StateOf(await source.ReadAsync(() => time.Advance(TimeSpan.FromMilliseconds(100))), account));
        }

        Assert.InRange(told.Count, 1, 2);
    }

    [Fact]
    public async Task An_event_source_that_takes_nothing_is_given_up()
    {
        var account = await WatchedAccount.MakeAsync(server, "slow-two");
        await using var source = Listen(account, limit);
        await source.ReadAsync();
        await account.FileAsync();
        await UntilAsync(() =>
        {
            time.Advance(limit);
            return source.Telling.IsCompleted;
        });
        await Assert.ThrowsAsync<TimeoutException>(() => source.Telling);
    }

    [Fact]
    public async Task Silence_is_broken_also_where_no_ping_was_asked_for()
    {
        var account = await WatchedAccount.MakeAsync(server, "slow-three");
        await using var source = Listen(account, noLimit);
        Assert.StartsWith("id: ", await source.ReadAsync(), StringComparison.Ordinal);

        // Of whoever is gone nothing else would tell. A line that begins with a colon is no event.
        Assert.Equal(":\n\n", await source.ReadAsync(() => time.Advance(TimeSpan.FromSeconds(300))));
    }

    [Fact]
    public async Task A_long_answer_may_take_long_as_long_as_the_client_takes_some_of_it()
    {
        const int Length = 20 * Frame;
        var account = await WatchedAccount.MakeAsync(server, "slow-four");
        await using var socket = new Socket(server, account, new(), time);

        // At each frame the time stands at less than half of the limit, and at the end far beyond it.
        await EchoAsync(socket.Client, Length);
        Assert.InRange((await socket.ReadAsync(() => time.Advance(limit * 0.4))).Length, Length, Length + Frame);

        // Whoever takes nothing is given up all the same.
        await EchoAsync(socket.Client, Length);
        await UntilAsync(() =>
        {
            time.Advance(limit);
            return socket.Running.IsCompleted;
        });
        await Assert.ThrowsAsync<TimeoutException>(() => socket.Running);
    }

    [Fact]
    public async Task No_answer_takes_longer_than_an_hour()
    {
        // 12 s for each frame.
        const int Length = 320 * Frame;
        var account = await WatchedAccount.MakeAsync(server, "slow-five");
        await using var socket = new Socket(server, account, new(), time);
        await EchoAsync(socket.Client, Length);
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ReadAsync(() => time.Advance(limit * 0.4)));
        await Assert.ThrowsAsync<TimeoutException>(() => socket.Running.WaitAsync(patience));
    }

    [Fact]
    public async Task An_answer_that_is_not_taken_does_not_outlast_the_session()
    {
        var account = await WatchedAccount.MakeAsync(server, "slow-six");
        await using var socket = new Socket(server, account, new(), time);
        await EchoAsync(socket.Client, 20 * Frame);
        Assert.False((await socket.Client.ReceiveAsync(new byte[Frame], CancellationToken.None).WaitAsync(patience)).EndOfMessage);

        // Its time stands still.
        await socket.EndAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => socket.Running);
    }

    [Fact]
    public async Task Answers_that_are_not_taken_count_for_all_sockets_of_the_account()
    {
        var (account, other) = (await WatchedAccount.MakeAsync(server, "slow-seven"), await WatchedAccount.MakeAsync(server, "slow-eight"));
        var (turns, most) = (new RequestTurns(), server.Services.GetRequiredService<JmapOptions>().MaxConcurrentRequests);
        await using var first = new Socket(server, account, turns, time);
        await using var second = new Socket(server, account, turns, time);
        await using var third = new Socket(server, other, turns, time);
        for (var i = 0; i < most; i++)
        {
            await EchoAsync(first.Client, Frame);
        }

        await UntilAsync(() => !HasRoom());
        await EchoAsync(second.Client, 1);
        Assert.Contains("maxConcurrentRequests", await second.ReadAsync(), StringComparison.Ordinal);
        await EchoAsync(third.Client, 1);
        Assert.Contains("methodResponses", await third.ReadAsync(), StringComparison.Ordinal);
        await first.ReadAsync();
        await UntilAsync(HasRoom);
        await EchoAsync(second.Client, 1);
        Assert.Contains("methodResponses", await second.ReadAsync(), StringComparison.Ordinal);

        bool HasRoom()
        {
            using var turn = turns.TryEnter(account.Id, "answer", most);
            return turn is not null;
        }
    }

    private static Task EchoAsync(WebSocket client, int length) => client.SendAsync(
        Encoding.UTF8.GetBytes(new JsonObject
        {
            ["@type"] = "Request",
            ["using"] = new JsonArray(JmapClient.Core),
            ["methodCalls"] = new JsonArray(new JsonArray("Core/echo", new JsonObject { ["text"] = new string('x', length) }, "c")),
        }.ToJsonString()),
        WebSocketMessageType.Text,
        endOfMessage: true,
        CancellationToken.None).WaitAsync(patience);

    private static JmapUser UserOf(WatchedAccount account) => new(account.Id, new(account.Client.Address.Split('@')[0], "example.test"), account.Id.Tenant, IsReadOnly: false);

    private static string StateOf(string block, WatchedAccount account)
    {
        var data = block.Split('\n').Single(line => line.StartsWith("data: ", StringComparison.Ordinal))["data: ".Length..];
        return (string)JsonNode.Parse(data)!["changed"]![account.Client.Account]!["Email"]!;
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var end = new CancellationTokenSource(patience);
        while (!condition())
        {
            await Task.Yield();
            end.Token.ThrowIfCancellationRequested();
        }
    }

    private Source Listen(WatchedAccount account, TimeSpan writeTimeout) => new(server.Services.GetRequiredService<AccountFeeds>(), account, writeTimeout, time);

    /// <summary>A WebSocket whose client reads when it is told to.</summary>
    private sealed class Socket : IAsyncDisposable
    {
        private readonly CancellationTokenSource end = new();
        private readonly AccountFeeds feeds;
        private readonly AccountFeed feed;
        private readonly WebSocket ours;
        private readonly SocketSession session;

        public Socket(WebServer server, WatchedAccount account, RequestTurns turns, TimeProvider time)
        {
            var (one, other) = PipeStream.MakePair();
            ours = WebSocket.CreateFromStream(one, isServer: true, "jmap", Timeout.InfiniteTimeSpan);
            Client = WebSocket.CreateFromStream(other, isServer: false, "jmap", Timeout.InfiniteTimeSpan);
            var options = server.Services.GetRequiredService<JmapOptions>();
            feeds = server.Services.GetRequiredService<AccountFeeds>();
            feed = feeds.Enter(account.Id);
            session = new(
                ours, UserOf(account), server.Services.GetRequiredService<RequestRunner>(), turns, new(), feed, options with { Push = options.Push with { WriteTimeout = limit } }, time);
            Running = session.RunAsync(end.Token);
        }

        public WebSocket Client { get; }

        public Task Running { get; }

        /// <summary>The rest of the message.</summary>
        /// <param name="afterFrame">Called when as much as a frame has come.</param>
        public async Task<string> ReadAsync(Action? afterFrame = null)
        {
            var (buffer, text, frames) = (new byte[Frame], new StringBuilder(), 0);
            while (true)
            {
                var read = await Client.ReceiveAsync(buffer, CancellationToken.None).WaitAsync(patience);
                text.Append(Encoding.ASCII.GetString(buffer, 0, read.Count));
                for (; frames < text.Length / Frame; frames++)
                {
                    afterFrame?.Invoke();
                }

                if (read.EndOfMessage)
                {
                    return text.ToString();
                }
            }
        }

        /// <summary>As when its credential is revoked.</summary>
        public async Task EndAsync()
        {
            await end.CancelAsync();
            await session.DisposeAsync().AsTask().WaitAsync(patience);
        }

        public async ValueTask DisposeAsync()
        {
            if (!end.IsCancellationRequested)
            {
                await EndAsync();
            }

            feeds.Leave(feed);
            await Running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ours.Dispose();
            Client.Dispose();
            end.Dispose();
        }
    }

    /// <summary>An event source whose client reads when it is told to.</summary>
    private sealed class Source : IAsyncDisposable
    {
        private readonly CancellationTokenSource end = new();
        private readonly AccountFeeds feeds;
        private readonly Stream client;

        public Source(AccountFeeds feeds, WatchedAccount account, TimeSpan limit, TimeProvider time)
        {
            this.feeds = feeds;
            Feed = feeds.Enter(account.Id);
            (var ours, client) = PipeStream.MakePair();
            var context = new DefaultHttpContext();
            context.Request.QueryString = new("?types=*&closeafter=no&ping=0");
            context.Response.Body = ours;
            Assert.True(EventSource.Request.TryRead(context.Request, out var request));
            Telling = EventSource.TellAsync(context.Response, new(Feed, account.Client.Account, null, time), request, limit, time, end.Token);
        }

        public AccountFeed Feed { get; }

        public Task Telling { get; }

        /// <summary>The next block, up to its empty line.</summary>
        /// <param name="whileWaiting">Called as long as there is none.</param>
        public async Task<string> ReadAsync(Action? whileWaiting = null)
        {
            var text = new StringBuilder();
            var buffer = new byte[4096];
            while (!text.ToString().EndsWith("\n\n", StringComparison.Ordinal))
            {
                var read = client.ReadAsync(buffer).AsTask();
                await UntilAsync(() =>
                {
                    if (!read.IsCompleted)
                    {
                        whileWaiting?.Invoke();
                    }

                    return read.IsCompleted;
                });
                text.Append(Encoding.UTF8.GetString(buffer, 0, await read));
            }

            return text.ToString();
        }

        public async ValueTask DisposeAsync()
        {
            await end.CancelAsync();
            await Telling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            feeds.Leave(Feed);
            end.Dispose();
            client.Dispose();
        }
    }
}
