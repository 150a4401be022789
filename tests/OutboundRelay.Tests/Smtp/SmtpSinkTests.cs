using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MailCloud.OutboundRelay.Routing;
using MailCloud.Testing;

namespace MailCloud.OutboundRelay.Tests.Smtp;

/// <summary>Postfix's test host, by its authors' reading of SMTP.</summary>
public sealed class SmtpSinkTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("smtp-sink");

    public void Dispose() => folder.Delete(recursive: true);

    [Theory]
    [InlineData("-8")]
    [InlineData("-8p")]
    public async Task Several_messages_on_one_connection_arrive_as_they_are(string without)
    {
        // It does not run as root unless it is told so.
        string[] user = Environment.UserName == "root" ? ["-u", "root"] : [];
        var port = FreePort.Find();
        using var sink = Process.Start(new ProcessStartInfo("/usr/sbin/smtp-sink", [without, .. user, "-d", Path.Combine(folder.FullName, "%M."), $"127.0.0.1:{port}", "10"]))!;
        try
        {
            await UntilItListensAsync(port);
            var host = new MailHost("sink.example", port, [IPAddress.Loopback], HostTls.Opportunistic);
            await using var session = await Relaying.SessionAsync(host);
            Assert.Equal(!without.Contains('p', StringComparison.Ordinal), session.Capabilities.Pipelining);
            foreach (var body in new[] { "Subject: one\r\n\r\n.\r\n..\r\nend\r\n", "Subject: two\r\n\r\n" + new string('x', 900) + "\r\n" })
            {
                var sent = await session.SendAsync(Relaying.Message(body, "a@sink.example", "b@sink.example"), CancellationToken.None);
                Assert.All(sent.Outcomes, o => Assert.IsType<RelayOutcome.Delivered>(o));
            }

            await session.QuitAsync(CancellationToken.None);
            var messages = folder.GetFiles().Select(f => File.ReadAllText(f.FullName, Encoding.Latin1)).Order(StringComparer.Ordinal).ToList();
            Assert.Equal(2, messages.Count);
            Assert.Contains(messages, m => m.Contains("Subject: one\n\n.\n..\nend\n", StringComparison.Ordinal));
            Assert.All(messages, m => Assert.Contains("X-Rcpt-Args: <b@sink.example>", m, StringComparison.Ordinal));
        }
        finally
        {
            sink.Kill();
            await sink.WaitForExitAsync();
        }
    }

    private static async Task UntilItListensAsync(int port)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, port, limit.Token);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(50, limit.Token);
            }
        }
    }
}
