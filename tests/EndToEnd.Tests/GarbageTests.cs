using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests;

/// <summary>What no client should send, to every port: each connection comes to its end, nothing is an error of the server's, and mail goes through as before.</summary>
public sealed class GarbageTests(ITestOutputHelper output)
{
    private const int Seed = 20261124;

    private static readonly string[] Halves =
    [
        "", "\r\n", "E", "EHLO", "EHLO x\r\nMAIL FROM:<", "EHLO x\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\nSubject: half",
        "EHLO x\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<bob@example.test>\r\nBDAT 1000 LAST\r\nhalf", "EHLO x\r\nAUTH PLAIN", "EHLO x\r\nAUTH PLAIN\r\nAAA", "STARTTLS\r\n", "EHLO x\r\nSTARTTLS\r\nEHLO",
        "a", "a LOGIN {10}\r\nabc", "a LOGIN {99999999999999999999}\r\n", "a LOGIN bob@example.test mailcloud\r\nb SELECT INBOX\r\nc FETCH 1:* (BODY[", "a AUTHENTICATE PLAIN\r\nAAA", "a STARTTLS\r\nb",
        "USER bob@example.test\r\nPASS", "USER bob@example.test\r\nPASS mailcloud\r\nRETR 1\r\nDELE 1\r\nTOP 1", "AUTH PLAIN\r\nAAA", "STLS\r\nUIDL",
        "GET /", "GET / HTTP/1.1\r\nHost:", "POST /admin/accounts/import HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
        "\u0016\u0003\u0001", "\u0016\u0003\u0001\u0002\0\u0001\0\u0001ü\u0003\u0003", "PROXY TCP4 1.2.3.4", "\0\0\0\0\0\0\0\0",
    ];

    [Fact]
    public async Task Every_port_outlives_what_is_not_its_protocol()
    {
        var data = ServerProcess.NewDataDirectory();
        await using var server = await ServerProcess.StartAsync(data, offset: 24000, arguments: ServerProcess.NoRateLimits);
        (string Name, int Port)[] ports =
        [
            ("SMTP", server.Smtp), ("submission", server.Submission), ("submissions", server.Submissions), ("IMAP", server.Imap), ("IMAPS", server.Imaps),
            ("POP3", server.Pop3), ("POP3S", server.Pop3s), ("HTTP", server.Http), ("admin", new Uri(server.AdminUrl).Port),
        ];
        var sent = 0;
        foreach (var (name, port) in ports)
        {
            var pieces = Pieces().ToArray();
            foreach (var (what, octets) in pieces)
            {
                await EndsAsync($"{what} to {name}", port, octets);
            }

            await HandshakeAsync(server, name, port);
            await MailGoesThroughAsync(server, ++sent);
            output.WriteLine($"{name}: {pieces.Length} connections came to their end");
        }

        using var admin = server.Admin();
        Assert.True((await admin.GetAsync(new Uri("/health/ready", UriKind.Relative))).IsSuccessStatusCode);
        Assert.DoesNotContain(server.Output.Split('\n'), line => line.Contains("Z fail: ", StringComparison.Ordinal) || line.Contains("Z crit: ", StringComparison.Ordinal));
        Directory.Delete(data, recursive: true);
    }

    private static IEnumerable<(string What, byte[] Octets)> Pieces()
    {
        var random = new Random(Seed);
        for (var i = 0; i < 10; i++)
        {
            var octets = new byte[1 << (2 * i)];
            random.NextBytes(octets);
            yield return ($"{octets.Length} random octets", octets);
        }

        var line = new byte[10_000_000];
        Array.Fill(line, (byte)'x');
        yield return ("10 MB without a line end", line);
        yield return ("10 MB of zeros", new byte[10_000_000]);
        yield return ("100,000 empty lines", Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("\r\n", 100_000))));
        foreach (var half in Halves)
        {
            yield return ($"\"{half.ReplaceLineEndings(" / ")}\"", Encoding.Latin1.GetBytes(half));
        }
    }

    /// <summary>Sends the octets, says that no more will come, and reads until the server has closed; it may close before.</summary>
    private static async Task EndsAsync(string what, int port, byte[] octets)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port);
        await using var stream = client.GetStream();
        try
        {
            // Both at once: a server that answers must not wait for a client that only sends.
            var reading = stream.CopyToAsync(Stream.Null, limit.Token);
            await stream.WriteAsync(octets, limit.Token);
            client.Client.Shutdown(SocketShutdown.Send);
            await reading;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // Closed before all was sent or read.
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{what}: the server neither answered nor closed");
        }
    }

    /// <summary>A real ClientHello to a port that speaks plaintext fails at once; to a TLS port it is what it should be.</summary>
    private static async Task HandshakeAsync(ServerProcess server, string name, int port)
    {
        using var own = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(server.Data, "tls", "default.crt"));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port);
        await using var tls = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, (_, certificate, _, _) => certificate?.GetCertHashString() == own.GetCertHashString());
        var error = await Record.ExceptionAsync(() => tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "mail.example.test" }, limit.Token));
        if (name is "submissions" or "IMAPS" or "POP3S")
        {
            Assert.Null(error);
        }
        else
        {
            Assert.True(error is IOException or System.Security.Authentication.AuthenticationException, $"ClientHello to {name}: {error}");
        }
    }

    private static async Task MailGoesThroughAsync(ServerProcess server, int number)
    {
        using var client = new SmtpClient();
        await client.ConnectAsync("127.0.0.1", server.Smtp, SecureSocketOptions.None);
        await client.SendAsync(new MimeMessage(
            [new MailboxAddress("", "someone@example.org")], [new MailboxAddress("", "bob@example.test")], $"after {number}", new TextPart("plain") { Text = "hello" }));
        await client.DisconnectAsync(quit: true);
        using var reader = await MailClients.LoginAsync(server, "bob@example.test", "mailcloud");
        await MailClients.UntilAsync(reader, number);
        Assert.Equal($"after {number}", (await reader.Inbox.GetMessageAsync(number - 1)).Subject);
        Assert.Equal(number, reader.Inbox.Count);
    }
}
