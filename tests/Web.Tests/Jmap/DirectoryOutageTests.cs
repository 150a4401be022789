using System.Net;
using MailCloud.MailboxContracts;
using MailCloud.Web.Jmap;
using MailCloud.Web.Jmap.Push;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace MailCloud.Web.Tests.Jmap;

/// <summary>While the directory does not answer nobody is let in, nobody is told that a password is wrong, and what lasts goes on for a while only.</summary>
[Collection(nameof(WebServer))]
public sealed class DirectoryOutageTests(WebServer server)
{
    private const string Session = "/jmap/session";

    [Fact]
    public async Task Nobody_is_let_in_and_nobody_is_told_that_a_password_is_wrong()
    {
        var address = await MakeAsync("outage-password");
        foreach (var password in (string[])[JmapClient.Password, "wrong"])
        {
            using (server.Failing.Fail<IAddressGrain>(address))
            {
                var (status, answer, _) = await JmapClient.ByPassword(server, address, password).SendAsync(HttpMethod.Get, Session);
                Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (status, answer.Headers.RetryAfter?.Delta > TimeSpan.Zero));
                Assert.Empty(answer.Headers.WwwAuthenticate);
            }
        }

        Assert.Equal(HttpStatusCode.OK, (await JmapClient.ByPassword(server, address, JmapClient.Password).SendAsync(HttpMethod.Get, Session)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await JmapClient.ByPassword(server, address, "wrong").SendAsync(HttpMethod.Get, Session)).Status);
    }

    [Fact]
    public async Task A_token_is_neither_good_nor_bad()
    {
        var address = await MakeAsync("outage-token");
        var (_, made) = await server.SendAsync(HttpMethod.Post, "/admin/v1/tokens", $$"""{"role":"user","address":"{{address}}","name":"program"}""");
        var client = JmapClient.ByToken(server, address, made.GetProperty("secret").GetString()!);
        using (server.Failing.Fail<IAddressGrain>(address))
        {
            var (status, answer, _) = await client.SendAsync(HttpMethod.Get, Session);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (status, answer.Headers.RetryAfter?.Delta > TimeSpan.Zero));
        }

        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(HttpMethod.Get, Session)).Status);
    }

    [Fact]
    public async Task What_lasts_goes_on_for_ten_minutes_and_ends_when_nobody_says_that_it_may()
    {
        var address = await MakeAsync("outage-lasting");
        var time = new FakeTimeProvider();
        using var fault = server.Failing.Fail<IAddressGrain>(address);
        using var access = Watch(address, time);
        for (var minute = 1; minute < 10; minute++)
        {
            await AdvanceAsync(time, fault);
            Assert.False(access.Ended.IsCancellationRequested);
        }

        var ended = new TaskCompletionSource();
        await using var registered = access.Ended.Register(ended.SetResult);
        time.Advance(TimeSpan.FromMinutes(1));
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.False(access.IsRevoked);
    }

    // Each look is three attempts.
    private static async Task AdvanceAsync(FakeTimeProvider time, FailingGrains.Fault fault)
    {
        time.Advance(TimeSpan.FromMinutes(1));
        for (var attempt = 0; attempt < 3; attempt++)
        {
            await fault.FailedAsync();
        }
    }

    private LastingAccess Watch(string address, FakeTimeProvider time)
    {
        var context = new DefaultHttpContext { RequestServices = server.Services };
        context.Request.Headers.Authorization = $"Basic {Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{address}:{JmapClient.Password}"))}";
        context.Connection.RemoteIpAddress = IPAddress.Loopback;
        var user = new JmapUser(new("demo/none"), new(address.Split('@')[0], "example.test"), new("demo"), IsReadOnly: false);
        return new(context, user, time, server.Services.GetRequiredService<IHostApplicationLifetime>());
    }

    // Nobody has signed in to it: nothing is remembered.
    private async Task<string> MakeAsync(string user)
    {
        var address = $"{user}@example.test";
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Put, $"/admin/v1/addresses/{address}", $$"""{"password":"{{JmapClient.Password}}"}""")).Status);
        return address;
    }
}
