using System.Net;
using System.Text.Json.Nodes;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.Queue;
using Microsoft.Extensions.DependencyInjection;

namespace MailCloud.Web.Tests.Jmap.Submission;

/// <summary>EmailSubmission (RFC 8621 §7), down to what stands in the queue and in the spool: of a server of its own, as nobody takes from the queue.</summary>
public sealed class SubmissionTests(WebServer server) : IClassFixture<WebServer>
{
    private const string Own = Outbox.Own;

    private readonly Outbox outbox = new(server);

    [Fact]
    public async Task Who_gets_it_follows_from_the_message_and_nobody_sees_Bcc()
    {
        var client = await JmapClient.MakeAsync(server, "send-derived");
        await JmapClient.MakeAsync(server, "send-bob");
        var email = await outbox.AppendAsync(client, $"""
            From: Alice <{client.Address}>
            To: Bob <send-bob@example.test>, a@far.test
            Cc: A again <A@far.test>
            Bcc: hidden@far.test
            Subject: =?utf-8?q?h=C3=A9?=

            text
            """);
        var (id, made) = await Outbox.SendAsync(client, email);

        Assert.Equal(("final", "queued"), ((string)made["undoStatus"]!, (string)made["deliveryStatus"]!["a@far.test"]!["delivered"]!));
        Assert.Equal(client.Address, (string)made["envelope"]!["mailFrom"]!["email"]!);
        var entry = await outbox.SingleAsync(id);
        Assert.Equal(["a@far.test", "hidden@far.test", "send-bob@example.test"], entry.Envelope.Recipients.Select(recipient => recipient.Address.ToString()).Order());
        Assert.Equal((client.Address, BodyType.SevenBit, false), (entry.Envelope.Sender.ToString(), entry.Envelope.Body, entry.Envelope.SmtpUtf8));
        Assert.Equal(await JmapAccounts.FindAsync(server, client.Address), entry.Submitter);
        var body = await outbox.BodyAsync(entry);
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
        var email = await outbox.AppendAsync(client, Outbox.Message(client, "a@far.test"));
        var envelope = Outbox.Envelope(client.Address, ["a@far.test", client.Address], ("HOLDFOR", "600"));
        var (id, made) = await Outbox.SendAsync(client, email, envelope);
        Assert.Equal("pending", (string)made["undoStatus"]!);
        Assert.Equal(2, await outbox.WaitingAsync(id));
        Assert.Empty(await outbox.QueuedAsync(id));
        var before = (string)(await client.CallAsync("EmailSubmission/get", new() { ["ids"] = new JsonArray() }))["state"]!;

        var undone = await client.CallAsync("EmailSubmission/set", new() { ["update"] = new JsonObject { [id] = new JsonObject { ["undoStatus"] = "canceled" } } });
        Assert.True(undone["updated"]!.AsObject().ContainsKey(id), undone.ToJsonString());
        Assert.Equal(0, await outbox.WaitingAsync(id));
        Assert.Equal("canceled", (string)(await client.CallAsync("EmailSubmission/get", new() { ["ids"] = new JsonArray(id) }))["list"]![0]!["undoStatus"]!);
        var changes = await client.CallAsync("EmailSubmission/changes", new() { ["sinceState"] = before });
        Assert.Equal([id], changes["updated"]!.AsArray().Select(each => (string)each!));

        var (gone, _) = await Outbox.SendAsync(client, email);
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
        given.TryAdd("emailId", await outbox.AppendAsync(client, Outbox.Message(client, "a@far.test")));
        Assert.Equal(error, (string)(await Outbox.CreateAsync(client, given))["notCreated"]!["k"]!["type"]!);
    }

    [Theory]
    [InlineData("invalidEmail", "To: a@far.test\n\ntext")]
    [InlineData("forbiddenFrom", "From: other@example.test\nTo: a@far.test\n\ntext")]
    [InlineData("forbiddenFrom", "From: ME, other@example.test\nTo: a@far.test\n\ntext")]
    [InlineData("forbiddenFrom", "From: ME\nSender: other@example.test\nTo: a@far.test\n\ntext")]
    [InlineData("forbiddenFrom", "Resent-From: ME\nFrom: other@example.test\nTo: a@far.test\n\ntext")]
    [InlineData("forbiddenFrom", "Resent-From: other@far.test\nFrom: ME\nTo: a@far.test\n\ntext")]
    [InlineData("invalidEmail", "From: ME\nTo: a@far.test\n\nbare\rreturn")]
    public async Task Messages_that_cannot_be_sent_are_refused(string error, string text)
    {
        var client = await JmapClient.MakeAsync(server, "send-messages");
        var email = await outbox.AppendAsync(client, text.Replace("ME", client.Address, StringComparison.Ordinal));
        var refused = await Outbox.CreateAsync(client, new() { ["identityId"] = Own, ["emailId"] = email });
        Assert.Equal(error, (string)refused["notCreated"]!["k"]!["type"]!);
    }

    /// <summary>RFC 5322 §3.6.6: it keeps its author's From.</summary>
    [Fact]
    public async Task A_message_of_somebody_elsewhere_may_be_sent_again()
    {
        var client = await JmapClient.MakeAsync(server, "send-again");
        var email = await outbox.AppendAsync(client, $"Resent-From: {client.Address}\nFrom: author@elsewhere.example\nTo: a@far.test\n\ntext");
        var (id, made) = await Outbox.SendAsync(client, email);
        Assert.Equal(client.Address, (string)made["envelope"]!["mailFrom"]!["email"]!);
        Assert.Contains("\r\nFrom: author@elsewhere.example\r\n", await outbox.BodyAsync(await outbox.SingleAsync(id)), StringComparison.Ordinal);
    }

    /// <summary>Relaxed DMARC passes for all domains of one organization, hosted here or not.</summary>
    [Fact]
    public async Task A_message_of_a_sibling_domain_is_not_sent_again()
    {
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Post, "/admin/v1/tenants/demo/domains", """{"domain":"students.uni.example"}""")).Status);
        var client = await JmapClient.MakeAsync(server, "again@students.uni.example");
        foreach (var (author, error) in new[] { ("dean@staff.uni.example", "forbiddenFrom"), ("dean@uni.example", "forbiddenFrom"), ("dean@staff.college.example", null) })
        {
            var email = await outbox.AppendAsync(client, $"Resent-From: {client.Address}\nFrom: {author}\nTo: a@far.test\n\ntext");
            var answer = await Outbox.CreateAsync(client, new() { ["identityId"] = Own, ["emailId"] = email });
            Assert.Equal(error, (string?)answer["notCreated"]?["k"]?["type"]);
        }
    }

    [Fact]
    public async Task There_may_be_so_many_recipients()
    {
        var client = await JmapClient.MakeAsync(server, "send-many");
        var email = await outbox.AppendAsync(client, Outbox.Message(client, "a@far.test"));
        var envelope = Outbox.Envelope(client.Address, [.. Enumerable.Range(0, 1001).Select(i => $"u{i}@far.test")]);
        var refused = await Outbox.CreateAsync(client, new() { ["identityId"] = Own, ["emailId"] = email, ["envelope"] = envelope });
        Assert.Equal(("tooManyRecipients", 1000), ((string)refused["notCreated"]!["k"]!["type"]!, (int)refused["notCreated"]!["k"]!["maxRecipients"]!));
    }

    [Fact]
    public async Task Who_may_only_receive_does_not_send()
    {
        var client = await JmapClient.MakeAsync(server, "send-not");
        var email = await outbox.AppendAsync(client, Outbox.Message(client, "a@far.test"));
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Put, $"/admin/v1/addresses/{client.Address}", """{"state":"receive-only"}""")).Status);
        var refused = await Outbox.CreateAsync(client, new() { ["identityId"] = Own, ["emailId"] = email });
        Assert.Equal("forbiddenToSend", (string)refused["notCreated"]!["k"]!["type"]!);
    }

    /// <summary>An attempt that ended after its mail was queued: the client, who never heard of it, sends again.</summary>
    [Fact]
    public async Task What_is_repeated_after_a_doubt_is_the_same_mail()
    {
        var client = await JmapClient.MakeAsync(server, "send-doubt");
        var email = await outbox.AppendAsync(client, Outbox.Message(client, "a@far.test"));
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

        var (id, _) = await Outbox.SendAsync(client, email);
        Assert.Equal($"s{delivery}", id);
        Assert.Equal(delivery, (await outbox.SingleAsync(id)).Id);
        var (next, _) = await Outbox.SendAsync(client, email);
        Assert.NotEqual(id, next);
    }

    [Fact]
    public async Task Submissions_are_asked_for_by_what_they_are()
    {
        var client = await JmapClient.MakeAsync(server, "send-query");
        var (one, two) = (await outbox.AppendAsync(client, Outbox.Message(client, "a@far.test")), await outbox.AppendAsync(client, Outbox.Message(client, "b@far.test")));
        var (first, _) = await Outbox.SendAsync(client, one);
        var (second, _) = await Outbox.SendAsync(client, two, Outbox.Envelope(client.Address, ["b@far.test"], ("HOLDFOR", "600")));

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

    /// <summary>A recipient was told to be late and then had failed; the first report is deleted, and one went elsewhere.</summary>
    [Fact]
    public async Task Reports_about_a_submission_are_those_in_the_mailbox()
    {
        var client = await JmapClient.MakeAsync(server, "send-reports");
        var (id, _) = await Outbox.SendAsync(client, await outbox.AppendAsync(client, Outbox.Message(client, "a@far.test")));
        var delivery = (await outbox.SingleAsync(id)).Id;
        var (late, failed, elsewhere) = (delivery.Derive("late"), delivery.Derive("failed"), delivery.Derive("elsewhere"));
        foreach (var report in (DeliveryId[])[late, failed])
        {
            await outbox.AppendAsync(client, "From: postmaster@example.test\n\nreport", report);
        }

        var now = DateTimeOffset.UtcNow;
        await server.Services.GetRequiredService<IGrainFactory>().GetGrain<ITraceGrain>(TraceShards.Of(delivery.ToString(), now)).RecordAsync(
        [
            Event(TraceKind.Reported, 3) with { Other = failed },
            Event(TraceKind.Reported, 1) with { Other = late },
            Event(TraceKind.Reported, 2) with { Other = elsewhere },
            Event(TraceKind.Failed, 3) with { Reply = "550 5.1.1 no such user" },
        ]);

        Assert.Equal([$"m{late}", $"m{failed}"], await ReportsAsync());
        await client.CallAsync("Email/set", new() { ["destroy"] = new JsonArray(ObjectIds.OfEmail(late.Value)) });
        Assert.Equal([$"m{failed}"], await ReportsAsync());

        TraceEvent Event(TraceKind kind, int milliseconds) => new() { Delivery = delivery, At = now.AddMilliseconds(milliseconds), Kind = kind, Recipients = ["a@far.test"] };

        async Task<string[]> ReportsAsync()
        {
            var got = (await client.CallAsync("EmailSubmission/get", new() { ["ids"] = new JsonArray(id) }))["list"]![0]!;
            Assert.Equal(("no", "550 5.1.1 no such user"), ((string)got["deliveryStatus"]!["a@far.test"]!["delivered"]!, (string)got["deliveryStatus"]!["a@far.test"]!["smtpReply"]!));
            var alone = (await client.CallAsync("EmailSubmission/get", new() { ["ids"] = new JsonArray(id), ["properties"] = new JsonArray("dsnBlobIds") }))["list"]![0]!;
            Assert.True(JsonNode.DeepEquals(got["dsnBlobIds"], alone["dsnBlobIds"]));
            return [.. got["dsnBlobIds"]!.AsArray().Select(blob => (string)blob!)];
        }
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
    public async Task What_is_no_identity_is_told_beside_what_was_done()
    {
        // RFC 8620 §5.3: each record succeeds or fails by itself.
        var client = await JmapClient.MakeAsync(server, "identity-wrong");
        var set = await client.CallAsync("Identity/set", new()
        {
            ["create"] = new JsonObject { ["a"] = new JsonObject { ["name"] = "A", ["email"] = client.Address }, ["b"] = 7, ["c"] = null, ["d"] = new JsonArray() },
            ["update"] = new JsonObject { [Own] = new JsonObject { ["name"] = "Own" }, ["#a"] = "x", ["none"] = new JsonObject() },
            ["destroy"] = new JsonArray("none", "none"),
        });
        Assert.Equal(["a"], set["created"]!.AsObject().Select(made => made.Key));
        Assert.Equal(["b invalidProperties", "c invalidProperties", "d invalidProperties"], set["notCreated"]!.AsObject().Select(each => $"{each.Key} {each.Value!["type"]}"));
        Assert.Equal([Own], set["updated"]!.AsObject().Select(made => made.Key));
        var made = (string)set["created"]!["a"]!["id"]!;
        Assert.Equal([$"{made} invalidPatch", "none notFound"], set["notUpdated"]!.AsObject().Select(each => $"{each.Key} {each.Value!["type"]}"));
        Assert.Equal(["none notFound"], set["notDestroyed"]!.AsObject().Select(each => $"{each.Key} {each.Value!["type"]}"));

        // What is wrong of the call as a whole changes nothing.
        foreach (var wrong in (JsonObject[])[new() { ["destroy"] = 1 }, new() { ["update"] = new JsonArray() }, new() { ["other"] = 1 }])
        {
            wrong["create"] = new JsonObject { ["e"] = new JsonObject { ["name"] = "E", ["email"] = client.Address } };
            Assert.Equal("invalidArguments", await client.FailAsync("Identity/set", wrong));
        }

        Assert.Equal((string)set["newState"]!, (string)(await client.CallAsync("Identity/get"))["state"]!);
    }

    [Fact]
    public async Task One_Email_set_follows_what_was_sent()
    {
        // RFC 8621 §7.5: right after the submissions, before the next call, of the Emails of those that succeeded and of no others.
        var client = await JmapClient.MakeAsync(server, "send-follow");
        var (sent, gone) = (await outbox.AppendAsync(client, Outbox.Message(client, "a@far.test")), await outbox.AppendAsync(client, Outbox.Message(client, "b@far.test")));
        var (refused, other) = (await outbox.AppendAsync(client, Outbox.Message(client, "a@far.test") + " of which nothing is sent"), await outbox.AppendAsync(client, Outbox.Message(client, "c@far.test")));
        var draft = new JsonObject { ["keywords/$draft"] = true };
        await client.CallAsync("Email/set", new() { ["update"] = new JsonObject { [sent] = draft.DeepClone(), [refused] = draft.DeepClone(), [other] = draft } });
        var response = await client.RunAsync(
        [
            new JsonArray("EmailSubmission/set", new JsonObject
            {
                ["accountId"] = client.Account,
                ["create"] = new JsonObject
                {
                    ["k"] = new JsonObject { ["identityId"] = Own, ["emailId"] = sent },
                    ["d"] = new JsonObject { ["identityId"] = Own, ["emailId"] = gone },
                    ["no"] = new JsonObject { ["identityId"] = "none", ["emailId"] = refused },
                },
                ["onSuccessUpdateEmail"] = new JsonObject
                {
                    ["#k"] = new JsonObject { ["keywords/$draft"] = null, ["keywords/$answered"] = true },
                    ["#no"] = new JsonObject { ["keywords/$draft"] = null },
                },
                ["onSuccessDestroyEmail"] = new JsonArray("#d", "#no", "#nobody"),
            }, "c0"),
            new JsonArray("Email/get", new JsonObject { ["accountId"] = client.Account, ["ids"] = new JsonArray(sent, gone, refused, other), ["properties"] = new JsonArray("keywords") }, "c1"),
        ]);
        var answers = response["methodResponses"]!.AsArray();
        Assert.Equal(["EmailSubmission/set c0", "Email/set c0", "Email/get c1"], answers.Select(each => $"{each![0]} {each[2]}"));
        Assert.Equal(["k", "d"], answers[0]![1]!["created"]!.AsObject().Select(made => made.Key));
        Assert.Equal(["no"], answers[0]![1]!["notCreated"]!.AsObject().Select(made => made.Key));

        var followed = answers[1]![1]!;
        Assert.True(JsonNode.DeepEquals(new JsonObject { [sent] = null }, followed["updated"]), followed.ToJsonString());
        Assert.True(JsonNode.DeepEquals(new JsonArray(gone), followed["destroyed"]), followed.ToJsonString());
        Assert.All((string[])["created", "notCreated", "notUpdated", "notDestroyed"], member => Assert.Null(followed[member]));
        Assert.NotEqual((string)followed["oldState"]!, (string)followed["newState"]!);

        // The call that comes after it sees what it has done.
        Assert.Equal((string)followed["newState"]!, (string)answers[2]![1]!["state"]!);
        Assert.Equal([gone], answers[2]![1]!["notFound"]!.AsArray().Select(id => (string)id!));
        Assert.Equal(
            [$"{sent} $answered", $"{refused} $draft", $"{other} $draft"],
            answers[2]![1]!["list"]!.AsArray().Select(email => $"{email!["id"]} {string.Join(' ', email["keywords"]!.AsObject().Select(keyword => keyword.Key))}"));
    }

    /// <summary>RFC 8621 §7.5: what follows may fail, of what was sent all the same; of what was not sent nothing follows.</summary>
    [Fact]
    public async Task What_follows_may_fail_and_nothing_follows_what_failed()
    {
        var client = await JmapClient.MakeAsync(server, "send-follow-not");
        var (sent, kept, gone) = (await AppendAsync(), await AppendAsync(), await AppendAsync());
        var answers = (await client.RunAsync(
        [
            new JsonArray("EmailSubmission/set", new JsonObject
            {
                ["accountId"] = client.Account,
                ["create"] = new JsonObject
                {
                    ["sent"] = new JsonObject { ["identityId"] = Own, ["emailId"] = sent },
                    ["gone"] = new JsonObject { ["identityId"] = Own, ["emailId"] = gone },
                    ["not"] = new JsonObject { ["identityId"] = Own, ["emailId"] = kept, ["envelope"] = Outbox.Envelope(client.Address, []) },
                },
                ["onSuccessUpdateEmail"] = new JsonObject { ["#sent"] = new JsonObject { ["mailboxIds"] = new JsonObject() }, ["#not"] = new JsonObject { ["keywords/$seen"] = true }, ["#never"] = new JsonObject() },
                ["onSuccessDestroyEmail"] = new JsonArray("#gone", "#not", "#never"),
            }, "c"),
        ]))["methodResponses"]!.AsArray();

        Assert.Equal(["EmailSubmission/set c", "Email/set c"], answers.Select(answer => $"{(string)answer![0]!} {(string)answer[2]!}"));
        var (submissions, emails) = (answers[0]![1]!, answers[1]![1]!);
        Assert.Equal(["sent", "gone"], submissions["created"]!.AsObject().Select(made => made.Key));
        Assert.Equal("noRecipients", (string)submissions["notCreated"]!["not"]!["type"]!);
        Assert.Equal([sent], emails["notUpdated"]!.AsObject().Select(failed => failed.Key));
        Assert.Equal([gone], emails["destroyed"]!.AsArray().Select(each => (string)each!));
        Assert.NotEmpty(await outbox.QueuedAsync((string)submissions["created"]!["sent"]!["id"]!));
        var left = (await client.CallAsync("Email/get", new() { ["ids"] = new JsonArray(sent, kept, gone), ["properties"] = new JsonArray("keywords") }))["list"]!.AsArray();
        Assert.Equal(new[] { sent, kept }.Order(), left.Select(email => (string)email!["id"]!).Order());
        Assert.All(left, email => Assert.Empty(email!["keywords"]!.AsObject()));

        var none = await client.RunAsync(
        [
            new JsonArray("EmailSubmission/set", new JsonObject
            {
                ["accountId"] = client.Account,
                ["create"] = new JsonObject { ["not"] = new JsonObject { ["identityId"] = Own, ["emailId"] = gone } },
                ["onSuccessDestroyEmail"] = new JsonArray("#not"),
            }, "c"),
        ]);
        Assert.Single(none["methodResponses"]!.AsArray());

        Task<string> AppendAsync() => outbox.AppendAsync(client, Outbox.Message(client, "a@far.test"));
    }

    private static JsonArray Sort(string property, bool isAscending = true) => [new JsonObject { ["property"] = property, ["isAscending"] = isAscending }];
}
