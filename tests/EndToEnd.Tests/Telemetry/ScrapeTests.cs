using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using MailCloud.EndToEnd.Tests.Jmap;
using MailCloud.EndToEnd.Tests.Relay;
using MailCloud.Testing;
using MailKit.Net.Imap;
using MailKit.Net.Pop3;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests.Telemetry;

/// <summary>Each metric that the pages of the folders promise has a value when all of the platform has been at work, faults among it; and nothing is measured that no page tells of.</summary>
[Collection(ClusterCollection.Name)]
public sealed class ScrapeTests(ITestOutputHelper output)
{
    /// <summary>Recipients on other hosts that an account may write to: more than the test needs but for the one who is to be refused.</summary>
    private const int Cap = 30;

    private const string Alice = "alice@example.test";
    private const string Bob = "bob@example.test";

    /// <summary>What has no value here, and where it is seen to have one.</summary>
    private static readonly Dictionary<string, string> elsewhere = new()
    {
        ["mailcloud.journal.doubts"] = "a write must fail, or another activation write: JournalFaultTests of Mailboxes.Tests",
    };

    private static readonly string[] processes =
        ["mailboxes-1", "mailboxes-2", "smtp-ingress-1", "smtp-ingress-2", "mailbox-access-1", "mailbox-access-2", "local-delivery-1", "local-delivery-2", "outbound-relay-1", "web-1"];

    [Fact]
    public async Task Every_metric_that_a_page_promises_has_a_value()
    {
        var embedded = await EmbeddedAsync();
        await using var sink = LimitedSink.Start(new());
        await using var refusing = RefusingHost.Start();
        await using var breaking = BreakingHost.Start("127.0.0.19", BreakAt.Reply);
        await using var issuer = await TestIssuer.StartAsync();
        await using var cluster = await LocalCluster.StartAsync(offset: 12_900, settings: new Dictionary<string, string>
        {
            ["Relay__Routes__0__Destination"] = "sink.test",
            ["Relay__Routes__0__Host"] = "[127.0.0.1]",
            ["Relay__Routes__0__Port"] = $"{sink.Port}",
            ["Relay__Routes__1__Destination"] = "refusing.test",
            ["Relay__Routes__1__Host"] = "[127.0.0.1]",
            ["Relay__Routes__1__Port"] = $"{refusing.Port}",
            ["Relay__Routes__2__Destination"] = "breaking.test",
            ["Relay__Routes__2__Host"] = "[127.0.0.19]",
            ["Credentials__UnlimitedNetworks"] = "192.0.2.0/24",
            ["Oidc__AllowedNetworks"] = "127.0.0.0/8",
            ["Sending__AccountPerHour"] = $"{Cap}",
            [PushTraffic.Setting.Replace(":", "__", StringComparison.Ordinal)] = "true",
        });
        await WorkAsync(cluster, issuer);

        using var client = new HttpClient();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            var pages = await Task.WhenAll(processes.Select(async process => (Process: process, Text: await client.GetStringAsync(cluster.Page(process, "/metrics")))));
            Assert.All(pages, page => Assert.Contains($"service_name=\"{page.Process[..^2]}\"", page.Text, StringComparison.Ordinal));
            var values = pages.Select(page => MetricsPage.Read(page.Text)).Append(embedded).SelectMany(page => page).ToLookup(sample => sample.Key, sample => sample.Value);
            var missing = MetricsPage.Promised().Where(name => !elsewhere.ContainsKey(name) && !values.Contains(MetricsPage.InPrometheus(name))).ToList();
            if (missing.Count == 0)
            {
                Assert.Empty(values.Select(value => value.Key).Except(MetricsPage.Promised().Select(MetricsPage.InPrometheus)));
                Array.ForEach([.. values.OrderBy(value => value.Key)], value => output.WriteLine($"{value.Key} {value.Sum().ToString(CultureInfo.InvariantCulture)}"));
                return;
            }

            Assert.False(limit.IsCancellationRequested, $"without a value: {string.Join(", ", missing)}");
            await Task.Delay(TimeSpan.FromMilliseconds(200));
        }
    }

    /// <summary>What AllInOne says after one message: embedded storage is measured nowhere else.</summary>
    private static async Task<Dictionary<string, double>> EmbeddedAsync()
    {
        var data = ServerProcess.NewDataDirectory();
        try
        {
            await using var server = await ServerProcess.StartAsync(data, offset: 13_000);
            await ReceiveAsync(server.Smtp);
            using var imap = await MailClients.LoginAsync(server, Bob, "mailcloud");
            await MailClients.UntilAsync(imap, 1);
            await imap.Inbox.GetMessageAsync(0);
            using var client = new HttpClient();
            using var noMetrics = await client.GetAsync(new Uri($"http://127.0.0.1:{server.Http}/metrics"));
            Assert.Equal(HttpStatusCode.NotFound, noMetrics.StatusCode);
            return MetricsPage.Read(await client.GetStringAsync(new Uri(server.AdminUrl + "/metrics")));
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task WorkAsync(LocalCluster cluster, TestIssuer issuer)
    {
        // Before an edge has asked for the list, which it remembers for some seconds.
        using (var admin = cluster.Admin())
        {
            using var reason = new StringContent("""{"reason":"asked us to"}""", Encoding.UTF8, "application/json");
            using var listed = await admin.PutAsync(new Uri("/admin/v1/tenants/demo/suppressions/listed@sink.test", UriKind.Relative), reason);
            Assert.True(listed.IsSuccessStatusCode, await listed.Content.ReadAsStringAsync());
        }

        await Assert.ThrowsAsync<SmtpCommandException>(() => SubmitAsync(cluster, Alice, "listed@sink.test"));
        await PushTraffic.RunAsync(8080 + cluster.Offset, Bob, "mailcloud", () => ReceiveAsync(cluster.Smtp(1)));
        using (var imap = await MailClients.LoginAsync(cluster.Imap(1), Bob, "mailcloud"))
        {
            await MailClients.UntilAsync(imap, 1);
            await imap.Inbox.GetMessageAsync(0);
        }

        await RetrieveAsync(cluster.Pop3(1));
        await GuessAsync(cluster.Imap(2));
        await LogInByTokenAsync(cluster, issuer);

        // Taken; not there, so that a report comes and the address is listed; broken off behind the final dot; without a next host; and one too many.
        await SubmitAsync(cluster, Alice, "carol@sink.test");
        await SubmitAsync(cluster, Alice, "gone@refusing.test");
        await SubmitAsync(cluster, Alice, "doubt@breaking.test");
        await SubmitAsync(cluster, Alice, "nobody@nowhere.invalid");
        await Assert.ThrowsAsync<SmtpCommandException>(() => SubmitAsync(cluster, Bob, [.. Enumerable.Range(0, Cap + 1).Select(number => $"many{number}@sink.test")]));
    }

    /// <summary>A message from another host, after one for nobody.</summary>
    private static async Task ReceiveAsync(int port)
    {
        using var smtp = await RawConnection.OpenSmtpAsync(port);
        await smtp.CommandAsync("MAIL FROM:<sender@elsewhere.example>", "250");
        await smtp.CommandAsync("RCPT TO:<nobody@example.test>", "550");
        await smtp.CommandAsync($"RCPT TO:<{Bob}>", "250");
        await smtp.CommandAsync("DATA", "354");
        await smtp.CommandAsync("From: <sender@elsewhere.example>\r\nSubject: scraped\r\n\r\nhello\r\n.", "250");
    }

    private static async Task RetrieveAsync(int port)
    {
        using var pop = new Pop3Client();
        await pop.ConnectAsync("127.0.0.1", port, SecureSocketOptions.None);
        await pop.AuthenticateAsync(Bob, "mailcloud");
        await pop.GetMessageAsync(0);
        await pop.DeleteMessageAsync(0);
        await pop.DisconnectAsync(quit: true);
    }

    /// <summary>Wrong passwords, until an attempt is delayed.</summary>
    private static async Task GuessAsync(int port)
    {
        using var connection = await RawConnection.OpenAsync(port);
        await connection.LineAsync();
        for (var guess = 0; guess < 5; guess++)
        {
            await connection.SendAsync(Encoding.ASCII.GetBytes($"t LOGIN {Alice} wrong{guess}\r\n"));
            Assert.StartsWith("t NO", await connection.TaggedAsync("t"), StringComparison.Ordinal);
        }
    }

    private static async Task LogInByTokenAsync(LocalCluster cluster, TestIssuer issuer)
    {
        using var admin = cluster.Admin();
        using var body = new StringContent(JsonSerializer.Serialize(new { issuer = issuer.Issuer, audiences = new[] { TestIssuer.Audience } }), Encoding.UTF8, "application/json");
        using var answer = await admin.PutAsync(new Uri("/admin/v1/tenants/demo/oidc", UriKind.Relative), body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        using var imap = new ImapClient { ServerCertificateValidationCallback = OwnCertificate(cluster) };
        await imap.ConnectAsync("127.0.0.1", cluster.Imap(1), SecureSocketOptions.StartTls);
        try
        {
            await imap.AuthenticateAsync(new SaslMechanismOAuthBearer(Bob, issuer.TokenFor(Bob)));
        }
        catch (AuthenticationException e)
        {
            Assert.Fail($"{e.Message}\n{await cluster.LogAsync("mailbox-access-1")}");
        }

        await imap.DisconnectAsync(quit: true);
    }

    private static async Task SubmitAsync(LocalCluster cluster, string from, params string[] to)
    {
        using var client = new SmtpClient { ServerCertificateValidationCallback = OwnCertificate(cluster) };
        await client.ConnectAsync("127.0.0.1", cluster.Submission(1), SecureSocketOptions.StartTls);
        await client.AuthenticateAsync(from, "mailcloud");
        await client.SendAsync(new MimeMessage([MailboxAddress.Parse(from)], to.Select(MailboxAddress.Parse), "scraped", new TextPart("plain") { Text = "hello" }));
        await client.DisconnectAsync(quit: true);
    }

    private static System.Net.Security.RemoteCertificateValidationCallback OwnCertificate(LocalCluster cluster)
    {
        using var own = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(cluster.Data, "tls", "default.crt"));
        var hash = own.GetCertHashString();
        return (_, certificate, _, _) => certificate?.GetCertHashString() == hash;
    }
}
