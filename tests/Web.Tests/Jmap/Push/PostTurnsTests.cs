using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MailCloud.Web.Jmap.Push.Subscriptions;

namespace MailCloud.Web.Tests.Jmap.Push;

/// <summary>Requests to push services that are slow: nobody waits for those of others.</summary>
public sealed class PostTurnsTests : IAsyncLifetime
{
    private readonly WebServer server = new()
    {
        Settings =
        [
            new("Web:Jmap:Push:AllowPrivate", "true"),
            new("Web:Jmap:Push:MaxPosts", "8"),
            new("Web:Jmap:Push:MaxPostsPerAccount", "2"),
            new("Web:Jmap:Push:PostTimeout", "00:02:00"),
        ],
    };

    public Task InitializeAsync() => server.InitializeAsync();

    public Task DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Push_services_of_one_account_that_are_slow_delay_nobody_else()
    {
        var (slow, other) = (await WatchedAccount.MakeAsync(server, "slow"), await WatchedAccount.MakeAsync(server, "other"));
        var answering = new TaskCompletionSource();
        await using var stuck = await PushReceiver.StartAsync(answering.Task);
        for (var i = 0; i < 10; i++)
        {
            await CreateAsync(slow, stuck);
        }

        // As many as an account may are under way, and the others wait for these.
        await stuck.NextAsync();
        await stuck.NextAsync();
        await using var quick = await PushReceiver.StartAsync();
        await CreateAsync(other, quick);
        Assert.Equal("PushVerification", (string)(await quick.NextJsonAsync())["@type"]!);
        Assert.False(stuck.HasMore);

        answering.SetResult();
        for (var i = 2; i < 10; i++)
        {
            await stuck.NextAsync();
        }
    }

    [Fact]
    public async Task An_account_a_tenant_and_a_host_have_a_part_each()
    {
        var turns = new PostTurns(new(), new() { Push = new() { MaxPosts = 4, MaxPostsPerAccount = 1 } });
        var first = await turns.EnterAsync(Of("demo/1", "https://a.test/1"), CancellationToken.None);
        var ofAccount = turns.EnterAsync(Of("demo/1", "https://b.test/1"), CancellationToken.None);
        var second = await turns.EnterAsync(Of("demo/2", "https://a.test/2"), CancellationToken.None);
        var ofTenant = turns.EnterAsync(Of("demo/3", "https://b.test/2"), CancellationToken.None);
        var ofHost = turns.EnterAsync(Of("other/1", "https://a.test/3"), CancellationToken.None);
        var third = await turns.EnterAsync(Of("other/2", "https://b.test/3"), CancellationToken.None);
        Assert.False(ofAccount.IsCompleted || ofTenant.IsCompleted || ofHost.IsCompleted);

        // Who waits no more takes nothing along.
        using var end = new CancellationTokenSource();
        var left = turns.EnterAsync(Of("third/1", "https://a.test/4"), end.Token);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);

        first.Dispose();
        foreach (var next in (Task<IDisposable>[])[ofHost, ofTenant, ofAccount])
        {
            (await next.WaitAsync(TimeSpan.FromSeconds(30))).Dispose();
        }

        second.Dispose();
        third.Dispose();
        for (var i = 0; i < 4; i++)
        {
            Assert.True(turns.EnterAsync(Of($"t{i}/1", $"https://{i}.test/"), CancellationToken.None).IsCompletedSuccessfully);
        }

        Assert.False(turns.EnterAsync(Of("t4/1", "https://4.test/"), CancellationToken.None).IsCompleted);
    }

    private static async Task CreateAsync(WatchedAccount account, PushReceiver receiver)
    {
        var create = new JsonObject { ["k"] = new JsonObject { ["deviceClientId"] = "phone", ["url"] = receiver.Url } };
        var response = await account.Client.RunAsync([new JsonArray("PushSubscription/set", new JsonObject { ["create"] = create }, "c")], [JmapClient.Core]);
        Assert.True(response["methodResponses"]![0]![1]!["created"] is not null, response.ToJsonString());
    }

    private static PushSubscription Of(string account, string url) => new()
    {
        Id = Guid.NewGuid(),
        Account = new(account),
        Address = "one@example.test",
        Credential = "password",
        DeviceClientId = "phone",
        Url = url,
        Code = "code",
        Expires = DateTimeOffset.UtcNow.AddDays(1),
    };
}
