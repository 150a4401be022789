using System.Net;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Tests.Jmap.Submission;

/// <summary>How much an account may send, and to whom elsewhere in the installation: of a server with small limits.</summary>
public sealed class SubmissionLimitTests(SubmissionLimitTests.SmallServer small) : IClassFixture<SubmissionLimitTests.SmallServer>
{
    private readonly WebServer server = small.Server;
    private readonly Outbox outbox = new(small.Server);

    [Fact]
    public async Task A_message_may_be_so_large()
    {
        var client = await JmapClient.MakeAsync(server, "limit-size");
        var fits = await outbox.AppendAsync(client, Outbox.Message(client, "a@far.test"));
        var large = await outbox.AppendAsync(client, Outbox.Message(client, "a@far.test") + new string('x', 20_000));
        var refused = await Outbox.RefusedAsync(client, large);
        Assert.Equal(("tooLarge", 20_000), ((string)refused["type"]!, (int)refused["maxSize"]!));
        await Outbox.SendAsync(client, fits);
    }

    [Fact]
    public async Task So_many_messages_may_be_sent_in_a_minute()
    {
        var client = await JmapClient.MakeAsync(server, "limit-minute");
        var email = await outbox.AppendAsync(client, Outbox.Message(client, client.Address));
        for (var sent = 0; sent < SmallServer.MessagesPerMinute; sent++)
        {
            await Outbox.SendAsync(client, email);
        }

        Assert.Equal("rateLimit", (string)(await Outbox.RefusedAsync(client, email))["type"]!);
    }

    /// <summary>Of four recipients none is sent to when three may be, and what was counted for them is given back.</summary>
    [Fact]
    public async Task So_many_recipients_may_be_sent_to_in_an_hour()
    {
        var client = await JmapClient.MakeAsync(server, "limit-hour");
        var four = await outbox.AppendAsync(client, Outbox.Message(client, "a@far.test, b@far.test, c@far.test, d@far.test"));
        var refused = await Outbox.RefusedAsync(client, four);
        Assert.Equal("rateLimit", (string)refused["type"]!);
        Assert.Contains("its limit of 3 recipients", (string)refused["description"]!, StringComparison.Ordinal);

        var three = await outbox.AppendAsync(client, Outbox.Message(client, "a@far.test, b@far.test, c@far.test"));
        await UntilAsync(async () => (await TakenAsync(client)) == 0);
        await Outbox.SendAsync(client, three);
        var one = await outbox.AppendAsync(client, Outbox.Message(client, "a@far.test"));
        Assert.Equal("rateLimit", (string)(await Outbox.RefusedAsync(client, one))["type"]!);

        // Its own tenant does not count.
        await Outbox.SendAsync(client, await outbox.AppendAsync(client, Outbox.Message(client, client.Address)));
    }

    /// <summary>Attempts that were counted when they were begun, and of which nobody heard: their repeats need no room.</summary>
    [Fact]
    public async Task What_is_repeated_after_a_doubt_is_not_counted_again()
    {
        var client = await JmapClient.MakeAsync(server, "limit-doubt");
        var (doubtful, held) = (await outbox.AppendAsync(client, Outbox.Message(client, "a@far.test")), await outbox.AppendAsync(client, Outbox.Message(client, "a@far.test")));
        var first = await BeginAsync(client, doubtful, TimeSpan.Zero);
        await BeginAsync(client, held, TimeSpan.FromMinutes(10), ("HOLDFOR", "600"));
        var three = await outbox.AppendAsync(client, Outbox.Message(client, "b@far.test, c@far.test, d@far.test"));
        await Outbox.SendAsync(client, three);
        var other = await outbox.AppendAsync(client, Outbox.Message(client, client.Address));
        await Outbox.SendAsync(client, other, Outbox.Envelope(client.Address, [client.Address], ("HOLDFOR", "600")));

        var (id, _) = await Outbox.SendAsync(client, doubtful);
        Assert.Equal($"s{first:N}", id);
        await Outbox.SendAsync(client, held, Outbox.Envelope(client.Address, ["a@far.test"], ("HOLDFOR", "600")));
        Assert.Equal("rateLimit", (string)(await Outbox.RefusedAsync(client, doubtful))["type"]!);
        Assert.Equal("overQuota", (string)(await Outbox.RefusedAsync(client, other, Outbox.Envelope(client.Address, [client.Address], ("HOLDFOR", "700"))))["type"]!);
    }

    [Fact]
    public async Task So_many_messages_may_be_held_and_one_that_is_taken_back_makes_room()
    {
        var client = await JmapClient.MakeAsync(server, "limit-held");
        var email = await outbox.AppendAsync(client, Outbox.Message(client, client.Address));
        var envelope = Outbox.Envelope(client.Address, [client.Address], ("HOLDFOR", "3600"));
        var (first, _) = await Outbox.SendAsync(client, email, (JsonObject)envelope.DeepClone());
        await Outbox.SendAsync(client, email, (JsonObject)envelope.DeepClone());
        var refused = await Outbox.RefusedAsync(client, email, (JsonObject)envelope.DeepClone());
        Assert.Equal("overQuota", (string)refused["type"]!);
        Assert.Contains("2 messages held", (string)refused["description"]!, StringComparison.Ordinal);
        Assert.Equal("overQuota", (string)(await Outbox.RefusedAsync(client, email, (JsonObject)envelope.DeepClone()))["type"]!);

        var undone = await client.CallAsync("EmailSubmission/set", new() { ["update"] = new JsonObject { [first] = new JsonObject { ["undoStatus"] = "canceled" } } });
        Assert.True(undone["updated"]!.AsObject().ContainsKey(first), undone.ToJsonString());
        await Outbox.SendAsync(client, email, (JsonObject)envelope.DeepClone());
        await Outbox.SendAsync(client, email);
    }

    [Fact]
    public async Task Mail_is_held_no_longer_than_is_told()
    {
        var client = await JmapClient.MakeAsync(server, "limit-hold");
        var session = await client.GetSessionAsync();
        var most = (long)session["accounts"]![client.Account]!["accountCapabilities"]![JmapClient.Submission]!["maxDelayedSend"]!;
        Assert.Equal(7200, most);
        var email = await outbox.AppendAsync(client, Outbox.Message(client, client.Address));
        var refused = await Outbox.RefusedAsync(client, email, Outbox.Envelope(client.Address, [client.Address], ("HOLDFOR", $"{most + 1}")));
        Assert.Equal(("invalidProperties", "envelope"), ((string)refused["type"]!, (string)refused["properties"]!.AsArray().Single()!));
        await Outbox.SendAsync(client, email, Outbox.Envelope(client.Address, [client.Address], ("HOLDFOR", $"{most}")));
    }

    /// <summary>Another tenant of the installation: its mail stands under its own name, and names none but its own recipients.</summary>
    [Fact]
    public async Task Recipients_of_other_tenants_get_mail_of_their_own()
    {
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants", """{"id":"other"}""")).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/other/domains", """{"domain":"other.test"}""")).Status);
        var client = await JmapClient.MakeAsync(server, "limit-tenants");
        var carol = await JmapClient.MakeAsync(server, "carol@other.test");
        var email = await outbox.AppendAsync(client, $"From: {client.Address}\nTo: {client.Address}, carol@other.test\nBcc: hidden@far.test\n\ntext");
        var (id, made) = await Outbox.SendAsync(client, email);
        Assert.Equal(3, made["deliveryStatus"]!.AsObject().Count);

        var own = await outbox.SingleAsync(id);
        Assert.Equal(("demo", $"hidden@far.test {client.Address}"), (own.Tenant.Value, string.Join(' ', own.Envelope.Recipients.Select(recipient => recipient.Address.ToString()).Order())));
        var theirs = Assert.Single((await outbox.FindAsync(entry => entry.Tenant.Value == "other")).DistinctBy(entry => entry.Id));
        Assert.Equal([await JmapAccounts.FindAsync(server, carol.Address)], theirs.Envelope.Recipients.Single().Mailboxes);
        Assert.StartsWith("other/", theirs.Body.Name, StringComparison.Ordinal);
        Assert.StartsWith("demo/", own.Body.Name, StringComparison.Ordinal);
        Assert.NotEqual(own.Id, theirs.Id);
        Assert.DoesNotContain("hidden", await outbox.BodyAsync(theirs), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("accountNotFound notFound", await SeenByAsync(carol, client.Account, id));
    }

    // What another account is told of a submission that is not its own, by its own account and by the sender's.
    private static async Task<string> SeenByAsync(JmapClient client, string account, string id)
    {
        var own = await client.CallAsync("EmailSubmission/get", new() { ["ids"] = new JsonArray(id) });
        var others = await client.FailAsync("EmailSubmission/get", new() { ["accountId"] = account, ["ids"] = new JsonArray(id) });
        return $"{others} {(own["notFound"]!.AsArray().Count == 1 ? "notFound" : "found")}";
    }

    private async Task<Guid> BeginAsync(JmapClient client, string email, TimeSpan hold, params (string Name, string Value)[] parameters)
    {
        Assert.True(ObjectIds.TryParseEmail(email, out var guid));
        var account = await JmapAccounts.FindAsync(server, client.Address);
        var delivery = DeliveryId.New(DateTimeOffset.UtcNow);
        var far = new EmailAddress("a", "far.test");
        var begun = await Grains.GetGrain<ISubmissionsGrain>(account.Value).BeginHeldAsync(
            new()
            {
                Id = delivery.Value,
                Identity = SendingIdentity.Own,
                Email = guid,
                Thread = 1,
                From = new(client.Address, parameters.Length == 0 ? null : [.. parameters.Select(p => new SentParameter(p.Name, p.Value))]),
                To = [new("a@far.test", null)],
                SendAt = delivery.AcceptedAt + hold,
                Undo = hold > TimeSpan.Zero ? UndoStatus.Pending : UndoStatus.Final,
                Messages = [new() { Delivery = delivery, Tenant = new("demo"), Recipients = [new() { Address = far, Remote = [far] }] }],
            },
            null,
            2);
        Assert.Equal(SentOutcome.Done, begun.Outcome);
        return delivery.Value;
    }

    private IGrainFactory Grains => server.Services.GetRequiredService<IGrainFactory>();

    // What is given back is told one way.
    private async Task<int> TakenAsync(JmapClient client)
    {
        var grain = Grains.GetGrain<ISendingGrain>((await JmapAccounts.FindAsync(server, client.Address)).Value);
        var free = (await grain.TakeAsync(new(3, new(3, 0), new(0, 0)))).Recipients;
        await grain.GiveBackAsync(free);
        return 3 - free;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await condition())
        {
            limit.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    public sealed class SmallServer : IAsyncLifetime
    {
        public const int MessagesPerMinute = 6;

        public WebServer Server { get; } = new()
        {
            Settings =
            [
                new("Web:Jmap:MaxMessageSize", "20000"),
                new("Web:Jmap:MaxHold", "02:00:00"),
                new("Web:Jmap:AccountMessagesPerMinute", $"{MessagesPerMinute}"),
                new("Sending:AccountPerHour", "3"),
                new("Sending:AccountPerDay", "0"),
                new("Sending:TenantPerHour", "0"),
                new("Sending:TenantPerDay", "0"),
                new("Sending:AccountHeld", "2"),
            ],
        };

        public Task InitializeAsync() => Server.InitializeAsync();

        public Task DisposeAsync() => Server.DisposeAsync();
    }
}
