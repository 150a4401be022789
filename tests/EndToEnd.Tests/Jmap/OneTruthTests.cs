using System.Text.Json.Nodes;
using MailCloud.EndToEnd.Tests.Clients;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Net.Smtp;
using MailKit.Search;
using MailKit.Security;
using MimeKit;

namespace MailCloud.EndToEnd.Tests.Jmap;

/// <summary>What one of SMTP, IMAP, JMAP and POP3 changes is told to clients of all the others that can be told: those of an event source, of a WebSocket and of IDLE. A new POP3 session has it too.</summary>
[Collection(ClientCollection.Name)]
public sealed class OneTruthTests(ClientServer server)
{
    [Fact]
    public async Task Each_protocol_sees_what_the_others_change()
    {
        var user = await server.NewAccountAsync();
        await using var watchers = await Watchers.OpenAsync(server, user);
        using var imap = await server.ConnectAsync(user);
        await imap.Inbox.OpenAsync(FolderAccess.ReadWrite);

        // SMTP delivers.
        var delivered = await watchers.HearAsync(() => DeliverAsync(user), idle: "1 messages");
        var email = Assert.Single(delivered.Created);

        // JMAP reads it, and IMAP sees that.
        var seen = await watchers.HearAsync(() => watchers.SetAsync("update", new JsonObject { [email] = new JsonObject { ["keywords/$seen"] = true } }), idle: "flags Seen");
        Assert.Equal([email], seen.Updated);
        await imap.NoOpAsync();
        Assert.Single(await imap.Inbox.SearchAsync(SearchQuery.Seen));

        // IMAP flags it, and JMAP sees that.
        var flagged = await watchers.HearAsync(() => imap.Inbox.StoreAsync(0, new StoreFlagsRequest(StoreAction.Add, MessageFlags.Flagged)), idle: "flags Seen, Flagged");
        Assert.Equal([email], flagged.Updated);
        var got = await watchers.Session.CallAsync("Email/get", new() { ["ids"] = new JsonArray(email), ["properties"] = new JsonArray("keywords") });
        Assert.Equal("""{"$flagged":true,"$seen":true}""", Sorted(got["list"]![0]!["keywords"]!.AsObject()));

        // JMAP makes a second one, and POP3 has both.
        var made = await watchers.HearAsync(() => watchers.MakeAsync(), idle: "2 messages");
        Assert.Single(made.Created);
        using var pop = await server.ConnectPop3Async();
        await pop.AuthenticateAsync(user, ClientServer.Password);
        Assert.Equal(2, pop.Count);

        // POP3 removes the first.
        var removed = await watchers.HearAsync(
            async () =>
            {
                await pop.DeleteMessageAsync(0);
                await pop.DisconnectAsync(quit: true);
            },
            idle: "expunged");
        Assert.Equal([email], removed.Destroyed);

        // JMAP destroys the other.
        var destroyed = await watchers.HearAsync(() => watchers.SetAsync("destroy", new JsonArray(made.Created[0])), idle: "expunged");
        Assert.Equal(made.Created, destroyed.Destroyed);
        await imap.NoOpAsync();
        Assert.Empty(imap.Inbox);
        await imap.DisconnectAsync(quit: true);
    }

    private async Task DeliverAsync(string user)
    {
        using var smtp = new SmtpClient();
        await smtp.ConnectAsync("127.0.0.1", server.Process.Smtp, SecureSocketOptions.None);
        using var message = new MimeMessage();
        message.From.Add(MailboxAddress.Parse("outside@elsewhere.example"));
        message.To.Add(MailboxAddress.Parse(user));
        message.Subject = "一个事实";
        message.Body = new TextPart("plain") { Text = "delivered" };
        await smtp.SendAsync(message);
        await smtp.DisconnectAsync(quit: true);
    }

    private static string Sorted(JsonObject set) => new JsonObject(set.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone()))).ToJsonString();
}
