using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using MailCloud.EndToEnd.Tests.Clients;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace MailCloud.EndToEnd.Tests.Jmap;

/// <summary>Somebody goes away by JMAP (RFC 8621 §8), and others write to him by SMTP: each gets one answer, and what comes by a list gets none (RFC 3834).</summary>
[Collection(ClientCollection.Name)]
public sealed class VacationTests(ClientServer server)
{
    [Fact]
    public async Task Who_writes_to_somebody_away_gets_one_answer_and_a_list_none()
    {
        var (alice, bob) = (await server.NewAccountAsync(), await server.NewAccountAsync());
        using var away = await JmapSession.OpenAsync(server.Process, alice, ClientServer.Password);
        var set = await away.CallAsync("VacationResponse/set", new()
        {
            ["update"] = new JsonObject { ["singleton"] = new JsonObject { ["isEnabled"] = true, ["subject"] = "去度假了", ["htmlBody"] = "<p>Back <b>soon</b>.</p>" } },
        });
        Assert.True(set["updated"]!.AsObject().ContainsKey("singleton"), set.ToJsonString());
        using var hers = await OpenAsync(alice);
        using var his = await OpenAsync(bob);

        await SendAsync(bob, alice, "by-a-list@far.test", ("List-Id", "<list.far.test>"));
        await MailClients.UntilAsync(hers, 1);
        await SendAsync(bob, alice, "first@far.test");
        await MailClients.UntilAsync(his, 1);
        await SendAsync(bob, alice, "second@far.test");
        await MailClients.UntilAsync(hers, 3);
        await his.NoOpAsync();

        Assert.Equal(1, his.Inbox.Count);
        using var answer = await his.Inbox.GetMessageAsync(0);
        Assert.Equal((alice, bob, "去度假了"), (answer.From.ToString(), answer.To.ToString(), answer.Subject));
        Assert.Equal(("first@far.test", "auto-replied", "<>"), (answer.InReplyTo, answer.Headers["Auto-Submitted"], answer.Headers["Return-Path"]));
        Assert.Equal("Back soon.", answer.TextBody!.Trim());
        Assert.Contains("<b>soon</b>", answer.HtmlBody, StringComparison.Ordinal);
    }

    private async Task<ImapClient> OpenAsync(string user)
    {
        var client = await server.ConnectAsync(user);
        await client.Inbox.OpenAsync(FolderAccess.ReadOnly);
        return client;
    }

    private async Task SendAsync(string from, string to, string messageId, params (string Name, string Value)[] fields)
    {
        using var own = X509CertificateLoader.LoadCertificateFromFile(server.Certificate);
        using var client = new SmtpClient { ServerCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == own.GetCertHashString() };
        await client.ConnectAsync("127.0.0.1", server.Process.Submissions, SecureSocketOptions.SslOnConnect);
        await client.AuthenticateAsync(from, ClientServer.Password);
        using var message = new MimeMessage { MessageId = messageId, Subject = "hello", Body = new TextPart("plain") { Text = "are you there?" } };
        message.From.Add(MailboxAddress.Parse(from));
        message.To.Add(MailboxAddress.Parse(to));
        foreach (var (name, value) in fields)
        {
            message.Headers.Add(name, value);
        }

        await client.SendAsync(message);
        await client.DisconnectAsync(quit: true);
    }
}
