using System.Text;
using MailKit;
using MailKit.Net.Pop3;
using MailKit.Security;

namespace MailCloud.EndToEnd.Tests;

/// <summary>RFC 821 §3.4 through the whole server: SEND, SOML and SAML by alice, and bob's IMAP session as his terminal.</summary>
public sealed class TerminalTests
{
    [Fact]
    public async Task Who_idles_reads_what_is_sent_and_finds_what_was_mailed()
    {
        var data = ServerProcess.NewDataDirectory();
        await using var server = await ServerProcess.StartAsync(data, offset: 23700);
        using var alice = await SubmitterAsync(server);

        // Nobody there: SEND is refused, SOML is mail.
        await alice.CommandAsync("SEND FROM:<alice@example.test>", "250");
        await alice.CommandAsync("RCPT TO:<bob@example.test>", "450 4.2.1");
        await alice.CommandAsync("RSET", "250");
        await SendAsync(alice, "SOML", "while you were out");
        await UntilFiledAsync(server, "bob@example.test");

        using var bob = await RawConnection.OpenAsync(server.Imap);
        await bob.LineAsync();
        await bob.ImapAsync("LOGIN bob@example.test mailcloud");
        await bob.ImapAsync("SELECT INBOX");
        await bob.SendAsync("i IDLE\r\n"u8.ToArray());
        Assert.Equal("+ idling", await bob.LineAsync());

        await SendAsync(alice, "SEND", "one");
        Assert.Equal("* OK [ALERT] Message from alice@example.test: one: text of one", await bob.LineAsync());
        await SendAsync(alice, "SOML", "two");
        Assert.Equal("* OK [ALERT] Message from alice@example.test: two: text of two", await bob.LineAsync());
        await SendAsync(alice, "SAML", "three");
        var told = new[] { await bob.LineAsync(), await bob.LineAsync(), await bob.LineAsync() };
        Assert.Equal(["* 2 EXISTS", "* 2 RECENT", "* OK [ALERT] Message from alice@example.test: three: text of three"], told.Order(StringComparer.Ordinal));

        // Who does not idle reads it with the next response; what is too long for an alert is in the mailbox too. Of what was shown whole nothing is.
        await bob.SendAsync("DONE\r\n"u8.ToArray());
        Assert.StartsWith("i OK", await bob.LineAsync(), StringComparison.Ordinal);
        await SendAsync(alice, "SEND", new string('x', 300));
        Assert.StartsWith($"* OK [ALERT] Message from alice@example.test: {new string('x', 78)}: text of xx", await NextAlertAsync(bob), StringComparison.Ordinal);
        using var reader = await MailClients.LoginAsync(server, "bob@example.test", "mailcloud");
        await MailClients.UntilAsync(reader, 3);
        var filed = await reader.Inbox.FetchAsync(0, -1, MessageSummaryItems.Envelope);
        Assert.Equal(["while you were out", "three", new string('x', 300)], filed.Select(message => message.Envelope!.Subject));
        Directory.Delete(data, recursive: true);
    }

    // By POP3, whose sessions are no terminals: an IMAP session that is there first would be shown what it waits for.
    private static async Task UntilFiledAsync(ServerProcess server, string user)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        for (var messages = 0; messages == 0;)
        {
            using var client = new Pop3Client();
            await client.ConnectAsync("127.0.0.1", server.Pop3, SecureSocketOptions.None, limit.Token);
            await client.AuthenticateAsync(user, "mailcloud", limit.Token);
            messages = client.Count;
            await client.DisconnectAsync(quit: true, limit.Token);
        }
    }

    private static async Task<string> NextAlertAsync(RawConnection session)
    {
        while (true)
        {
            await session.SendAsync("n NOOP\r\n"u8.ToArray());
            var alert = "";
            for (var line = ""; !line.StartsWith("n OK", StringComparison.Ordinal); line = await session.LineAsync())
            {
                alert = line.StartsWith("* OK [ALERT]", StringComparison.Ordinal) ? line : alert;
            }

            if (alert.Length > 0)
            {
                return alert;
            }
        }
    }

    private static async Task<RawConnection> SubmitterAsync(ServerProcess server)
    {
        var alice = await RawConnection.OpenSmtpAsync(server.Submission);
        await alice.CommandAsync("AUTH PLAIN " + Convert.ToBase64String(Encoding.ASCII.GetBytes("\0alice@example.test\0mailcloud")), "235");
        return alice;
    }

    private static async Task SendAsync(RawConnection alice, string verb, string subject)
    {
        await alice.CommandAsync($"{verb} FROM:<alice@example.test>", "250");
        await alice.CommandAsync("RCPT TO:<bob@example.test>", "250");
        await alice.CommandAsync("DATA", "354");
        await alice.CommandAsync($"Subject: {subject}\r\n\r\ntext of {subject}\r\n.", "250");
    }
}
