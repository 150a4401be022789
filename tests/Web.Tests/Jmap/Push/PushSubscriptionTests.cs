using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MailCloud.Web.Jmap.Push.Subscriptions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Orleans.Runtime;

namespace MailCloud.Web.Tests.Jmap.Push;

/// <summary>Push subscriptions (RFC 8620 §7.2): what may be made, who sees it, and what is sent where.</summary>
public sealed class PushSubscriptionTests : IAsyncLifetime
{
    private readonly WebServer server = new() { Settings = [new("Web:Jmap:Push:AllowPrivate", "true")] };

    public Task InitializeAsync() => server.InitializeAsync();

    public Task DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Changes_are_pushed_once_the_code_has_come_back()
    {
        var account = await WatchedAccount.MakeAsync(server, "one");
        await using var receiver = await PushReceiver.StartAsync();
        var (id, created) = await CreateAsync(account.Client, New(receiver));
        Assert.Equal(["expires", "id", "keys", "types", "verificationCode"], created.Select(member => member.Key).Order(StringComparer.Ordinal));
        Assert.InRange(Date(created["expires"]), DateTimeOffset.UtcNow.AddDays(6.9), DateTimeOffset.UtcNow.AddDays(7));

        var first = await receiver.NextAsync();
        Assert.Equal(("application/json", "", true), (first.Type, first.Encoding, int.Parse(first.TimeToLive, CultureInfo.InvariantCulture) > 0));
        var verification = JsonNode.Parse(first.Body)!;
        Assert.Equal(("PushVerification", id), ((string)verification["@type"]!, (string)verification["pushSubscriptionId"]!));

        // Until then nothing is told, and with another code it stays so.
        await account.FileAsync();
        Assert.Equal("invalidProperties", (string)(await UpdateAsync(account.Client, id, new() { ["verificationCode"] = "another" }))["notUpdated"]![id]!["type"]!);
        Assert.Null((await GetAsync(account.Client)).Single()["verificationCode"]);
        Assert.False(receiver.HasMore);

        Assert.True((await UpdateAsync(account.Client, id, new() { ["verificationCode"] = (string)verification["verificationCode"]! }))["updated"]!.AsObject().ContainsKey(id));
        Assert.Equal((string)verification["verificationCode"]!, (string)(await GetAsync(account.Client)).Single()["verificationCode"]!);
        Assert.Equal(("Email EmailDelivery EmailSubmission Identity Mailbox Quota Thread VacationResponse", await account.StateAsync()), StateOf(account, await receiver.NextJsonAsync()));
        var made = await account.MakeFolderAsync("one");
        Assert.Equal(("Email Mailbox Thread", made), StateOf(account, await receiver.NextJsonAsync()));
    }

    [Fact]
    public async Task With_keys_all_is_encrypted()
    {
        var account = await WatchedAccount.MakeAsync(server, "two");
        await using var receiver = await PushReceiver.StartAsync();
        using var key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var (q, auth) = (key.ExportParameters(false).Q, RandomNumberGenerator.GetBytes(16));
        byte[] point = [4, .. q.X!, .. q.Y!];
        var subscription = New(receiver);
        subscription["keys"] = new JsonObject { ["p256dh"] = Base64Url.EncodeToString(point), ["auth"] = Base64Url.EncodeToString(auth) };
        subscription["types"] = new JsonArray("EmailDelivery");
        var (id, created) = await CreateAsync(account.Client, subscription);
        Assert.False(created.ContainsKey("keys"));
        await UpdateAsync(account.Client, id, new() { ["verificationCode"] = (string)Decrypt(await receiver.NextAsync())["verificationCode"]! });
        Assert.Equal("EmailDelivery", StateOf(account, Decrypt(await receiver.NextAsync())).Types);
        await account.MakeFolderAsync("one");
        var filed = await account.FileAsync();
        Assert.Equal(("EmailDelivery", filed), StateOf(account, Decrypt(await receiver.NextAsync())));

        JsonObject Decrypt(PushReceiver.Posted posted)
        {
            Assert.Equal("aes128gcm", posted.Encoding);
            return JsonNode.Parse(WebPushEncryption.Decrypt(posted.Body, key, auth))!.AsObject();
        }
    }

    [Fact]
    public async Task A_service_that_is_busy_is_asked_again_and_gets_the_latest()
    {
        var account = await WatchedAccount.MakeAsync(server, "three");
        await using var receiver = await PushReceiver.StartAsync();
        await VerifiedAsync(account, receiver);
        receiver.Answer(HttpStatusCode.TooManyRequests);
        await account.FileAsync();
        await receiver.NextAsync();
        var last = await account.FileAsync();
        Assert.Equal(last, StateOf(account, await receiver.NextJsonAsync()).State);
    }

    [Fact]
    public async Task What_a_push_service_keeps_is_replaced_by_news_of_the_same_types_alone()
    {
        // RFC 8030 §5.4: else the news of new mail would go with a later change of folders.
        var account = await WatchedAccount.MakeAsync(server, "topics");
        await using var receiver = await PushReceiver.StartAsync();
        var (id, _) = await CreateAsync(account.Client, New(receiver));
        var verification = await receiver.NextAsync();
        Assert.Equal("", verification.Topic);
        await UpdateAsync(account.Client, id, new() { ["verificationCode"] = (string)verification.Json["verificationCode"]! });
        var all = await receiver.NextAsync();
        await account.FileAsync();
        var filed = await receiver.NextAsync();
        await account.MakeFolderAsync("one");
        var made = await receiver.NextAsync();
        await account.FileAsync();
        Assert.Equal(filed.Topic, (await receiver.NextAsync()).Topic);
        Assert.Equal(3, new[] { all.Topic, filed.Topic, made.Topic }.Distinct().Count());
        Assert.Matches("^[A-Za-z0-9_-]{1,32}$", filed.Topic);
    }

    [Theory]
    [InlineData(HttpStatusCode.Gone)]
    [InlineData(HttpStatusCode.NotFound)]
    public async Task What_the_service_does_not_know_any_more_is_no_subscription(HttpStatusCode status)
    {
        var account = await WatchedAccount.MakeAsync(server, "four");
        await using var receiver = await PushReceiver.StartAsync();
        await VerifiedAsync(account, receiver);
        receiver.Answer(status);
        await account.FileAsync();
        await receiver.NextAsync();
        await UntilNoneAsync(account.Client);
    }

    [Fact]
    public async Task One_ends_at_its_time_which_can_be_put_off()
    {
        var account = await WatchedAccount.MakeAsync(server, "five");
        await using var receiver = await PushReceiver.StartAsync();
        var subscription = New(receiver);
        subscription["expires"] = Text(DateTimeOffset.UtcNow.AddSeconds(3));
        var (id, _) = await CreateAsync(account.Client, subscription);
        var (other, created) = await CreateAsync(account.Client, New(receiver));
        var far = (await UpdateAsync(account.Client, other, new() { ["expires"] = Text(DateTimeOffset.UtcNow.AddYears(1)) }))["updated"]![other]!;
        Assert.InRange(Date(far["expires"]), Date(created["expires"]), DateTimeOffset.UtcNow.AddDays(7));
        var soon = DateTimeOffset.UtcNow.AddDays(1);
        Assert.Null((await UpdateAsync(account.Client, other, new() { ["expires"] = Text(soon) }))["updated"]![other]);
        Assert.Equal("invalidProperties", (string)(await UpdateAsync(account.Client, other, new() { ["expires"] = Text(DateTimeOffset.UtcNow.AddDays(-1)) }))["notUpdated"]![other]!["type"]!);

        await UntilAsync(async () => (await GetAsync(account.Client)).All(left => (string)left["id"]! != id));
        Assert.Equal(Text(soon), (string)Assert.Single(await GetAsync(account.Client))["expires"]!);
    }

    [Fact]
    public async Task Nobody_sees_those_of_another_credential()
    {
        var account = await WatchedAccount.MakeAsync(server, "six");
        await using var receiver = await PushReceiver.StartAsync();
        var (id, _) = await CreateAsync(account.Client, New(receiver));
        var token = (await server.SendAsync(HttpMethod.Post, "/admin/v1/tokens", $$"""{"role":"user","address":"{{account.Client.Address}}","name":"another"}""")).Body.GetProperty("secret").GetString()!;
        var other = JmapClient.ByToken(server, account.Client.Address, token);
        Assert.Empty(await GetAsync(other));
        Assert.Equal("notFound", (string)(await SetAsync(other, new() { ["destroy"] = new JsonArray(id) }))["notDestroyed"]![id]!["type"]!);
        Assert.Equal("notFound", (string)(await UpdateAsync(other, id, new() { ["types"] = null }))["notUpdated"]![id]!["type"]!);

        // It ends with its credential.
        var (own, _) = await CreateAsync(other, New(receiver));
        Assert.Equal(own, (string)Assert.Single(await GetAsync(other))["id"]!);
        Assert.Equal(id, (string)Assert.Single(await GetAsync(account.Client))["id"]!);
        Assert.Equal(id, (string)(await SetAsync(account.Client, new() { ["destroy"] = new JsonArray(id) }))["destroyed"]![0]!);
        Assert.Empty(await GetAsync(account.Client));
    }

    [Fact]
    public async Task A_changed_password_ends_those_that_were_made_by_it()
    {
        var account = await WatchedAccount.MakeAsync(server, "seven");
        await using var receiver = await PushReceiver.StartAsync();
        await VerifiedAsync(account, receiver);
        await server.SendAsync(HttpMethod.Put, $"/admin/v1/addresses/{account.Client.Address}", """{"password":"another long secret"}""");
        await account.FileAsync();
        await UntilAsync(async () => (await SubscriptionsOf(account).ListAsync()).Count == 0);
        Assert.False(receiver.HasMore);
    }

    [Fact]
    public async Task One_ends_with_the_app_password_that_made_it()
    {
        var account = await WatchedAccount.MakeAsync(server, "app-password");
        var path = $"/admin/v1/addresses/{account.Client.Address}/app-passwords";
        var made = (await server.SendAsync(HttpMethod.Post, path, """{"name":"phone","scopes":["http"]}""")).Body;
        await EndsWithAsync(account, JmapClient.ByPassword(server, account.Client.Address, made.GetProperty("secret").GetString()!), () => server.SendAsync(HttpMethod.Delete, $"{path}/{made.GetProperty("id").GetString()}"));
    }

    [Fact]
    public async Task One_ends_with_the_token_that_made_it()
    {
        var account = await WatchedAccount.MakeAsync(server, "token");
        var made = (await server.SendAsync(HttpMethod.Post, "/admin/v1/tokens", $$"""{"role":"user","address":"{{account.Client.Address}}","name":"phone"}""")).Body;
        var id = made.GetProperty("token").GetProperty("id").GetString();
        await EndsWithAsync(account, JmapClient.ByToken(server, account.Client.Address, made.GetProperty("secret").GetString()!), () => server.SendAsync(HttpMethod.Delete, $"/admin/v1/tokens/{id}"));
    }

    [Fact]
    public async Task A_token_of_a_sign_in_by_an_app_password_ends_one_with_that()
    {
        var account = await WatchedAccount.MakeAsync(server, "sign-in");
        var path = $"/admin/v1/addresses/{account.Client.Address}/app-passwords";
        var made = (await server.SendAsync(HttpMethod.Post, path, """{"name":"phone","scopes":["http"]}""")).Body;
        using var content = new StringContent(new JsonObject { ["address"] = account.Client.Address, ["password"] = made.GetProperty("secret").GetString() }.ToJsonString(), Encoding.UTF8, "application/json");
        using var answer = await server.Http.PostAsync("/sign-in", content);
        var token = (string)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["token"]!;
        await EndsWithAsync(account, JmapClient.ByToken(server, account.Client.Address, token), () => server.SendAsync(HttpMethod.Delete, $"{path}/{made.GetProperty("id").GetString()}"));
    }

    [Theory]
    [InlineData("/admin/v1/addresses/suspended@example.test")]
    [InlineData("/admin/v1/tenants/demo")]
    public async Task Nothing_is_pushed_of_a_suspended_account_until_it_is_not(string suspended)
    {
        var account = await WatchedAccount.MakeAsync(server, "suspended");
        await using var receiver = await PushReceiver.StartAsync();
        await VerifiedAsync(account, receiver);
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var worker = await TakeOverAsync(time);
        await UntilNextAsync(receiver, time);

        await server.SendAsync(HttpMethod.Put, suspended, """{"state":"suspended"}""");
        var services = server.Services.GetRequiredService<PushServices>();
        var subscription = Assert.Single(await SubscriptionsOf(account).ListAsync());
        await UntilAsync(async () => await PushCredential.FindStandingAsync(subscription, services, CancellationToken.None) == CredentialStanding.Suspended);
        var filed = await account.FileAsync();
        for (var i = 0; i < 20; i++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            await UntilLookedAtAsync();
        }

        Assert.False(receiver.HasMore);
        await server.SendAsync(HttpMethod.Put, suspended, """{"state":"active"}""");
        Assert.Equal(filed, StateOf(account, await UntilNextAsync(receiver, time)).State);
        await worker.StopAsync(CancellationToken.None);

        // Of the worker everything runs on other threads: what it would do by now is done when as much as that is done here.
        Task UntilLookedAtAsync() => PushCredential.FindStandingAsync(subscription, services, CancellationToken.None);
    }

    [Fact]
    public async Task A_grain_that_was_made_anew_makes_good_what_its_pusher_was_not_told()
    {
        var account = await WatchedAccount.MakeAsync(server, "anew");
        await using var receiver = await PushReceiver.StartAsync();
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var worker = await TakeOverAsync(time);
        await CreateAsync(account.Client, New(receiver));
        await UntilNextAsync(receiver, time);

        // It knows nothing of the lease any more, and tells nobody; the pusher would look again by itself much later.
        await server.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).ForceActivationCollection(TimeSpan.Zero);
        var before = time.GetUtcNow();
        var (second, _) = await CreateAsync(account.Client, New(receiver));
        Assert.Equal(second, (string)(await UntilNextAsync(receiver, time))["pushSubscriptionId"]!);
        Assert.InRange(time.GetUtcNow(), before, before.AddMinutes(5));
        await worker.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Where_it_leads_is_given_to_nobody()
    {
        var account = await WatchedAccount.MakeAsync(server, "eight");
        await using var receiver = await PushReceiver.StartAsync();
        var (id, _) = await CreateAsync(account.Client, New(receiver));
        Assert.Equal("forbidden", await FailAsync(account.Client, "PushSubscription/get", new() { ["ids"] = null, ["properties"] = new JsonArray("id", "url") }));
        Assert.Equal("forbidden", await FailAsync(account.Client, "PushSubscription/get", new() { ["ids"] = null, ["properties"] = new JsonArray("keys") }));
        Assert.Equal("invalidArguments", await FailAsync(account.Client, "PushSubscription/get", new() { ["properties"] = new JsonArray("secret") }));
        Assert.Equal("invalidArguments", await FailAsync(account.Client, "PushSubscription/get", new() { ["accountId"] = account.Client.Account }));
        var got = await CallAsync(account.Client, "PushSubscription/get", new() { ["ids"] = new JsonArray(id, "snone") });
        Assert.Equal(["list", "notFound"], got.Select(member => member.Key).Order(StringComparer.Ordinal));
        Assert.Equal(["deviceClientId", "expires", "id", "types", "verificationCode"], got["list"]![0]!.AsObject().Select(member => member.Key).Order(StringComparer.Ordinal));
        Assert.Equal("snone", (string)got["notFound"]![0]!);
    }

    [Fact]
    public async Task So_many_are_made_in_an_hour()
    {
        // RFC 8620 §8.6: each is a request to whom the client likes.
        var account = await WatchedAccount.MakeAsync(server, "many");
        await using var receiver = await PushReceiver.StartAsync();
        for (var i = 0; i < PushCreations.Most; i++)
        {
            var (id, _) = await CreateAsync(account.Client, New(receiver));
            await SetAsync(account.Client, new() { ["destroy"] = new JsonArray(id) });
        }

        var refused = await SetAsync(account.Client, new() { ["create"] = new JsonObject { ["k"] = New(receiver) } });
        Assert.Equal("rateLimit", (string)refused["notCreated"]!["k"]!["type"]!);

        // Of one account, and for an hour.
        await CreateAsync((await WatchedAccount.MakeAsync(server, "few")).Client, New(receiver));
        var (creations, now) = (new PushCreations(), DateTimeOffset.UtcNow);
        Assert.Equal(PushCreations.Most, Enumerable.Range(0, 2 * PushCreations.Most).Count(_ => creations.TryAdd(account.Id, now)));
        Assert.True(creations.TryAdd(account.Id, now + PushCreations.Span));
    }

    [Theory]
    [InlineData("url", "\"ftp://127.0.0.1/\"")]
    [InlineData("url", "7")]
    [InlineData("deviceClientId", "null")]
    [InlineData("verificationCode", "\"early\"")]
    [InlineData("expires", "\"yesterday\"")]
    [InlineData("types", "[7]")]
    [InlineData("keys", """{"p256dh":"AAAA","auth":"AAAA"}""")]
    [InlineData("id", "\"mine\"")]
    public async Task What_cannot_be_is_named(string property, string value)
    {
        var account = await WatchedAccount.MakeAsync(server, "nine");
        await using var receiver = await PushReceiver.StartAsync();
        var subscription = New(receiver);
        subscription[property] = JsonNode.Parse(value);
        var error = (await SetAsync(account.Client, new() { ["create"] = new JsonObject { ["k"] = subscription } }))["notCreated"]!["k"]!;
        Assert.Equal(("invalidProperties", property), ((string)error["type"]!, (string)error["properties"]!.AsArray().Single()!));
    }

    [Fact]
    public async Task Another_process_goes_on_where_one_ends()
    {
        var account = await WatchedAccount.MakeAsync(server, "ten");
        await using var receiver = await PushReceiver.StartAsync();
        await VerifiedAsync(account, receiver);
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var second = await TakeOverAsync(time);

        // It tells the state at which it took over, and what comes then.
        var filed = await account.FileAsync();
        await UntilAsync(async () => StateOf(account, await UntilNextAsync(receiver, time)).State == filed);
        await second.StopAsync(CancellationToken.None);
    }

    // Another process, with a clock of its own, in the place of the server's own pusher.
    private async Task<PushWorker> TakeOverAsync(FakeTimeProvider time)
    {
        var first = server.Services.GetServices<IHostedService>().OfType<PushWorker>().Single();
        var second = new PushWorker(server.Services.GetRequiredService<PushServices>() with { Time = time });
        await second.StartAsync(CancellationToken.None);
        await first.StopAsync(CancellationToken.None);
        return second;
    }

    // What is pushed next, while the pusher's clock goes on: not so fast that the subscription would run out meanwhile.
    private static async Task<JsonObject> UntilNextAsync(PushReceiver receiver, FakeTimeProvider time)
    {
        var next = receiver.NextJsonAsync();
        await UntilAsync(async () =>
        {
            time.Advance(TimeSpan.FromSeconds(10));
            await ((Task)next).WaitAsync(TimeSpan.FromMilliseconds(200)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return next.IsCompleted;
        });
        return await next;
    }

    // A subscription that a client has made is no more, and nothing is pushed to it, once its credential is gone.
    private async Task EndsWithAsync(WatchedAccount account, JmapClient client, Func<Task> revoke)
    {
        await using var receiver = await PushReceiver.StartAsync();
        await client.GetSessionAsync();
        var (id, _) = await CreateAsync(client, New(receiver));
        await UpdateAsync(client, id, new() { ["verificationCode"] = (string)(await receiver.NextJsonAsync())["verificationCode"]! });
        await receiver.NextAsync();
        await revoke();
        await account.FileAsync();
        await UntilAsync(async () => (await SubscriptionsOf(account).ListAsync()).Count == 0);
        Assert.False(receiver.HasMore);
    }

    private IPushSubscriptionsGrain SubscriptionsOf(WatchedAccount account) => server.Services.GetRequiredService<IGrainFactory>().GetGrain<IPushSubscriptionsGrain>(account.Id.Value);

    private static JsonObject New(PushReceiver receiver) => new() { ["deviceClientId"] = "a889-ffea-910", ["url"] = receiver.Url };

    private static async Task<(string Id, JsonObject Created)> CreateAsync(JmapClient client, JsonObject subscription)
    {
        var set = await SetAsync(client, new() { ["create"] = new JsonObject { ["k"] = subscription } });
        Assert.True(set["created"] is not null, set.ToJsonString());
        var created = set["created"]!["k"]!.AsObject();
        return ((string)created["id"]!, created);
    }

    // Of which the first push, with the state when it was verified, has come.
    private static async Task VerifiedAsync(WatchedAccount account, PushReceiver receiver)
    {
        var (id, _) = await CreateAsync(account.Client, New(receiver));
        await UpdateAsync(account.Client, id, new() { ["verificationCode"] = (string)(await receiver.NextJsonAsync())["verificationCode"]! });
        await receiver.NextAsync();
    }

    private static Task<JsonObject> UpdateAsync(JmapClient client, string id, JsonObject patch) => SetAsync(client, new() { ["update"] = new JsonObject { [id] = patch } });

    private static Task<JsonObject> SetAsync(JmapClient client, JsonObject arguments) => CallAsync(client, "PushSubscription/set", arguments);

    private static async Task<List<JsonObject>> GetAsync(JmapClient client) =>
        [.. (await CallAsync(client, "PushSubscription/get", new() { ["ids"] = null }))["list"]!.AsArray().Select(item => item!.AsObject())];

    private static async Task<JsonObject> CallAsync(JmapClient client, string method, JsonObject arguments)
    {
        var (name, result) = await RunAsync(client, method, arguments);
        Assert.True(name == method, result.ToJsonString());
        return result;
    }

    private static async Task<string> FailAsync(JmapClient client, string method, JsonObject arguments)
    {
        var (name, result) = await RunAsync(client, method, arguments);
        Assert.True(name == "error", result.ToJsonString());
        return (string)result["type"]!;
    }

    private static async Task<(string Name, JsonObject Result)> RunAsync(JmapClient client, string method, JsonObject arguments)
    {
        var response = await client.RunAsync([new JsonArray(method, arguments, "c")], [JmapClient.Core]);
        var first = response["methodResponses"]!.AsArray()[0]!.AsArray();
        return ((string)first[0]!, first[1]!.AsObject());
    }

    private static (string Types, string State) StateOf(WatchedAccount account, JsonObject change)
    {
        Assert.Equal("StateChange", (string)change["@type"]!);
        var changed = change["changed"]![account.Client.Account]!.AsObject();
        return (string.Join(' ', changed.Select(type => type.Key)), (string)changed.Select(type => type.Value!).Distinct().First()!);
    }

    private static Task UntilNoneAsync(JmapClient client) => UntilAsync(async () => (await GetAsync(client)).Count == 0);

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await condition())
        {
            await Task.Yield();
            limit.Token.ThrowIfCancellationRequested();
        }
    }

    private static string Text(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static DateTimeOffset Date(JsonNode? value) => DateTimeOffset.Parse((string)value!, CultureInfo.InvariantCulture);
}
