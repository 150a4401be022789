using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace MailCloud.EndToEnd.Tests;

/// <summary>What the README promises a newcomer: a message in by any client, out by any other.</summary>
public sealed class FirstMessageTests
{
    [Fact]
    public async Task Mail_sent_with_swaks_curl_and_MailKit_is_read_with_curl_and_MailKit()
    {
        var data = ServerProcess.NewDataDirectory();
        await using var server = await ServerProcess.StartAsync(data, offset: 20000);

        await MailClients.RunAsync(
            "swaks", "--server", $"127.0.0.1:{server.Smtp}", "--from", "someone@example.org", "--to", "bob@example.test", "--header", "Subject: by swaks");
        await MailClients.RunAsync(
            "swaks", "--server", $"127.0.0.1:{server.Submission}", "--auth", "PLAIN", "--auth-user", "alice@example.test", "--auth-password", "mailcloud",
            "--from", "alice@example.test", "--to", "bob@example.test", "--header", "Subject: by submission", "--tls");
        await SendWithCurlAsync(server);
        await SendWithMailKitAsync(server);

        using var client = await MailClients.LoginAsync(server, "bob@example.test", "mailcloud");
        await MailClients.UntilAsync(client, 4);
        var summaries = await client.Inbox.FetchAsync(0, -1, MessageSummaryItems.Envelope);
        Assert.Equal(["by submission", "by swaks", "用 MailKit", "由 curl"], summaries.Select(s => s.Envelope!.Subject).Order(StringComparer.Ordinal));

        var read = await MailClients.RunAsync(
            "curl", "-s", $"imap://127.0.0.1:{server.Imap.ToString(CultureInfo.InvariantCulture)}/INBOX;UID=1", "-u", "bob@example.test:mailcloud");
        Assert.Contains("This is a test mailing", read, StringComparison.Ordinal);
        Directory.Delete(data, recursive: true);
    }

    private static async Task SendWithCurlAsync(ServerProcess server)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "From: someone@example.org\r\nSubject: =?utf-8?B?55SxIGN1cmw=?=\r\n\r\nhello\r\n", Encoding.ASCII);
        await MailClients.RunAsync(
            "curl", "-s", "-S", $"smtp://127.0.0.1:{server.Smtp}/client.example", "--mail-from", "someone@example.org", "--mail-rcpt", "bob@example.test", "-T", file);
        File.Delete(file);
    }

    private static async Task SendWithMailKitAsync(ServerProcess server)
    {
        using var own = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(server.Data, "tls", "default.crt"));
        using var client = new SmtpClient { ServerCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == own.GetCertHashString() };
        await client.ConnectAsync("127.0.0.1", server.Submissions, SecureSocketOptions.SslOnConnect);
        await client.AuthenticateAsync("alice@example.test", "mailcloud");
        await client.SendAsync(new MimeMessage(
            [new MailboxAddress("Alice", "alice@example.test")], [new MailboxAddress("Bob", "bob@example.test")], "用 MailKit", new TextPart("plain") { Text = "你好" }));
        await client.DisconnectAsync(quit: true);
    }
}
