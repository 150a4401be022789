using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using MailCloud.Blobs;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Queue;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Tests.Jmap.Submission;

/// <summary>EmailSubmission (RFC 8621 §7), down to what stands in the queue and in the spool: of a server of its own, as nobody takes from the queue.</summary>
public sealed class SubmissionTests(WebServer server) : IClassFixture<WebServer>
{
    private const string Own = "i00000000000000000000000000000000";

    [Fact]
    public async Task Who_gets_it_follows_from_the_message_and_nobody_sees_Bcc()
    {
        var client = await JmapClient.MakeAsync(server, "send-derived");
        await JmapClient.MakeAsync(server, "send-bob");
        var email = await AppendAsync(client, $"""
            From: Alice <{client.Address}>
            To: Bob <send-bob@example.test>, a@far.test
            Cc: A again <A@far.test>
            Bcc: hidden@far.test
            Subject: =?utf-8?q?h=C3=A9?=

            text
            """);
        var (id, made) = await SendAsync(client, email);

        Assert.Equal(("final", "queued"), ((string)made["undoStatus"]!, (string)made["deliveryStatus"]!["a@far.test"]!["delivered"]!));
        Assert.Equal(client.Address, (string)made["envelope"]!["mailFrom"]!["email"]!);
        var entry = await SingleAsync(id);
        Assert.Equal(["a@far.test", "hidden@far.test", "send-bob@example.test"], entry.Envelope.Recipients.Select(recipient => recipient.Address.ToString()).Order());
        Assert.Equal((client.Address, BodyType.SevenBit, false), (entry.Envelope.Sender.ToString(), entry.Envelope.Body, entry.Envelope.SmtpUtf8));
        Assert.Equal(await JmapAccounts.FindAsync(server, client.Address), entry.Submitter);
        var body = await BodyAsync(entry);
        Assert.DoesNotContain("hidden", body, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("\r\nDate: ", body, StringComparison.Ordinal);
        Assert.Contains($"\r\nMessage-ID: <{entry.Id}@", body, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\ntext", body.TrimEnd(), StringComparison.Ordinal);

        var got = (await client.CallAsync("EmailSubmission/get", new() { ["ids"] = new JsonArray(id, "s1") }))["list"]!.AsArray().Single()!;
        Assert.Equal((email, Own, "final"), ((string)got["emailId"]!, (string)got["identityId"]!, (string)got["undoStatus"]!));
        Assert.Equal(["hidden@far.test"], got["envelope"]!["rcptTo"]!.AsArray().Select(to => (string)to!["email"]!).Where(to => to.StartsWith("hidden", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_is_held_can_be_taken_back()
    {
        var client = await JmapClient.MakeAsync(server, "send-undo");
        var email = await AppendAsync(client, Message(client, "a@far.test"));
        var envelope = Envelope(client.Address, ["a@far.test", client.Address], ("HOLDFOR", "600"));
        var (id, made) = await SendAsync(client, email, envelope);
        Assert.Equal("pending", (string)made["undoStatus"]!);
        Assert.Equal(2, await WaitingAsync(id));
        Assert.Empty(await QueuedAsync(id));
        var before = (string)(await client.CallAsync("EmailSubmission/get", new() { ["ids"] = new JsonArray() }))["state"]!;

        var undone = await client.CallAsync("EmailSubmission/set", new() { ["update"] = new JsonObject { [id] = new JsonObject { ["undoStatus"] = "canceled" } } });
        Assert.True(undone["updated"]!.AsObject().ContainsKey(id), undone.ToJsonString());
        Assert.Equal(0, await WaitingAsync(id));
        Assert.Equal("canceled", (string)(await client.CallAsync("EmailSubmission/get", new() { ["ids"] = new JsonArray(id) }))["list"]![0]!["undoStatus"]!);
        var changes = await client.CallAsync("EmailSubmission/changes", new() { ["sinceState"] = before });
        Assert.Equal([id], changes["updated"]!.AsArray().Select(each => (string)each!));

        var (gone, _) = await SendAsync(client, email);
        var late = await client.CallAsync("EmailSubmission/set", new() { ["update"] = new JsonObject { [gone] = new JsonObject { ["undoStatus"] = "canceled" } } });
        Assert.Equal("cannotUnsend", (string)late["notUpdated"]![gone]!["type"]!);
        var other = await client.CallAsync("EmailSubmission/set", new() { ["update"] = new JsonObject { [gone] = new JsonObject { ["sendAt"] = "2026-01-01T00:00:00Z" } } });
        Assert.Equal("invalidProperties", (string)other["notUpdated"]![gone]!["type"]!);
    }

    [Theory]
    [InlineData("invalidProperties", """{"identityId":"i1"}""")]
    [InlineData("invalidProperties", """{"emailId":"e1"}""")]
    [InlineData("invalidProperties", """{"sendAt":"2026-01-01T00:00:00Z"}""")]
    [InlineData("invalidProperties", """{"envelope":{"mailFrom":{"email":"ME"}}}""")]
    [InlineData("invalidProperties", """{"envelope":{"mailFrom":{"email":"ME","parameters":{"HOLDFOR":"x"}},"rcptTo":[{"email":"a@far.test"}]}}""")]
    [InlineData("invalidProperties", """{"envelope":{"mailFrom":{"email":"ME","parameters":{"HOLDFOR":"604801"}},"rcptTo":[{"email":"a@far.test"}]}}""")]
    [InlineData("invalidProperties", """{"envelope":{"mailFrom":{"email":"ME"},"rcptTo":[{"email":"a@far.test","parameters":{"NOTIFY":"NEVER"}}]}}""")]
    [InlineData("noRecipients", """{"envelope":{"mailFrom":{"email":"ME"},"rcptTo":[]}}""")]
    [InlineData("invalidRecipients", """{"envelope":{"mailFrom":{"email":"ME"},"rcptTo":[{"email":"a b"}]}}""")]
    [InlineData("invalidRecipients", """{"envelope":{"mailFrom":{"email":"ME"},"rcptTo":[{"email":"nobody-here@example.test"}]}}""")]
    [InlineData("forbiddenMailFrom", """{"envelope":{"mailFrom":{"email":"other@example.test"},"rcptTo":[{"email":"a@far.test"}]}}""")]
    public async Task What_cannot_be_sent_is_refused(string error, string json)
    {
        var client = await JmapClient.MakeAsync(server, "send-refused");
        var given = JsonNode.Parse(json.Replace("ME", client.Address, StringComparison.Ordinal))!.AsObject();
        given.TryAdd("identityId", Own);
        given.TryAdd("emailId", await AppendAsync(client, Message(client, "a@far.test")));
        Assert.Equal(error, (string)(await CreateAsync(client, given))["notCreated"]!["k"]!["type"]!);
    }

    [Theory]
    [InlineData("invalidEmail", "To: a@far.test\n\ntext")]
    [InlineData("forbiddenFrom", "From: other@example.test\nTo: a@far.test\n\ntext")]
    [InlineData("invalidEmail", "From: ME\nTo: a@far.test\n\nbare\rreturn")]
    public async Task Messages_that_cannot_be_sent_are_refused(string error, string text)
    {
        var client = await JmapClient.MakeAsync(server, "send-messages");
        var email = await AppendAsync(client, text.Replace("ME", client.Address, StringComparison.Ordinal));
        var refused = await CreateAsync(client, new() { ["identityId"] = Own, ["emailId"] = email });
        Assert.Equal(error, (string)refused["notCreated"]!["k"]!["type"]!);
    }

    [Fact]
    public async Task There_may_be_so_many_recipients()
    {
        var client = await JmapClient.MakeAsync(server, "send-many");
        var email = await AppendAsync(client, Message(client, "a@far.test"));
        var envelope = Envelope(client.Address, [.. Enumerable.Range(0, 1001).Select(i => $"u{i}@far.test")]);
        var refused = await CreateAsync(client, new() { ["identityId"] = Own, ["emailId"] = email, ["envelope"] = envelope });
        Assert.Equal(("tooManyRecipients", 1000), ((string)refused["notCreated"]!["k"]!["type"]!, (int)refused["notCreated"]!["k"]!["maxRecipients"]!));
    }

    [Fact]
    public async Task Who_may_only_receive_does_not_send()
    {
        var client = await JmapClient.MakeAsync(server, "send-not");
        var email = await AppendAsync(client, Message(client, "a@far.test"));
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Put, $"/admin/v1/addresses/{client.Address}", """{"state":"receive-only"}""")).Status);
        var refused = await CreateAsync(client, new() { ["identityId"] = Own, ["emailId"] = email });
        Assert.Equal("forbiddenToSend", (string)refused["notCreated"]!["k"]!["type"]!);
    }

    /// <summary>An attempt that ended after its mail was queued: the client, who never heard of it, sends again.</summary>
    [Fact]
    public async Task What_is_repeated_after_a_doubt_is_the_same_mail()
    {
        var client = await JmapClient.MakeAsync(server, "send-doubt");
        var email = await AppendAsync(client, Message(client, "a@far.test"));
        Assert.True(ObjectIds.TryParseEmail(email, out var guid));
        var account = await JmapAccounts.FindAsync(server, client.Address);
        var delivery = DeliveryId.New(DateTimeOffset.UtcNow);
        var far = new EmailAddress("a", "far.test");
        var doubtful = new MailSubmission
        {
            Id = delivery.Value,
            Identity = SendingIdentity.Own,
            Email = guid,
            Thread = 1,
            From = new(client.Address, null),
            To = [new("a@far.test", null)],
            SendAt = delivery.AcceptedAt,
            Undo = UndoStatus.Final,
            Messages = [new() { Delivery = delivery, Tenant = new("demo"), Recipients = [new() { Address = far, Remote = [far] }] }],
        };
        await server.Services.GetRequiredService<IGrainFactory>().GetGrain<ISubmissionsGrain>(account.Value).BeginAsync(doubtful, null);

        var (id, _) = await SendAsync(client, email);
        Assert.Equal($"s{delivery}", id);
        Assert.Equal(delivery, (await SingleAsync(id)).Id);
        var (next, _) = await SendAsync(client, email);
        Assert.NotEqual(id, next);
    }

    [Fact]
    public async Task Submissions_are_asked_for_by_what_they_are()
    {
        var client = await JmapClient.MakeAsync(server, "send-query");
        var (one, two) = (await AppendAsync(client, Message(client, "a@far.test")), await AppendAsync(client, Message(client, "b@far.test")));
        var (first, _) = await SendAsync(client, one);
        var (second, _) = await SendAsync(client, two, Envelope(client.Address, ["b@far.test"], ("HOLDFOR", "600")));

        Assert.Equal([first, second], await QueryAsync(new() { ["sort"] = Sort("sentAt") }));
        Assert.Equal([second, first], await QueryAsync(new() { ["sort"] = Sort("sentAt", false) }));
        Assert.Equal([second], await QueryAsync(new() { ["filter"] = new JsonObject { ["undoStatus"] = "pending" } }));
        Assert.Equal([first], await QueryAsync(new() { ["filter"] = new JsonObject { ["emailIds"] = new JsonArray(one), ["identityIds"] = new JsonArray(Own) } }));
        Assert.Equal("unsupportedFilter", await client.FailAsync("EmailSubmission/query", new() { ["filter"] = new JsonObject { ["colour"] = "red" } }));
        Assert.Equal("unsupportedSort", await client.FailAsync("EmailSubmission/query", new() { ["sort"] = Sort("colour") }));

        var pending = new JsonObject { ["undoStatus"] = "pending" };
        var state = (string)(await client.CallAsync("EmailSubmission/query", new() { ["filter"] = pending.DeepClone() }))["queryState"]!;
        await client.CallAsync("EmailSubmission/set", new() { ["update"] = new JsonObject { [second] = new JsonObject { ["undoStatus"] = "canceled" } }, ["destroy"] = new JsonArray(first) });
        var changed = await client.CallAsync("EmailSubmission/queryChanges", new() { ["filter"] = pending.DeepClone(), ["sinceQueryState"] = state });
        Assert.Equal(new[] { first, second }.Order(), changed["removed"]!.AsArray().Select(each => (string)each!).Order());
        Assert.Empty(changed["added"]!.AsArray());

        async Task<IEnumerable<string>> QueryAsync(JsonObject arguments) => (await client.CallAsync("EmailSubmission/query", arguments))["ids"]!.AsArray().Select(id => (string)id!);
    }

    [Fact]
    public async Task Identities_are_ones_own_and_those_one_may_send_as()
    {
        var client = await JmapClient.MakeAsync(server, "send-as");
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Put, "/admin/v1/addresses/send-alias@example.test", $$"""{"kind":"alias","targets":["{{client.Address}}"]}""")).Status);
        var own = (await client.CallAsync("Identity/get"))["list"]!.AsArray().Single()!;
        Assert.Equal((Own, client.Address, false), ((string)own["id"]!, (string)own["email"]!, (bool)own["mayDelete"]!));

        var set = await client.CallAsync("Identity/set", new()
        {
            ["create"] = new JsonObject
            {
                ["a"] = new JsonObject { ["name"] = "Alias", ["email"] = "send-alias@example.test", ["textSignature"] = "-- \nA" },
                ["b"] = new JsonObject { ["email"] = "somebody@example.test" },
                ["c"] = new JsonObject { ["email"] = "*@example.test", ["colour"] = "red" },
            },
            ["update"] = new JsonObject { [Own] = new JsonObject { ["name"] = "Alice", ["replyTo"] = new JsonArray(new JsonObject { ["name"] = null, ["email"] = "reply@far.test" }) } },
            ["destroy"] = new JsonArray(Own),
        });
        var made = (string)set["created"]!["a"]!["id"]!;
        Assert.True((bool)set["created"]!["a"]!["mayDelete"]!);
        Assert.Equal("forbiddenFrom", (string)set["notCreated"]!["b"]!["type"]!);
        Assert.Equal(["email", "colour"], set["notCreated"]!["c"]!["properties"]!.AsArray().Select(name => (string)name!));
        Assert.True(set["updated"]!.AsObject().ContainsKey(Own));
        Assert.Equal("forbidden", (string)set["notDestroyed"]![Own]!["type"]!);
        Assert.Equal("stateMismatch", await client.FailAsync("Identity/set", new() { ["ifInState"] = (string)set["oldState"]!, ["destroy"] = new JsonArray(made) }));

        var changes = await client.CallAsync("Identity/changes", new() { ["sinceState"] = (string)set["oldState"]! });
        Assert.Equal([made], changes["created"]!.AsArray().Select(id => (string)id!));
        Assert.Equal([Own], changes["updated"]!.AsArray().Select(id => (string)id!));
        var destroyed = await client.CallAsync("Identity/set", new() { ["destroy"] = new JsonArray(made) });
        Assert.Equal([made], destroyed["destroyed"]!.AsArray().Select(id => (string)id!));
    }

    [Fact]
    public async Task One_Email_set_follows_what_was_sent()
    {
        var client = await JmapClient.MakeAsync(server, "send-follow");
        var email = await AppendAsync(client, Message(client, "a@far.test"));
        var response = await client.RunAsync(
        [
            new JsonArray("EmailSubmission/set", new JsonObject
            {
                ["accountId"] = client.Account,
                ["create"] = new JsonObject { ["k"] = new JsonObject { ["identityId"] = Own, ["emailId"] = email }, ["no"] = new JsonObject { ["identityId"] = Own, ["emailId"] = "e1" } },
                ["onSuccessUpdateEmail"] = new JsonObject { ["#k"] = new JsonObject { ["keywords/$draft"] = null }, ["#no"] = new JsonObject() },
            }, "c"),
        ]);
        var answers = response["methodResponses"]!.AsArray();
        Assert.Equal(2, answers.Count);
        Assert.Equal(("EmailSubmission/set", "c"), ((string)answers[0]![0]!, (string)answers[1]![2]!));
        Assert.True(answers[0]![1]!["created"]!.AsObject().ContainsKey("k"));
    }

    private static string Message(JmapClient client, string to) => $"From: {client.Address}\nTo: {to}\nSubject: s\n\ntext";

    private static JsonArray Sort(string property, bool isAscending = true) => [new JsonObject { ["property"] = property, ["isAscending"] = isAscending }];

    private static JsonObject Envelope(string from, string[] to, params (string Name, string Value)[] parameters) => new()
    {
        ["mailFrom"] = new JsonObject { ["email"] = from, ["parameters"] = new JsonObject(parameters.Select(p => KeyValuePair.Create(p.Name, (JsonNode?)p.Value))) },
        ["rcptTo"] = new JsonArray([.. to.Select(email => new JsonObject { ["email"] = email })]),
    };

    private static Task<JsonObject> CreateAsync(JmapClient client, JsonObject given) => client.CallAsync("EmailSubmission/set", new() { ["create"] = new JsonObject { ["k"] = given } });

    private static async Task<(string Id, JsonObject Made)> SendAsync(JmapClient client, string email, JsonObject? envelope = null)
    {
        var result = await CreateAsync(client, new() { ["identityId"] = Own, ["emailId"] = email, ["envelope"] = envelope });
        Assert.True(result["created"] is not null, result.ToJsonString());
        var made = result["created"]!["k"]!.AsObject();
        return ((string)made["id"]!, made);
    }

    /// <summary>The Email's id.</summary>
    private async Task<string> AppendAsync(JmapClient client, string text)
    {
        var account = await JmapAccounts.FindAsync(server, client.Address);
        var octets = Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\n").Replace("\n", "\r\n", StringComparison.Ordinal).Replace("bare\r\nreturn", "bare\rreturn", StringComparison.Ordinal));
        var id = DeliveryId.New(DateTimeOffset.UtcNow);
        var name = BodyRef.NameFor(account.Tenant, id);
        await using var upload = server.Services.GetRequiredService<IMessageBlobs>().Create(name, [BodyOwner.Mailbox(account)]);
        await upload.WriteAsync(octets, CancellationToken.None);
        await upload.CommitAsync(CancellationToken.None);
        using var stream = new MemoryStream(octets);
        var summary = await MessageParser.SummariseAsync(stream, CancellationToken.None);
        var appended = await server.Services.GetRequiredService<IGrainFactory>().GetGrain<IMailboxGrain>(account.Value).AppendAsync(
            new() { Operation = Guid.NewGuid(), Folder = "INBOX", Messages = [new() { Body = new(name, octets.Length), Summary = summary, InternalDate = DateTimeOffset.UtcNow }] });
        Assert.Equal(WriteOutcome.Done, appended.Outcome);
        return ObjectIds.OfEmail(id.Value);
    }

    private async Task<List<QueuedMessage>> QueuedAsync(string submission)
    {
        var found = new List<QueuedMessage>();
        await foreach (var entry in server.Services.GetRequiredService<IMailQueue>().ListAsync(CancellationToken.None))
        {
            if ($"s{entry.Id}" == submission)
            {
                found.Add(entry);
            }
        }

        return found;
    }

    /// <summary>What the queue has of a submission, by one id however often.</summary>
    private async Task<QueuedMessage> SingleAsync(string submission) => Assert.Single((await QueuedAsync(submission)).DistinctBy(entry => entry.Id));

    private async Task<string> BodyAsync(QueuedMessage entry) =>
        Encoding.UTF8.GetString((await server.Services.GetRequiredService<IMessageBlobs>().ReadAsync(entry.Body.Name, 0, (int)entry.Body.Length, CancellationToken.None)).Span);

    private async Task<int> WaitingAsync(string submission)
    {
        var (status, body) = await server.SendAsync(HttpMethod.Get, $"/admin/v1/spool/{submission[1..]}");
        return status == HttpStatusCode.NotFound ? 0 : body.GetProperty("entries").GetArrayLength();
    }
}
