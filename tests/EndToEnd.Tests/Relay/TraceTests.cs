using System.Text.Json;
using MimeKit;

namespace MailCloud.EndToEnd.Tests.Relay;

/// <summary>What an operator is told of a message that alice submits, or that comes from elsewhere: one outcome for each of its recipients, from the first command to the last reply.</summary>
[Collection(RelayDefinition.Name)]
public sealed class TraceTests(RelayWorld world)
{
    [Fact]
    public async Task A_message_to_two_mailboxes_is_shown_from_its_session_to_both_uids()
    {
        await Accounts.ImportAsync(world.Server, [("dora@example.test", "mailcloud")]);
        var message = Message("dora@example.test", "bob@example.test");
        await world.SubmitAsync(message);

        var traced = await UntilAsync(message.MessageId!, events => Of(events, "filed").Count == 2);
        var accepted = Assert.Single(Of(traced, "accepted"));
        var session = accepted.GetProperty("session");
        Assert.Equal(
            ("127.0.0.1", "submission", "alice@example.test", "alice@example.test", "demo"),
            (Text(session, "client"), Text(session, "listener"), Text(session, "account"), Text(session, "sender"), Text(session, "tenant")));
        Assert.StartsWith("TLS1.", Text(session, "tls"), StringComparison.Ordinal);
        Assert.StartsWith("250 2.0.0 queued as ", Text(accepted, "reply"), StringComparison.Ordinal);
        Assert.Equal(["bob@example.test", "dora@example.test"], Recipients(accepted).Order(StringComparer.Ordinal));
        foreach (var recipient in (string[])["bob@example.test", "dora@example.test"])
        {
            var filing = Assert.Single(Of(traced, "filed"), e => Recipients(e).Single() == recipient).GetProperty("filing");
            using var client = await MailClients.LoginAsync(world.Server, recipient, "mailcloud");
            await client.Inbox.OpenAsync(MailKit.FolderAccess.ReadOnly);
            var found = await client.Inbox.SearchAsync(MailKit.Search.SearchQuery.HeaderContains("Message-ID", message.MessageId!));
            Assert.Equal((found.Single().Id, client.Inbox.UidValidity, "INBOX"), (filing.GetProperty("uid").GetUInt32(), filing.GetProperty("uidValidity").GetUInt32(), Text(filing, "folder")));
        }

        Assert.Equal(traced.Select(At).Order(), traced.Select(At));
    }

    [Fact]
    public async Task Of_three_recipients_each_has_the_remote_hosts_reply_and_the_report_has_its_id()
    {
        var message = Message("first@exim.test", "nobody@exim.test", "third@exim.test");
        await world.SubmitAsync(message);

        var traced = await UntilAsync(message.MessageId!, events => Of(events, "reported").Count == 1 && Of(events, "relayed").Sum(e => e.GetProperty("count").GetInt32()) == 2);
        Assert.Equal(["first@exim.test", "third@exim.test"], Of(traced, "relayed").SelectMany(Recipients).Order(StringComparer.Ordinal));
        var hop = Of(traced, "relayed")[0].GetProperty("hop");
        Assert.Equal(("mx.exim.test", world.Exim.Address), (Text(hop, "host"), Text(hop, "address")));
        Assert.Matches("^TLS1[.][23] [A-Z0-9_]+ unproven$", Text(hop, "tls"));
        Assert.All(Of(traced, "relayed"), e => Assert.StartsWith("250 ", Text(e, "reply"), StringComparison.Ordinal));
        var failed = Assert.Single(Of(traced, "failed"));
        Assert.Equal(["nobody@exim.test"], Recipients(failed));
        Assert.Contains("550 there is no such user", Text(failed, "reply"), StringComparison.Ordinal);

        // The report is a message of its own.
        var report = Text(Of(traced, "reported")[0], "other")!;
        var reported = await UntilAsync(report, events => Of(events, "filed").Count == 1);
        Assert.Equal(["alice@example.test"], Recipients(Of(reported, "filed")[0]));
    }

    [Fact]
    public async Task Who_was_put_off_and_got_it_later_has_both_replies()
    {
        var message = Message("later@exim.test");
        await world.SubmitAsync(message);
        var put = await UntilAsync(message.MessageId!, events => Of(events, "deferred").Count == 1);
        Assert.Contains("451 come back later", Text(Of(put, "deferred")[0], "reply"), StringComparison.Ordinal);
        Assert.Single(Of(put, "spooled"));

        world.Exim.Open("later");
        using (var admin = world.Server.Admin())
        {
            using var answer = await admin.PostAsync(new Uri($"/admin/v1/spool/{Text(Of(put, "accepted")[0], "reply")!.Split(' ')[^1]}/retry", UriKind.Relative), null);
            Assert.True(answer.IsSuccessStatusCode);
        }

        var traced = await UntilAsync(message.MessageId!, events => Of(events, "relayed").Count == 1);
        Assert.Equal(["accepted", "spooled", "deferred", "reported", "relayed"], traced.Select(e => Text(e, "kind")));
        Assert.StartsWith("250 ", Text(traced[^1], "reply"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recipient_who_was_refused_at_rcpt_is_shown_with_the_reply()
    {
        using var connection = await RawConnection.OpenAsync(world.Server.Smtp);
        await connection.ExpectAsync("220");
        var id = $"{Guid.NewGuid():N}@other.host.test";
        await connection.CommandAsync("HELO other.host.test", "250");
        await connection.CommandAsync("MAIL FROM:<eve@other.host.test>", "250");
        await connection.CommandAsync("RCPT TO:<nobody@example.test>", "550");
        await connection.CommandAsync("RCPT TO:<bob@example.test>", "250");
        await connection.CommandAsync("DATA", "354");
        await connection.CommandAsync($"Message-ID: <{id}>\r\n\r\nhello\r\n.", "250");
        await connection.CommandAsync("QUIT", "221");

        var traced = await UntilAsync(id, events => Of(events, "filed").Count == 1);
        Assert.Equal(["recipientRefused", "accepted", "filed"], traced.Select(e => Text(e, "kind")));
        Assert.Equal(["nobody@example.test"], Recipients(traced[0]));
        Assert.Equal("550 5.1.1 no such user here", Text(traced[0], "reply"));
        Assert.Equal("other.host.test", Text(traced[1].GetProperty("session"), "hello"));
    }

    private static MimeMessage Message(params string[] to)
    {
        var message = new MimeMessage { Subject = "traced", Body = new TextPart("plain") { Text = "hello\r\n" } };
        message.From.Add(MailboxAddress.Parse("alice@example.test"));
        message.To.AddRange(to.Select(address => MailboxAddress.Parse(address)));
        return message;
    }

    /// <summary>The events of the one message with an id, once they are as expected: they are there about two seconds after they have happened.</summary>
    private async Task<IReadOnlyList<JsonElement>> UntilAsync(string id, Func<IReadOnlyList<JsonElement>, bool> expected)
    {
        using var admin = world.Server.Admin();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        var last = "";
        try
        {
            while (true)
            {
                using var answer = await admin.GetAsync(new Uri($"/admin/v1/trace?message-id={Uri.EscapeDataString($"<{id}>")}", UriKind.Relative), limit.Token);
                last = await answer.Content.ReadAsStringAsync(limit.Token);
                if (answer.IsSuccessStatusCode)
                {
                    using var traced = JsonDocument.Parse(last);
                    var message = Assert.Single(traced.RootElement.GetProperty("messages").EnumerateArray());
                    JsonElement[] events = [.. message.GetProperty("events").EnumerateArray().Select(e => e.Clone())];
                    if (expected(events))
                    {
                        return events;
                    }
                }

                await Task.Delay(TimeSpan.FromMilliseconds(100), limit.Token);
            }
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"no such trace in a minute, but {last}");
            throw;
        }
    }

    private static List<JsonElement> Of(IEnumerable<JsonElement> events, string kind) => [.. events.Where(e => Text(e, "kind") == kind)];

    private static string[] Recipients(JsonElement happened) => [.. happened.GetProperty("recipients").EnumerateArray().Select(r => r.GetString()!)];

    private static DateTimeOffset At(JsonElement happened) => happened.GetProperty("at").GetDateTimeOffset();

    private static string? Text(JsonElement record, string name) => record.GetProperty(name).GetString();
}
