using System.Net;
using MailCloud.MailboxContracts;
using MailCloud.OutboundRelay.Routing;
using MailCloud.OutboundRelay.Smtp;
using MailCloud.Testing;

namespace MailCloud.OutboundRelay.Tests.Smtp;

/// <summary>Which of a route's hosts is talked to, and what is said when none is.</summary>
public sealed class ConnectorTests
{
    private const string Welcome = """
        S 220 mx.example
        C EHLO relay.example
        S 250 mx.example
        C QUIT
        S 221 bye
        S <close>
        """;

    private const string NoMail = """
        S 521 5.3.2 no mail here
        C QUIT
        S 221 bye
        S <close>
        """;

    private static MailHost Dead => new("dead.example", FreePort.Find(), [IPAddress.Loopback], HostTls.Opportunistic);

    [Fact]
    public async Task The_first_that_answers_is_talked_to()
    {
        await using var busy = new FakeMx("S 450 4.3.2 busy\nC QUIT\nS <close>");
        await using var closed = new FakeMx(NoMail);
        await using var open = new FakeMx(Welcome);
        await using var spare = new FakeMx(Welcome);
        await using var session = Assert.IsType<ConnectResult.Connected>(
            await ConnectAsync(Dead, busy.As("busy.example"), closed.As("closed.example"), open.As("open.example"), spare.As("spare.example"))).Session;
        Assert.Equal(("open.example", IPAddress.Loopback), (session.HostName, session.Address));
        await session.QuitAsync(CancellationToken.None);
        await Task.WhenAll(busy.FinishedAsync(), closed.FinishedAsync(), open.FinishedAsync());
        Assert.False(spare.FinishedAsync().IsCompleted);
    }

    [Fact]
    public async Task Each_address_of_a_host_is_tried()
    {
        await using var open = new FakeMx(Welcome);
        await using var session = Assert.IsType<ConnectResult.Connected>(
            await ConnectAsync(open.As("mx.example") with { Addresses = [IPAddress.Parse("127.0.0.9"), IPAddress.Loopback] })).Session;
        await session.QuitAsync(CancellationToken.None);
        await open.FinishedAsync();
    }

    [Fact]
    public async Task When_none_answers_it_is_said_so()
    {
        var dead = Dead;
        var result = Assert.IsType<ConnectResult.NotConnected>(await ConnectAsync(dead, dead));
        Assert.Equal(ConnectionVerdict.Unreachable, result.Verdict);
        Assert.Equal($"deferred 4.4.1 451 4.4.1 connect to dead.example[127.0.0.1]:{dead.Port}: Connection refused", Relaying.Line(result.Outcome));
    }

    // RFC 7504 §4: what one host refuses for ever another may take, but for all of them.
    [Fact]
    public async Task Mail_is_refused_for_ever_only_when_every_host_refuses_it_so()
    {
        await using var first = new FakeMx(NoMail);
        await using var second = new FakeMx(NoMail.Replace("521 5.3.2", "554", StringComparison.Ordinal));
        var result = Assert.IsType<ConnectResult.NotConnected>(await ConnectAsync(first.As("a.example"), second.As("b.example")));
        Assert.Equal(new RelayOutcome.Failed("5.3.2", "521 5.3.2 no mail here", "a.example"), result.Outcome);
        Assert.Equal(ConnectionVerdict.Fine, result.Verdict);
    }

    [Fact]
    public async Task A_host_that_could_not_be_asked_may_still_take_it()
    {
        await using var first = new FakeMx(NoMail);
        var result = Assert.IsType<ConnectResult.NotConnected>(await ConnectAsync(first.As("a.example"), Dead));
        Assert.Equal("4.4.1", Assert.IsType<RelayOutcome.Deferred>(result.Outcome).Status);
        Assert.Equal(ConnectionVerdict.Fine, result.Verdict);
    }

    [Fact]
    public async Task Addresses_beyond_the_limit_are_not_dialled_and_may_still_take_it()
    {
        await using var first = new FakeMx(NoMail);
        await using var second = new FakeMx(Welcome);
        var connector = Relaying.Connector(Relaying.Options with { MaxAddresses = 1 });
        var result = await connector.ConnectAsync(Relaying.RouteTo(first.As("a.example"), second.As("b.example")), false, false, CancellationToken.None);
        Assert.Equal("deferred 4.3.2 521 5.3.2 no mail here", Relaying.Line(Assert.IsType<ConnectResult.NotConnected>(result).Outcome));
        Assert.False(second.FinishedAsync().IsCompleted);
    }

    [Fact]
    public async Task The_most_telling_of_several_failures_is_told()
    {
        await using var busy = new FakeMx("S 450 4.3.2 busy\nC QUIT\nS <close>");
        await using var strange = new FakeMx("S hello");
        await using var plain = new FakeMx(Welcome);
        var result = Assert.IsType<ConnectResult.NotConnected>(await ConnectAsync(
            strange.As("strange.example"), plain.As("plain.example", new(TlsLevel.Encrypted, [], [], "route")), busy.As("busy.example"), Dead));
        Assert.Equal("4.7.4", Assert.IsType<RelayOutcome.Deferred>(result.Outcome).Status);
        Assert.Equal(ConnectionVerdict.TooMuch, result.Verdict);
    }

    [Fact]
    public async Task The_address_that_is_dialled_from_can_be_chosen()
    {
        await using var mx = new FakeMx(Welcome);
        await using var session = await Relaying.SessionAsync(mx.As("mx.example"), Relaying.Options with { SourceAddress = "127.0.0.77" });
        Assert.Equal(IPAddress.Parse("127.0.0.77"), mx.Peer);
        await session.QuitAsync(CancellationToken.None);
    }

    [Theory]
    [InlineData("", "", "", "Relay:HostName must be a host name")]
    [InlineData("two words", "", "", "Relay:HostName must be a host name")]
    [InlineData("relay.example", "localhost", "", "Relay:SourceAddress must be an IP address")]
    [InlineData("relay.example", "::1", "/dev/null", "Relay:AuthoritiesFile must be a PEM file with certificates")]
    [InlineData("relay.example", "", "/nowhere/at/all", "Relay:AuthoritiesFile must be a PEM file with certificates")]
    public void What_is_wrong_with_the_options_is_said(string hostName, string source, string authorities, string error) =>
        Assert.Equal([error], new SmtpClientOptions { HostName = hostName, SourceAddress = source, AuthoritiesFile = authorities }.Errors());

    private static Task<ConnectResult> ConnectAsync(params MailHost[] hosts) =>
        Relaying.Connector().ConnectAsync(Relaying.RouteTo(hosts), false, false, CancellationToken.None);
}
