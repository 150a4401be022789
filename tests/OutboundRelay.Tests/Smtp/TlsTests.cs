using System.Security.Cryptography.X509Certificates;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.OutboundRelay.Routing;
using MailCloud.OutboundRelay.Smtp;
using MailCloud.Testing;

namespace MailCloud.OutboundRelay.Tests.Smtp;

/// <summary>What TLS must give, over real handshakes.</summary>
public sealed class TlsTests : IDisposable
{
    private const string Host = "mx.example";

    private const string Secured = """
        S 220 mx.example
        C EHLO relay.example
        S 250-mx.example
        S 250 STARTTLS
        C STARTTLS
        S 220 go ahead
        TLS
        C EHLO relay.example
        S 250-mx.example
        S 250 REQUIRETLS
        """;

    private const string Refused = """
        S 220 mx.example
        C EHLO relay.example
        S 250-mx.example
        S 250 STARTTLS
        C STARTTLS
        S 220 go ahead
        TLS
        C <close>
        """;

    private const string InClear = """
        S 220 mx.example
        C EHLO relay.example
        S 250 mx.example
        C QUIT
        S 221 bye
        S <close>
        """;

    private static readonly TestAuthority Root = TestAuthority.Root("Root");
    private static readonly TestAuthority Middle = Root.Below("Middle");
    private static readonly X509Certificate2 Leaf = Middle.Issue(Host);

    private readonly string authorities = Path.GetTempFileName();

    public TlsTests() => File.WriteAllText(authorities, Root.Certificate.ExportCertificatePem());

    public void Dispose() => File.Delete(authorities);

    [Theory]
    [InlineData("opportunistic", TlsProof.None)]
    [InlineData("encrypted", TlsProof.None)]
    [InlineData("verified", TlsProof.Pkix)]
    [InlineData("dane-ee", TlsProof.Dane)]
    [InlineData("dane-ta", TlsProof.Dane)]
    internal async Task A_host_that_gives_what_is_demanded_is_talked_to(string demand, TlsProof proof)
    {
        await using var mx = new FakeMx(Secured, Middle.Context(Leaf));
        await using var session = Assert.IsType<ConnectResult.Connected>(await ConnectAsync(mx.As(Host, Demand(demand)))).Session;
        await mx.FinishedAsync();
        Assert.Equal(("TLS1.3", proof), (session.Tls!.Protocol, session.Tls.Proof));
        Assert.StartsWith("TLS_", session.Tls.CipherSuite, StringComparison.Ordinal);
        Assert.Equal(Host, mx.ServerName);

        // RFC 3207 §4.2: what was announced in clear is forgotten.
        Assert.True(session.Capabilities.RequireTls);
        Assert.False(session.Capabilities.StartTls);
    }

    // There is no name to ask for.
    [Fact]
    public async Task A_host_that_is_an_address_literal_is_secured_too()
    {
        await using var mx = new FakeMx(Secured, Middle.Context(Leaf));
        await using var session = Assert.IsType<ConnectResult.Connected>(await ConnectAsync(mx.As("[127.0.0.1]"))).Session;
        await mx.FinishedAsync();
        Assert.NotNull(session.Tls);
        Assert.Equal("", mx.ServerName);
    }

    // RFC 7672 §2.2.3 and §3.2.1: where a host's name is an alias, the records may stand at what it is an alias of, and that name is asked for.
    [Theory]
    [InlineData("dane-ee", "mx.example")]
    [InlineData("verified", "alias.example")]
    public async Task The_TLSA_base_domain_is_asked_for(string demand, string name)
    {
        await using var mx = new FakeMx(Secured, Middle.Context(Leaf));
        await using var session = Assert.IsType<ConnectResult.Connected>(await ConnectAsync(mx.As("alias.example", Demand(demand)))).Session;
        await mx.FinishedAsync();
        Assert.Equal(name, mx.ServerName);
    }

    [Theory]
    [InlineData("verified", "unknown authority", "*certificate is not to be trusted: *")]
    [InlineData("verified", "other name", "*certificate is not for mx.example (mta-sts)")]
    [InlineData("verified", "common name", "*certificate is not for mx.example (mta-sts)")]
    [InlineData("verified", "expired", "*certificate is not to be trusted: *")]
    [InlineData("dane-ee", "other key", "*no TLSA record matches its certificate (dane)")]
    [InlineData("dane-ta", "other name", "*no TLSA record matches its certificate (dane)")]
    [InlineData("dane-ta", "expired", "*no TLSA record matches its certificate (dane)")]
    public async Task A_host_that_does_not_is_left_without_a_word(string demand, string fault, string reason)
    {
        var (authority, leaf) = fault switch
        {
            "unknown authority" => (TestAuthority.Root("Nobody"), null),
            "other name" => (Middle, Middle.Issue("other.example")),
            "common name" => (Middle, Middle.Issue(null, commonName: Host)),
            "expired" => (Middle, Middle.Issue(Host, days: -1)),
            _ => (Middle, Middle.Issue(Host)),
        };
        await using var mx = new FakeMx(Refused, authority.Context(leaf ?? authority.Issue(Host)));
        var result = Assert.IsType<ConnectResult.NotConnected>(await ConnectAsync(mx.As(Host, Demand(demand))));
        await mx.FinishedAsync();
        var outcome = Assert.IsType<RelayOutcome.Deferred>(result.Outcome);
        Assert.Equal(("4.7.5", ConnectionVerdict.Fine), (outcome.Status, result.Verdict));
        Assert.Contains(reason.Trim('*'), outcome.Reply, StringComparison.Ordinal);
        Assert.StartsWith("451 4.7.5 mx.example[127.0.0.1]:", outcome.Reply, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("encrypted")]
    [InlineData("verified")]
    [InlineData("dane-ee")]
    public async Task What_must_be_secured_is_not_sent_where_TLS_is_not_offered(string demand)
    {
        await using var mx = new FakeMx(InClear);
        var result = Assert.IsType<ConnectResult.NotConnected>(await ConnectAsync(mx.As(Host, Demand(demand))));
        await mx.FinishedAsync();
        Assert.Equal("4.7.4", Assert.IsType<RelayOutcome.Deferred>(result.Outcome).Status);
    }

    [Theory]
    [InlineData("opportunistic", true)]
    [InlineData("encrypted", false)]
    public async Task A_host_that_refuses_STARTTLS_has_not_broken_the_connection(string demand, bool goesOn)
    {
        await using var mx = new FakeMx($"""
            S 220 mx.example
            C EHLO relay.example
            S 250-mx.example
            S 250 STARTTLS
            C STARTTLS
            S 454 4.7.0 no certificate today
            C {(goesOn ? "MAIL FROM:<me@here.example>" : "QUIT")}
            S 550 no
            """);
        var result = await ConnectAsync(mx.As(Host, Demand(demand)));
        if (goesOn)
        {
            await using var session = Assert.IsType<ConnectResult.Connected>(result).Session;
            Assert.Null(session.Tls);
            await session.SendAsync(Relaying.Message("x", "a@mx.example"), CancellationToken.None);
        }
        else
        {
            Assert.Equal("4.7.4", Assert.IsType<RelayOutcome.Deferred>(Assert.IsType<ConnectResult.NotConnected>(result).Outcome).Status);
        }

        await mx.FinishedAsync();
    }

    [Fact]
    public async Task Where_TLS_is_a_chance_a_handshake_that_fails_leads_to_a_new_connection_in_clear()
    {
        await using var mx = new FakeMx("""
            S 220 mx.example
            C EHLO relay.example
            S 250-mx.example
            S 250 STARTTLS
            C STARTTLS
            S 220 go ahead
            S <close>
            NEXT
            S 220 mx.example
            C EHLO relay.example
            S 250-mx.example
            S 250 STARTTLS
            C MAIL FROM:<me@here.example>
            S 550 no
            """);
        await using var session = Assert.IsType<ConnectResult.Connected>(await ConnectAsync(mx.As(Host))).Session;
        Assert.Null(session.Tls);
        await session.SendAsync(Relaying.Message("x", "a@mx.example"), CancellationToken.None);
        await mx.FinishedAsync();
    }

    [Theory]
    [InlineData("encrypted")]
    [InlineData("verified")]
    [InlineData("dane-ee")]
    public async Task Where_TLS_is_demanded_it_does_not(string demand)
    {
        await using var mx = new FakeMx("""
            S 220 mx.example
            C EHLO relay.example
            S 250-mx.example
            S 250 STARTTLS
            C STARTTLS
            S 220 go ahead
            S <close>
            """);
        var result = Assert.IsType<ConnectResult.NotConnected>(await ConnectAsync(mx.As(Host, Demand(demand))));
        await mx.FinishedAsync();
        Assert.Equal("4.7.5", Assert.IsType<RelayOutcome.Deferred>(result.Outcome).Status);
    }

    // RFC 3207 §6: were it kept, it would be read as the reply to what is said under TLS.
    [Theory]
    [InlineData("opportunistic")]
    [InlineData("verified")]
    public async Task What_is_injected_behind_the_reply_to_STARTTLS_ends_the_connection(string demand)
    {
        await using var mx = new FakeMx("""
            S 220 mx.example
            C EHLO relay.example
            S 250-mx.example
            S 250 STARTTLS
            C STARTTLS
            S 220 go ahead
            S 250-mx.example
            S 250 AUTH PLAIN
            C <close>
            """);
        var result = Assert.IsType<ConnectResult.NotConnected>(await ConnectAsync(mx.As(Host, Demand(demand))));
        await mx.FinishedAsync();
        Assert.EndsWith("more in clear behind its reply to STARTTLS", Assert.IsType<RelayOutcome.Deferred>(result.Outcome).Reply, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TLS_from_the_first_octet()
    {
        await using var mx = new FakeMx("""
            TLS
            S 220 mx.example
            C EHLO relay.example
            S 250-mx.example
            S 250 STARTTLS
            C QUIT
            S 221 bye
            S <close>
            """, Middle.Context(Leaf));
        await using var session = Assert.IsType<ConnectResult.Connected>(await ConnectAsync(mx.As(Host, Demand("verified")) with { ImplicitTls = true })).Session;
        Assert.Equal(TlsProof.Pkix, session.Tls!.Proof);
        await session.QuitAsync(CancellationToken.None);
        await mx.FinishedAsync();
    }

    [Fact]
    public async Task REQUIRETLS_goes_with_MAIL_to_a_host_that_has_proven_itself()
    {
        await using var mx = new FakeMx(Secured + """

            C MAIL FROM:<me@here.example> REQUIRETLS
            S 550 no
            """, Middle.Context(Leaf));
        await using var session = Assert.IsType<ConnectResult.Connected>(await ConnectAsync(mx.As(Host, Demand("dane-ee")), requireTls: true)).Session;
        var message = Relaying.Message("x", "a@mx.example");
        await session.SendAsync(message with { Envelope = message.Envelope with { Tls = TlsDemand.Required } }, CancellationToken.None);
        await mx.FinishedAsync();
    }

    // RFC 8689 §4.2.1, the last paragraphs: 5.7.30 and 5.7.10.
    [Fact]
    public async Task A_host_that_does_not_offer_REQUIRETLS_is_none_for_what_needs_it()
    {
        await using var mx = new FakeMx(Secured.Replace("250 REQUIRETLS", "250 SIZE", StringComparison.Ordinal) + """

            C QUIT
            S 221 bye
            S <close>
            """, Middle.Context(Leaf));
        var result = Assert.IsType<ConnectResult.NotConnected>(await ConnectAsync(mx.As(Host, Demand("verified")), requireTls: true));
        await mx.FinishedAsync();
        Assert.Equal("5.7.30", Assert.IsType<RelayOutcome.Failed>(result.Outcome).Status);
    }

    [Fact]
    public async Task With_REQUIRETLS_failures_of_TLS_are_permanent()
    {
        await using var mx = new FakeMx(InClear);
        var result = Assert.IsType<ConnectResult.NotConnected>(await ConnectAsync(mx.As(Host, Demand("dane-ee")), requireTls: true));
        await mx.FinishedAsync();
        Assert.Equal("5.7.10", Assert.IsType<RelayOutcome.Failed>(result.Outcome).Status);
    }

    [Fact]
    public async Task With_REQUIRETLS_a_host_whose_name_nobody_vouches_for_is_not_dialled()
    {
        await using var mx = new FakeMx("S 220 mx.example");
        var result = Assert.IsType<ConnectResult.NotConnected>(await ConnectAsync(mx.As(Host), requireTls: true));
        Assert.Equal("5.7.10", Assert.IsType<RelayOutcome.Failed>(result.Outcome).Status);
        Assert.False(mx.FinishedAsync().IsCompleted);
    }

    [Fact]
    public async Task With_REQUIRETLS_a_host_of_a_known_name_must_be_verified_where_encryption_was_enough()
    {
        await using var mx = new FakeMx(Refused, Middle.Context(Middle.Issue("other.example")));
        var result = Assert.IsType<ConnectResult.NotConnected>(await ConnectAsync(mx.As(Host, Demand("encrypted")), requireTls: true));
        await mx.FinishedAsync();
        Assert.Equal("5.7.10", Assert.IsType<RelayOutcome.Failed>(result.Outcome).Status);
    }

    // RFC 8689 §4.2.2. What the route itself demands is ours to keep.
    [Theory]
    [InlineData("dane-ee", true)]
    [InlineData("verified", true)]
    [InlineData("route", false)]
    public async Task With_TLS_Required_No_the_policies_of_the_destination_need_not_be_met(string demand, bool goesOn)
    {
        await using var mx = new FakeMx(goesOn ? Secured : Refused, Middle.Context(Middle.Issue("other.example")));
        var result = await ConnectAsync(mx.As(Host, Demand(demand)), tlsOptional: true);
        await mx.FinishedAsync();
        if (goesOn)
        {
            await using var session = Assert.IsType<ConnectResult.Connected>(result).Session;
            Assert.Equal(TlsProof.None, session.Tls!.Proof);
        }
        else
        {
            Assert.IsType<ConnectResult.NotConnected>(result);
        }
    }

    private static HostTls Demand(string demand) => demand switch
    {
        "opportunistic" => HostTls.Opportunistic,
        "encrypted" => new(TlsLevel.Encrypted, [], [], "dane"),
        "verified" => new(TlsLevel.Verified, [Host], [], "mta-sts"),
        "route" => new(TlsLevel.Verified, [Host], [], "route"),
        "dane-ee" => new(TlsLevel.Dane, [Host], [CertificateCheckTests.Record(3, 1, 1, Leaf)], "dane"),
        "dane-ta" => new(TlsLevel.Dane, [Host], [CertificateCheckTests.Record(2, 0, 2, Middle.Certificate)], "dane"),
        _ => throw new ArgumentOutOfRangeException(nameof(demand)),
    };

    private Task<ConnectResult> ConnectAsync(MailHost host, bool requireTls = false, bool tlsOptional = false) =>
        Relaying.Connector(Relaying.Options with { AuthoritiesFile = authorities }).ConnectAsync(Relaying.RouteTo(host), requireTls, tlsOptional, CancellationToken.None);
}
