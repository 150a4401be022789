using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using MailCloud.OutboundRelay.Routing;
using MailCloud.OutboundRelay.Smtp;
using MailCloud.Testing;

namespace MailCloud.OutboundRelay.Tests.Smtp;

/// <summary>How the relay logs in at a smarthost.</summary>
public sealed class LoginTests
{
    private static readonly RouteLogin Account = new("user", "pencil");

    [Fact]
    public async Task PLAIN()
    {
        await using var mx = new FakeMx("""
            S 220 mx
            C EHLO relay.example
            S 250-mx
            S 250 AUTH LOGIN PLAIN
            C AUTH PLAIN AHVzZXIAcGVuY2ls
            S 235 2.7.0 welcome
            C QUIT
            S <close>
            """);
        await using var session = Assert.IsType<ConnectResult.Connected>(await ConnectAsync(mx.As("mx.example"))).Session;
        await session.QuitAsync(CancellationToken.None);
        await mx.FinishedAsync();
    }

    [Fact]
    public async Task LOGIN()
    {
        await using var mx = new FakeMx("""
            S 220 mx
            C EHLO relay.example
            S 250-mx
            S 250 AUTH LOGIN
            C AUTH LOGIN
            S 334 VXNlcm5hbWU6
            C dXNlcg==
            S 334 UGFzc3dvcmQ6
            C cGVuY2ls
            S 235 2.7.0 welcome
            C QUIT
            S <close>
            """);
        await using var session = Assert.IsType<ConnectResult.Connected>(await ConnectAsync(mx.As("mx.example"))).Session;
        await session.QuitAsync(CancellationToken.None);
        await mx.FinishedAsync();
    }

    // Configuration may be set right while the mail waits.
    [Fact]
    public async Task What_is_refused_is_deferred()
    {
        await using var mx = new FakeMx("""
            S 220 mx
            C EHLO relay.example
            S 250-mx
            S 250 AUTH PLAIN
            C AUTH PLAIN AHVzZXIAcGVuY2ls
            S 535 5.7.8 wrong
            C QUIT
            S <close>
            """);
        var result = await ConnectAsync(mx.As("mx.example"));
        await mx.FinishedAsync();
        Assert.Equal("deferred 4.7.8 535 5.7.8 wrong", Relaying.Line(Assert.IsType<ConnectResult.NotConnected>(result).Outcome));
    }

    [Theory]
    [InlineData("AUTH CRAM-MD5 GSSAPI")]
    [InlineData("SIZE")]
    public async Task Where_no_mechanism_is_known_nothing_is_sent(string keyword)
    {
        await using var mx = new FakeMx($"""
            S 220 mx
            C EHLO relay.example
            S 250-mx
            S 250 {keyword}
            C QUIT
            S <close>
            """);
        var result = await ConnectAsync(mx.As("mx.example"));
        await mx.FinishedAsync();
        Assert.Equal("4.7.0", Assert.IsType<RelayOutcome.Deferred>(Assert.IsType<ConnectResult.NotConnected>(result).Outcome).Status);
    }

    [Fact]
    public async Task A_login_is_not_sent_in_clear_where_others_can_listen()
    {
        // An address of this machine that is not its loopback.
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        probe.Connect(IPAddress.Parse("192.0.2.1"), 9);
        var address = ((IPEndPoint)probe.LocalEndPoint!).Address;
        Assert.False(IPAddress.IsLoopback(address));

        await using var mx = new FakeMx("""
            S 220 mx
            C EHLO relay.example
            S 250-mx
            S 250 AUTH SCRAM-SHA-256 PLAIN
            C QUIT
            S <close>
            """, address: address);
        var result = await ConnectAsync(mx.As("mx.example") with { Addresses = [address] });
        await mx.FinishedAsync();
        Assert.Equal("4.7.11", Assert.IsType<RelayOutcome.Deferred>(Assert.IsType<ConnectResult.NotConnected>(result).Outcome).Status);
    }

    [Fact]
    public async Task Over_TLS_it_is()
    {
        var authority = TestAuthority.Root("Root");
        await using var mx = new FakeMx("""
            S 220 mx
            C EHLO relay.example
            S 250-mx
            S 250 STARTTLS
            C STARTTLS
            S 220 go ahead
            TLS
            C EHLO relay.example
            S 250-mx
            S 250 AUTH PLAIN
            C AUTH PLAIN AHVzZXIAcGVuY2ls
            S 235 2.7.0 welcome
            C QUIT
            S <close>
            """, authority.Context(authority.Issue("mx.example")));
        await using var session = Assert.IsType<ConnectResult.Connected>(await ConnectAsync(mx.As("mx.example"))).Session;
        await session.QuitAsync(CancellationToken.None);
        await mx.FinishedAsync();
    }

    // A handshake that fails must not lead to the password in clear.
    [Fact]
    public async Task With_a_login_there_is_no_way_in_clear()
    {
        await using var mx = new FakeMx("""
            S 220 mx
            C EHLO relay.example
            S 250-mx
            S 250-AUTH PLAIN
            S 250 STARTTLS
            C STARTTLS
            S 220 go ahead
            S <close>
            """);
        var result = await ConnectAsync(mx.As("mx.example"));
        await mx.FinishedAsync();
        Assert.Equal("4.7.5", Assert.IsType<RelayOutcome.Deferred>(Assert.IsType<ConnectResult.NotConnected>(result).Outcome).Status);
    }

    // RFC 5802 §5.
    [Theory]
    [InlineData("pencil", true, null)]
    [InlineData("other", true, "deferred 4.7.8 535 5.7.8 wrong")]
    [InlineData("pencil", false, "deferred 4.7.0 451 4.7.0 mx.example[127.0.0.1]:PORT does not prove that it knows the login")]
    public async Task SCRAM_SHA_256_proves_both_ends(string password, bool proves, string? refusal)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var serving = ServeScramAsync(listener, password, proves);
        var result = await ConnectAsync(new("mx.example", port, [IPAddress.Loopback], HostTls.Opportunistic));
        if (refusal is null)
        {
            await Assert.IsType<ConnectResult.Connected>(result).Session.QuitAsync(CancellationToken.None);
        }
        else
        {
            Assert.Equal(refusal.Replace("PORT", $"{port}", StringComparison.Ordinal), Relaying.Line(Assert.IsType<ConnectResult.NotConnected>(result).Outcome));
        }

        await serving;
    }

    [Fact]
    public void A_login_does_not_show_its_password() => Assert.DoesNotContain("pencil", $"{Account} {Relaying.RouteTo() with { Login = Account }}", StringComparison.Ordinal);

    private static Task<ConnectResult> ConnectAsync(MailHost host) =>
        Relaying.Connector().ConnectAsync(Relaying.RouteTo(host) with { Login = Account }, false, false, CancellationToken.None);

    /// <summary>The host's side of RFC 5802, written out.</summary>
    private static async Task ServeScramAsync(TcpListener listener, string password, bool proves)
    {
        using var client = await listener.AcceptTcpClientAsync();
        using var reader = new StreamReader(client.GetStream());
        await using var writer = new StreamWriter(client.GetStream()) { NewLine = "\r\n", AutoFlush = true };
        await writer.WriteLineAsync("220 mx");
        await reader.ReadLineAsync();
        await writer.WriteLineAsync("250-mx\r\n250 AUTH PLAIN SCRAM-SHA-256");
        var first = Decode((await reader.ReadLineAsync())!["AUTH SCRAM-SHA-256 ".Length..])[3..];
        var salt = RandomNumberGenerator.GetBytes(16);
        var serverFirst = $"r={first[(first.IndexOf(",r=", StringComparison.Ordinal) + 3)..]}host,s={Convert.ToBase64String(salt)},i=4096";
        await writer.WriteLineAsync("334 " + Encode(serverFirst));
        var final = Decode((await reader.ReadLineAsync())!);
        var authMessage = Encoding.UTF8.GetBytes($"{first},{serverFirst},{final[..final.LastIndexOf(",p=", StringComparison.Ordinal)]}");
        var salted = Rfc2898DeriveBytes.Pbkdf2(password, salt, 4096, HashAlgorithmName.SHA256, 32);
        var clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
        var signature = HMACSHA256.HashData(SHA256.HashData(clientKey), authMessage);
        var proof = Convert.ToBase64String([.. clientKey.Zip(signature, (a, b) => (byte)(a ^ b))]);
        if (!final.EndsWith($",p={proof}", StringComparison.Ordinal))
        {
            await writer.WriteLineAsync("535 5.7.8 wrong");
        }
        else if (proves)
        {
            await writer.WriteLineAsync("334 " + Encode($"v={Convert.ToBase64String(HMACSHA256.HashData(HMACSHA256.HashData(salted, "Server Key"u8), authMessage))}"));
            Assert.Equal("", await reader.ReadLineAsync());
            await writer.WriteLineAsync("235 2.7.0 welcome");
        }
        else
        {
            await writer.WriteLineAsync("235 2.7.0 welcome");
        }

        Assert.Equal("QUIT", await reader.ReadLineAsync());
    }

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static string Decode(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));
}
