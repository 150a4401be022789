using System.Net;
using System.Net.WebSockets;
using MailCloud.Messages;
using MailCloud.Web.Jmap;
using MailCloud.Web.Jmap.Push;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Web.Tests.Jmap.Push;

/// <summary>What bounds connections that last: how many, how slow, how much at a time, and for how long who opened them may.</summary>
public sealed class PushLimitTests : IAsyncLifetime
{
    private const string All = "types=*&closeafter=no&ping=0";

    private readonly WebServer server = new()
    {
        Settings =
        [
            new("Web:Jmap:MaxSizeRequest", "1000000"),
            new("Web:Jmap:MaxConcurrentRequests", "1"),
            new("Web:Jmap:Push:MaxConnectionsPerAccount", "2"),
            new("Web:Jmap:Push:MaxConnectionsPerTenant", "3"),
            new("Web:Jmap:Push:MaxConnections", "4"),
            new("Web:Jmap:Push:WriteTimeout", "00:00:01"),
        ],
    };

    public Task InitializeAsync() => server.InitializeAsync();

    public Task DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task An_account_has_so_many_connections_of_both_kinds()
    {
        var (one, other) = (await WatchedAccount.MakeAsync(server, "one"), await WatchedAccount.MakeAsync(server, "other"));
        var first = await EventStream.OpenAsync(server, one.Password, All);
        using var second = await JmapSocket.OpenAsync(server, one.Password);
        await using (var third = await EventStream.OpenAsync(server, one.Password, All))
        {
            Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(60)), (third.Response.StatusCode, third.Response.Headers.RetryAfter!.Delta));
        }

        await using (var elsewhere = await EventStream.OpenAsync(server, other.Password, All))
        {
            Assert.Equal(HttpStatusCode.OK, elsewhere.Response.StatusCode);
        }

        // One that goes makes room.
        await first.DisposeAsync();
        await UntilAsync(async () =>
        {
            await using var again = await EventStream.OpenAsync(server, one.Password, All);
            return again.Response.StatusCode == HttpStatusCode.OK;
        });
    }

    [Fact]
    public async Task A_tenant_has_so_many_and_leaves_others_theirs_until_there_are_no_more()
    {
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", """{"id":"other"}""");
        await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/other/domains", """{"domain":"other.test"}""");
        var (one, two, three) = (await WatchedAccount.MakeAsync(server, "one"), await WatchedAccount.MakeAsync(server, "two"), await WatchedAccount.MakeAsync(server, "three"));
        var (elsewhere, last) = (await WatchedAccount.MakeAsync(server, "one@other.test"), await WatchedAccount.MakeAsync(server, "two@other.test"));
        await using var first = await EventStream.OpenAsync(server, one.Password, All);
        using var second = await JmapSocket.OpenAsync(server, one.Password);
        var third = await EventStream.OpenAsync(server, two.Password, All);

        // None of these has as many as an account may.
        Assert.Equal(HttpStatusCode.TooManyRequests, await TryAsync(two));
        Assert.Equal(HttpStatusCode.TooManyRequests, await TryAsync(three));
        await using (var others = await EventStream.OpenAsync(server, elsewhere.Password, All))
        {
            Assert.Equal(HttpStatusCode.OK, others.Response.StatusCode);
            Assert.Equal(HttpStatusCode.TooManyRequests, await TryAsync(last));
        }

        await third.DisposeAsync();
        await UntilAsync(async () => await TryAsync(three) == HttpStatusCode.OK);
        await UntilAsync(async () => await TryAsync(last) == HttpStatusCode.OK);
    }

    [Fact]
    public void Places_are_counted_by_account_tenant_and_process_and_each_is_given_back_once()
    {
        var places = new PushPlaces(new() { Push = new() { MaxConnectionsPerAccount = 2, MaxConnectionsPerTenant = 3, MaxConnections = 4 } });
        var (one, two, other, third) = (UserOf("demo/1"), UserOf("demo/2"), UserOf("other/1"), UserOf("third/1"));
        var first = places.TryEnter(one, "websocket")!;
        Assert.NotNull(places.TryEnter(one, "websocket"));
        Assert.Null(places.TryEnter(one, "websocket"));
        Assert.NotNull(places.TryEnter(two, "websocket"));
        Assert.Null(places.TryEnter(two, "websocket"));
        Assert.NotNull(places.TryEnter(other, "websocket"));
        Assert.Null(places.TryEnter(third, "websocket"));
        first.Dispose();
        first.Dispose();
        Assert.NotNull(places.TryEnter(third, "websocket"));
        Assert.Null(places.TryEnter(one, "websocket"));

        static JmapUser UserOf(string account) => new(new(account), new("one", "example.test"), new AccountId(account).Tenant, IsReadOnly: false);
    }

    [Fact]
    public async Task A_message_that_is_too_long_ends_the_socket()
    {
        var account = await WatchedAccount.MakeAsync(server, "long");
        using var socket = await JmapSocket.OpenAsync(server, account.Password);
        await socket.EchoAsync("R1", new('x', 1_000_001));
        Assert.Null(await socket.NextAsync());
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, socket.Socket.CloseStatus);
    }

    [Fact]
    public async Task Long_messages_of_an_account_are_read_so_many_at_a_time()
    {
        var (account, other) = (await WatchedAccount.MakeAsync(server, "half"), await WatchedAccount.MakeAsync(server, "whole"));
        using var first = await JmapSocket.OpenAsync(server, account.Password);
        using var second = await JmapSocket.OpenAsync(server, account.Password);
        using var third = await JmapSocket.OpenAsync(server, other.Password);
        var message = JmapSocket.EchoOf("R1", new('x', 100_000));
        await first.Socket.SendAsync(message.AsMemory(..50_000), WebSocketMessageType.Text, endOfMessage: false, CancellationToken.None);

        // It has the turn once nobody else gets it.
        Task<IDisposable> next = null!;
        await UntilAsync(async () =>
        {
            next = server.Services.GetRequiredService<KeyedTurns>().EnterAsync([($"socket of {account.Id.Value}", 1)], CancellationToken.None);
            if (next.IsCompleted)
            {
                (await next).Dispose();
            }

            return !next.IsCompleted;
        });

        // Until its end has come, the other of its account waits, and nobody else; nor do messages that come at once.
        await second.EchoAsync("R2", "short");
        Assert.Equal("R2", (string)(await second.NextAsync())!["requestId"]!);
        await second.EchoAsync("R3", new('x', 100_000));
        var waiting = second.NextAsync();
        await third.EchoAsync("R4", new('x', 100_000));
        Assert.Equal("R4", (string)(await third.NextAsync())!["requestId"]!);
        Assert.False(waiting.IsCompleted);
        await first.Socket.SendAsync(message.AsMemory(50_000..), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        Assert.Equal("R1", (string)(await first.NextAsync())!["requestId"]!);
        (await next).Dispose();
        Assert.Equal("R3", (string)(await waiting)!["requestId"]!);
    }

    [Fact]
    public async Task A_client_that_does_not_read_is_given_up()
    {
        var account = await WatchedAccount.MakeAsync(server, "slow");
        using var socket = await JmapSocket.OpenAsync(server, account.Password);
        var text = new string('x', 900_000);

        // Far more than the buffers of both ends: then nothing is read here either, until the connection is broken.
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            for (var i = 0; i < 200; i++)
            {
                await socket.EchoAsync($"R{i}", text);
            }
        }).WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Who_would_not_be_let_in_any_more_is_sent_away()
    {
        var account = await WatchedAccount.MakeAsync(server, "revoked");
        var time = new FakeTimeProvider();
        var context = new DefaultHttpContext { RequestServices = server.Services };
        context.Request.Headers.Authorization = account.Password.ToString();
        context.Connection.RemoteIpAddress = IPAddress.Loopback;
        var user = new JmapUser(account.Id, new("revoked", "example.test"), new("demo"), IsReadOnly: false);
        using var access = new LastingAccess(context, user, time, server.Services.GetRequiredService<IHostApplicationLifetime>());

        time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(access.IsRevoked);
        await server.SendAsync(HttpMethod.Put, $"/admin/v1/addresses/{account.Client.Address}", """{"state":"suspended"}""");
        await UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromMinutes(1));
            return Task.FromResult(access.Ended.IsCancellationRequested);
        });
        Assert.True(access.IsRevoked);
    }

    private async Task<HttpStatusCode> TryAsync(WatchedAccount account)
    {
        await using var stream = await EventStream.OpenAsync(server, account.Password, All);
        return stream.Response.StatusCode;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await condition())
        {
            await Task.Yield();
            limit.Token.ThrowIfCancellationRequested();
        }
    }
}
