using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using MailCloud.Testing;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Security;

namespace MailCloud.Cli.Tests;

/// <summary>The doctor at a whole MailCloud, and at what is none.</summary>
public sealed class DoctorTests(DoctorTests.Installation installation) : IClassFixture<DoctorTests.Installation>
{
    private static readonly string[] Services = ["smtp", "submission", "submissions", "imap", "imaps", "pop3", "pop3s"];

    private static readonly string TlsPort = Installation.PortOf(2995).ToString(CultureInfo.InvariantCulture);

    private static readonly string[] WithoutTestMail =
    [
        "health of admin", "health of HTTP", "clock", "admin API", "delivery queue", "set aside", .. Services, "records of example.test",
    ];

    [Fact]
    public async Task All_is_well_with_an_installation_and_its_test_mail_is_deleted()
    {
        string[] mail = ["--account", "alice@example.test", "--password-file", await installation.FileAsync("password", "mailcloud\n")];
        var (exit, output, error) = await RunAsync(mail);
        Assert.Equal((0, ""), (exit, error));
        var checks = Checks(output);
        Assert.All(checks, check => Assert.Equal("ok", Text(check, "result")));
        Assert.Equal(
            [.. WithoutTestMail, "test mail: sent", "test mail: read by IMAP", "test mail: read by POP3", "test mail: trace", "test mail: deleted"],
            checks.Select(check => Text(check, "check")!.Split(" localhost:")[0]));
        Assert.StartsWith("greets; certificate until 20", Text(One(checks, "imaps"), "found"), StringComparison.Ordinal);
        Assert.Equal("accepted, filed", Text(One(checks, "test mail: trace"), "found"));

        using var trusted = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(installation.Certificate));
        using var client = new ImapClient { ServerCertificateValidationCallback = (_, shown, _, _) => shown!.GetCertHashString() == trusted.GetCertHashString() };
        await client.ConnectAsync("localhost", Installation.PortOf(2993), SecureSocketOptions.SslOnConnect);
        await client.AuthenticateAsync("alice@example.test", "mailcloud");
        await client.Inbox.OpenAsync(FolderAccess.ReadOnly);
        Assert.Equal((0, 2u), (client.Inbox.Count, client.Inbox.UidNext!.Value.Id));
    }

    [Fact]
    public async Task An_account_is_made_for_the_test_mail_and_removed()
    {
        var (exit, output, error) = await RunAsync("--test-domain", "example.test");
        Assert.Equal((0, ""), (exit, error));
        var checks = Checks(output);
        var address = Text(One(checks, "test account: made"), "found");
        Assert.Equal(("ok", address), (Text(checks[^1], "result"), Text(checks[^1], "found")));
        var accounts = await CommandProcess.RunAsync(Installation.Admin, installation.TokenFile, "account", "list", "example.test");
        Assert.DoesNotContain("mailcloud-doctor", accounts.Output, StringComparison.Ordinal);

        (exit, output, _) = await RunAsync("--test-domain", "hosted.nowhere.test");
        Assert.Equal((1, "test account: made", "failed"), (exit, Text(Checks(output)[^1], "check"), Text(Checks(output)[^1], "result")));
    }

    [Fact]
    public async Task What_is_not_checked_is_a_warning_and_no_failure()
    {
        var (exit, output, _) = await RunAsync();
        Assert.Equal((0, "test mail warning"), (exit, Assert.Single(Amiss(output))));
    }

    [Fact]
    public async Task A_certificate_for_another_name_is_wrong_everywhere_and_no_password_is_sent_to_it()
    {
        string[] mail = ["--account", "alice@example.test", "--password-file", await installation.FileAsync("password", "mailcloud")];
        var (exit, output, _) = await RunAsync(["--name", "mail.other.test", .. mail]);
        Assert.Equal(1, exit);
        Assert.Equal(7, Checks(output).Count(check => Text(check, "advice")?.StartsWith("it is not for mail.other.test", StringComparison.Ordinal) == true));
        Assert.Equal("not tried: the certificate is not right, and might be another's", Text(One(Checks(output), "test mail: sent"), "found"));
    }

    [Fact]
    public async Task A_certificate_that_ends_soon_is_a_warning_and_one_of_nobody_known_fails()
    {
        var folder = Directory.CreateDirectory(Path.Combine(installation.Data, "soon"));
        CertificatePair.Write(folder, "soon", "localhost");
        using var certificate = X509Certificate2.CreateFromPemFile(Path.Combine(folder.FullName, "soon.crt"), Path.Combine(folder.FullName, "soon.key"));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = GreetAsync(listener, certificate, sessions: 2);
        var port = ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        string[] command = [.. Services.SelectMany(name => new[] { $"--{name}", name == "pop3s" ? port : "0" })];

        var (exit, output, _) = await RunAsync(["--trust", Path.Combine(folder.FullName, "soon.crt"), .. command]);
        Assert.Equal((0, "it ends within 14 days: see why it is not renewed"), (exit, Text(One(Checks(output), "pop3s"), "advice")));
        Assert.Equal("warning", Text(One(Checks(output), "pop3s"), "result"));
        (exit, output, _) = await RunAsync(command);
        Assert.Equal((1, "failed"), (exit, Text(One(Checks(output), "pop3s"), "result")));
        Assert.StartsWith("mail programs refuse it, as no authority known here has signed it", Text(One(Checks(output), "pop3s"), "advice"), StringComparison.Ordinal);
        await serving;
    }

    [Fact]
    public async Task What_does_not_answer_fails_and_the_rest_is_checked()
    {
        var free = FreePort.Find().ToString(CultureInfo.InvariantCulture);
        var (exit, output, _) = await CommandProcess.RunAsync(
            new($"http://localhost:{free}"),
            installation.TokenFile,
            ["doctor", "--trust", installation.Certificate, $"--port-offset={Installation.Offset}", "--imap", free, "--pop3", TlsPort, "--health", $"localhost:{free}"]);
        Assert.Equal(1, exit);
        Assert.Equal(
            [
                $"health of admin localhost:{free} failed", $"health of localhost:{free} failed", "admin API failed", $"imap localhost:{free} failed", $"pop3 localhost:{TlsPort} failed",
                "test mail warning",
            ],
            Amiss(output));
        Assert.Contains("does not answer", Text(One(Checks(output), "admin API"), "found"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_of_another_protocol_is_told()
    {
        var imap = Installation.PortOf(2143).ToString(CultureInfo.InvariantCulture);
        var (exit, output, _) = await RunAsync("--imaps", imap, "--health", $"localhost:{imap}");
        Assert.Equal(1, exit);
        Assert.Equal("no TLS", Text(One(Checks(output), "imaps"), "found"));
        Assert.Equal("another protocol", Text(One(Checks(output), $"health of localhost:{imap}"), "found"));
    }

    [Fact]
    public async Task A_process_that_is_not_ready_is_told_with_the_part_that_is_amiss()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = AnswerAsync(listener, "HTTP/1.1 503 Service Unavailable\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT\r\nConnection: close\r\n\r\nUnhealthy: queue, gateways");
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        var (exit, output, _) = await RunAsync("--health", $"localhost:{port}");
        Assert.Equal(1, exit);
        var amiss = One(Checks(output), $"health of localhost:{port}");
        Assert.Equal("not ready: Unhealthy: queue, gateways", Text(amiss, "found"));
        Assert.Contains("RabbitMQ", Text(amiss, "advice"), StringComparison.Ordinal);
        Assert.Contains("a silo", Text(amiss, "advice"), StringComparison.Ordinal);
        Assert.Contains("seconds behind this machine", Text(One(Checks(output), "clock"), "found"), StringComparison.Ordinal);
        await serving;
    }

    [Fact]
    public async Task Records_of_a_domain_are_looked_up()
    {
        await using var dns = await DnsServers.StartAsync(new DnsZone("example.test", "@ MX 10 mail.example.test."));
        var (exit, output, _) = await RunAsync("--domain", "example.test", "--resolver", dns.Authoritative.ToString(), "--name", "mail.example.test");
        Assert.Equal(1, exit);
        var records = One(Checks(output), "records of example.test");
        Assert.Equal("missing: SPF, DMARC, MTA-STS, TLS-RPT, SRV submissions, SRV imaps, SRV pop3s, MTA-STS policy, autoconfig, autodiscover, SRV autodiscover, SRV jmap", Text(records, "found"));
        Assert.Equal("see what to publish: mailcloud domain check example.test --host mail.example.test", Text(records, "advice"));
    }

    [Fact]
    public async Task A_password_that_is_wrong_is_said_and_nothing_is_sent()
    {
        var (exit, output, _) = await RunAsync("--account", "bob@example.test", "--password-file", await installation.FileAsync("wrong", "not it"));
        Assert.Equal((1, "test mail: sent failed"), (exit, Assert.Single(Amiss(output))));
        Assert.StartsWith("535", Text(Checks(output)[^1], "found"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a test mail takes an --account like ann@example.test and its --password-file", "--account", "ann@example.test")]
    [InlineData("a test mail is of an --account, or of one that is made in --test-domain, and not of both", "--account", "ann@example.test", "--test-domain", "example.test")]
    [InlineData("a test mail takes a port of --submission or --submissions and one of --imap or --imaps", "--test-domain", "example.test", "--imap", "0", "--imaps", "0")]
    [InlineData("--health is 'a b', which is no HOST:PORT", "--health", "a b")]
    public async Task Options_that_do_not_fit_are_one_line(string line, params string[] options) => Assert.Equal((1, "", $"mailcloud: {line}\n"), await RunAsync(options));

    private Task<(int Exit, string Output, string Error)> RunAsync(params string[] options) =>
        CommandProcess.RunAsync(
            Installation.Admin,
            installation.TokenFile,
            ["doctor", $"--port-offset={Installation.Offset}", .. options.Contains("--trust") ? [] : new[] { "--trust", installation.Certificate }, .. options]);

    /// <summary>A POP3S server that says hello and goodbye.</summary>
    private static async Task GreetAsync(TcpListener listener, X509Certificate2 certificate, int sessions)
    {
        for (var i = 0; i < sessions; i++)
        {
            using var socket = await listener.AcceptTcpClientAsync();
            await using var tls = new SslStream(socket.GetStream());
            await tls.AuthenticateAsServerAsync(certificate);
            using var reader = new StreamReader(tls);
            await tls.WriteAsync("+OK hello\r\n"u8.ToArray());
            while (await reader.ReadLineAsync() is { } line)
            {
                await tls.WriteAsync(line.StartsWith("QUIT", StringComparison.Ordinal) ? "+OK bye\r\n"u8.ToArray() : "-ERR no\r\n"u8.ToArray());
            }
        }
    }

    private static async Task AnswerAsync(TcpListener listener, string answer)
    {
        using var socket = await listener.AcceptTcpClientAsync();
        await using var stream = socket.GetStream();
        using var reader = new StreamReader(stream);
        while (await reader.ReadLineAsync() is { Length: > 0 })
        {
        }

        await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
    }

    private static IEnumerable<string> Amiss(string output) =>
        Checks(output).Where(check => Text(check, "result") != "ok").Select(check => $"{Text(check, "check")} {Text(check, "result")}");

    private static JsonElement One(List<JsonElement> checks, string name) =>
        Assert.Single(checks, check => Text(check, "check") == name || Text(check, "check")!.StartsWith($"{name} ", StringComparison.Ordinal));

    private static List<JsonElement> Checks(string output) =>
        [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];

    private static string? Text(JsonElement check, string member) => check.GetProperty(member).GetString();

    /// <summary>MailCloud in one process, with the demo's accounts.</summary>
    public sealed class Installation : IAsyncLifetime
    {
        public const int Offset = 14_700;

        private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

        private readonly DirectoryInfo data = Directory.CreateTempSubdirectory("mailcloud-doctor-");
        private Process? process;

        public string Data => data.FullName;

        public string TokenFile => Path.Combine(Data, "admin-token");

        public string Certificate => Path.Combine(Data, "tls", "default.crt");

        public static Uri Admin => new($"http://localhost:{PortOf(8081)}");

        public static int PortOf(int port) => port + Offset;

        public async Task<string> FileAsync(string name, string text)
        {
            var file = Path.Combine(Data, name);
            await File.WriteAllTextAsync(file, text);
            return file;
        }

        public async Task InitializeAsync()
        {
            var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "MailCloud.AllInOne.dll"), $"--Data={Data}", $"--PortOffset={Offset}"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            process = Process.Start(start)!;
            process.OutputDataReceived += (_, line) =>
            {
                switch (line.Data)
                {
                    case null:
                        ready.TrySetException(new InvalidOperationException("MailCloud ended before it was ready"));
                        break;
                    case var said when said.Contains("MailCloud is ready", StringComparison.Ordinal):
                        ready.TrySetResult();
                        break;
                }
            };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            await ready.Task.WaitAsync(Patience);
        }

        public async Task DisposeAsync()
        {
            process!.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
            data.Delete(recursive: true);
        }
    }
}
