using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using MailCloud.Testing;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace MailCloud.EndToEnd.Tests.Relay;

/// <summary>
/// A server, and hosts of others that it sends mail to: Postfix, Exim and OpenSMTPD on port 25 of loopback addresses, and a DNS that names them, with DNSSEC and MTA-STS. Needs root, for the port.
/// </summary>
public sealed class RelayWorld : IAsyncLifetime
{
    /// <summary>Where <see cref="BreakingHost"/> listens in tests; <c>breaks.test</c> and <c>breaks-off.test</c> lead there.</summary>
    internal const string Breaking = "127.0.25.6";

    internal const string BreakingOff = "127.0.25.7";

    /// <summary>Nothing listens here.</summary>
    private const string Dead = "127.0.25.250";

    /// <summary>Domains whose policies name the mail exchanger that their MX records name, or not, by the names of their policy hosts.</summary>
    private static readonly Dictionary<string, string[]> Policies = new()
    {
        ["mta-sts.postfix.sts.test"] = Policy("enforce", "mx.postfix.test"),
        ["mta-sts.exim.sts.test"] = Policy("enforce", "mx.exim.test"),
        ["mta-sts.opensmtpd.sts.test"] = Policy("enforce", "*.opensmtpd.test"),
        ["mta-sts.unnamed.sts.test"] = Policy("enforce", "mx.elsewhere.test"),
        ["mta-sts.other-name.sts.test"] = Policy("enforce", "mx.sts.test"),
        ["mta-sts.clear.sts.test"] = Policy("enforce", "mx.seven.test"),
        ["mta-sts.testing.sts.test"] = Policy("testing", "mx.elsewhere.test"),
    };

    private readonly string data = ServerProcess.NewDataDirectory();
    private readonly string binaryData = ServerProcess.NewDataDirectory();
    private readonly DirectoryInfo certificates = Directory.CreateTempSubdirectory("mailcloud-peer-tls-");
    private readonly List<IAsyncDisposable> started = [];

    internal ServerProcess Server { get; private set; } = null!;

    internal PeerHost Postfix { get; private set; } = null!;

    internal PeerHost Exim { get; private set; } = null!;

    /// <summary>Exim that announces neither 8BITMIME nor SMTPUTF8 nor STARTTLS.</summary>
    internal PeerHost SevenBit { get; private set; } = null!;

    /// <summary>It offers STARTTLS and breaks off each handshake: Debian's 6.8.0 cannot use its key with OpenSSL 3.</summary>
    internal PeerHost OpenSmtpd { get; private set; } = null!;

    /// <summary>Another MailCloud, which takes mail for binary.test: the one host here that has BINARYMIME.</summary>
    internal ServerProcess Binary { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        try
        {
            await StartAsync();
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    public async Task DisposeAsync()
    {
        foreach (var part in started.AsEnumerable().Reverse())
        {
            await part.DisposeAsync();
        }

        certificates.Delete(recursive: true);
        Directory.Delete(binaryData, recursive: true);
        Directory.Delete(data, recursive: true);
    }

    /// <summary>The peer of that name; where other hosts stand for a domain it is Exim.</summary>
    internal PeerHost HostOf(string destination) => destination switch
    {
        "postfix" => Postfix,
        "opensmtpd" => OpenSmtpd,
        "seven" => SevenBit,
        _ => Exim,
    };

    /// <summary>A message of alice's.</summary>
    internal static MimeMessage Message(string to, string subject, string text)
    {
        var message = new MimeMessage { Subject = subject, Body = new TextPart("plain") { Text = text, ContentTransferEncoding = ContentEncoding.EightBit } };
        message.From.Add(MailboxAddress.Parse("alice@example.test"));
        message.To.Add(MailboxAddress.Parse(to));
        return message;
    }

    /// <param name="message">From alice.</param>
    /// <param name="utf8">With SMTPUTF8, and its header as it is.</param>
    internal async Task SubmitAsync(MimeMessage message, bool utf8 = false)
    {
        using var client = new SmtpClient { ServerCertificateValidationCallback = (_, certificate, _, _) => certificate is not null };
        await client.ConnectAsync("127.0.0.1", Server.Submission, SecureSocketOptions.StartTls);
        await client.AuthenticateAsync("alice@example.test", "mailcloud");
        var format = FormatOptions.Default.Clone();
        format.NewLineFormat = NewLineFormat.Dos;
        format.International = utf8;
        await client.SendAsync(format, message);
        await client.DisconnectAsync(quit: true);
    }

    /// <summary>The report in alice's mailbox that is about a recipient.</summary>
    internal async Task<string> ReportAsync(string recipient)
    {
        using var alice = await MailClients.LoginAsync(Server, "alice@example.test", "mailcloud");
        await alice.Inbox.OpenAsync(FolderAccess.ReadOnly);
        var kind = recipient.All(char.IsAscii) ? "rfc822" : "utf-8"; // RFC 6533 §3
        string? found = null;
        await UntilAsync(async () =>
        {
            await alice.NoOpAsync();
            for (var i = 0; i < alice.Inbox.Count && found is null; i++)
            {
                using var stream = await alice.Inbox.GetStreamAsync(i, "");
                using var text = new StreamReader(stream, Encoding.UTF8);
                var report = await text.ReadToEndAsync();
                found = report.Contains($"Final-Recipient: {kind}; {recipient}\r\n", StringComparison.OrdinalIgnoreCase) ? report : null;
            }

            return found is not null;
        });
        return found!;
    }

    /// <summary>The entry of a destination in the spool, once it was tried.</summary>
    internal async Task<JsonElement> UntilTriedAsync(string destination)
    {
        JsonElement? tried = null;
        await UntilAsync(async () =>
        {
            tried = (await WaitingAsync(destination)).Cast<JsonElement?>().FirstOrDefault(entry => entry!.Value.GetProperty("attempts").GetInt32() > 0);
            return tried is not null;
        });
        return tried!.Value;
    }

    /// <summary>What the operator sees of a destination in the spool.</summary>
    internal async Task<IReadOnlyList<JsonElement>> WaitingAsync(string destination)
    {
        using var admin = Server.Admin();
        using var page = JsonDocument.Parse(await admin.GetStringAsync(new Uri($"/admin/v1/spool?destination={destination}", UriKind.Relative)));
        return [.. page.RootElement.GetProperty("entries").EnumerateArray().Select(entry => entry.Clone())];
    }

    internal Task UntilNothingWaitsAsync(string destination) => UntilAsync(async () => (await WaitingAsync(destination)).Count == 0);

    /// <summary>The operator has it tried again now.</summary>
    internal async Task RetryAsync(JsonElement waiting)
    {
        using var admin = Server.Admin();
        using var answer = await admin.PostAsync(new Uri($"/admin/v1/spool/{waiting.GetProperty("id").GetString()}/retry", UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (!await condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
        }
    }

    private async Task StartAsync()
    {
        var authority = TestAuthority.Root("Authority of a test");
        using var leaf = authority.IssueFor(["mx.postfix.test", "mx.exim.test", "mx.opensmtpd.test"]);
        var (key, certificate, authorities) = Write(authority, leaf);
        Postfix = Started(await PeerHost.StartAsync("postfix", "127.0.25.1", "mx.postfix.test", key, certificate));
        Exim = Started(await PeerHost.StartAsync("exim", "127.0.25.2", "mx.exim.test", key, certificate));
        SevenBit = Started(await PeerHost.StartAsync("exim7", "127.0.25.3", "mx.seven.test"));
        OpenSmtpd = Started(await PeerHost.StartAsync("opensmtpd", "127.0.25.4", "mx.opensmtpd.test", key, certificate));
        Binary = Started(await ServerProcess.StartAsync(binaryData, offset: 24200, arguments: ServerProcess.NoRateLimits));
        await HostAsync(Binary, "binary.test", "bob@binary.test");
        var policies = Started(await PolicyHost.StartAsync(authority, [.. Policies.Keys]));
        policies.Have(Policies);
        var dns = Started(await DnsServers.StartAsync(
            Exchanger("postfix.test", Postfix.Address),
            Exchanger("exim.test", Exim.Address),
            Exchanger("seven.test", SevenBit.Address),
            Exchanger("opensmtpd.test", OpenSmtpd.Address),
            Exchanger("breaks.test", Breaking),
            Exchanger("breaks-off.test", BreakingOff),
            new("null.test", "@ MX 0 ."),
            new("half.test", $"@ MX 10 dead\n@ MX 20 alive\ndead A {Dead}\nalive A {Exim.Address}"),
            new("implicit.test", $"@ A {Exim.Address}"),
            new("inside.test", "@ MX 10 mx\nmx A 10.0.0.1"),
            new("sts.test", $"""
                mx A {Postfix.Address}
                postfix MX 10 mx.postfix.test.
                exim MX 10 mx.exim.test.
                opensmtpd MX 10 mx.opensmtpd.test.
                unnamed MX 10 mx.postfix.test.
                other-name MX 10 mx
                clear MX 10 mx.seven.test.
                testing MX 10 mx.postfix.test.

                """ + string.Concat(Policies.Keys.Select(host => $"{host}. A 127.0.0.1\n_{host}. TXT \"v=STSv1; id=1\"\n"))),
            new("dane.test", Dane("postfix", Postfix, leaf) + Dane("exim", Exim, leaf) + Dane("opensmtpd", OpenSmtpd, leaf) + Dane("seven", SevenBit, leaf), DnsZoneKind.Secure)));
        Server = Started(await ServerProcess.StartAsync(data, offset: 24100, arguments:
        [
            .. ServerProcess.NoRateLimits,
            $"--Relay:Dns:Servers={dns.Resolver}", "--Relay:Dns:Validating=true", "--Relay:DialPrivate=127.0.0.0/8",
            "--Relay:DelayWarning=00:00:00.001", // Whoever has to wait is told at once.
            $"--Relay:MtaSts:Port={policies.Port}", $"--Relay:AuthoritiesFile={authorities}",
            "--Relay:Routes:0:Destination=binary.test", "--Relay:Routes:0:Host=[127.0.0.1]", $"--Relay:Routes:0:Port={Binary.Smtp}",
        ]));
    }

    private static async Task HostAsync(ServerProcess server, string domain, string account)
    {
        using var admin = server.Admin();
        using var answer = await admin.PostAsJsonAsync(new Uri("/admin/v1/tenants/demo/domains", UriKind.Relative), new { domain });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        await Accounts.ImportAsync(server, [(account, "mailcloud")]);
    }

    private T Started<T>(T part)
        where T : IAsyncDisposable
    {
        started.Add(part);
        return part;
    }

    private (string Key, string Certificate, string Authorities) Write(TestAuthority authority, X509Certificate2 leaf)
    {
        var (key, certificate, authorities) = (Path.Combine(certificates.FullName, "peer.key"), Path.Combine(certificates.FullName, "peer.crt"), Path.Combine(certificates.FullName, "authority.crt"));
        using var secret = leaf.GetECDsaPrivateKey()!;
        File.WriteAllText(key, secret.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite); // OpenSMTPD takes no key that others may read.
        File.WriteAllText(certificate, leaf.ExportCertificatePem());
        File.WriteAllText(authorities, authority.Certificate.ExportCertificatePem());
        return (key, certificate, authorities);
    }

    private static DnsZone Exchanger(string domain, string address) => new(domain, $"@ MX 10 mx\nmx A {address}");

    private static string[] Policy(string mode, string exchanger) => ["version: STSv1", $"mode: {mode}", $"mx: {exchanger}", "max_age: 604800"];

    /// <summary>A domain whose host has the TLSA record of its key, and one with a record of another key (RFC 7672: usage 3, the key, SHA-256).</summary>
    private static string Dane(string name, PeerHost host, X509Certificate2 certificate) => $"""
        {name} MX 10 mx-{name}
        mx-{name} A {host.Address}
        _25._tcp.mx-{name} TLSA 3 1 1 {Convert.ToHexString(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()))}
        wrong-{name} MX 10 mx-wrong-{name}
        mx-wrong-{name} A {host.Address}
        _25._tcp.mx-wrong-{name} TLSA 3 1 1 {new string('0', 64)}

        """;
}

[CollectionDefinition(Name)]
public sealed class RelayDefinition : ICollectionFixture<RelayWorld>
{
    public const string Name = "relay";
}
