using System.Net;
using System.Net.WebSockets;
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
            new("Web:Jmap:Push:MaxConnectionsPerAccount", "2"),
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
    public async Task A_message_that_is_too_long_ends_the_socket()
    {
        var account = await WatchedAccount.MakeAsync(server, "long");
        using var socket = await JmapSocket.OpenAsync(server, account.Password);
        await socket.EchoAsync("R1", new('x', 1_000_001));
        Assert.Null(await socket.NextAsync());
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, socket.Socket.CloseStatus);
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
