using MailCloud.OutboundRelay.Routing;
using MailCloud.OutboundRelay.Smtp;

namespace MailCloud.OutboundRelay.Tests.Smtp;

/// <summary>Hosts that keep the relay waiting, on a clock that the test moves.</summary>
public sealed class SlowHostTests
{
    private const string Session = "S 220 mx|C EHLO relay.example|S 250 mx";

    // Each wait has a length of its own, so that it shows which one was taken.
    private static readonly SmtpClientOptions Options = Relaying.Options with
    {
        OpenTimeout = TimeSpan.FromMinutes(500),
        GreetingTimeout = TimeSpan.FromMinutes(10),
        HelloTimeout = TimeSpan.FromMinutes(20),
        HandshakeTimeout = TimeSpan.FromMinutes(30),
        MailTimeout = TimeSpan.FromMinutes(40),
        RcptTimeout = TimeSpan.FromMinutes(50),
        DataTimeout = TimeSpan.FromMinutes(60),
        BlockTimeout = TimeSpan.FromMinutes(70),
        FinalTimeout = TimeSpan.FromMinutes(80),
        EnvelopeTimeout = TimeSpan.FromMinutes(500),
    };

    public static TheoryData<string, string, int> Waits => new()
    {
        { "greeting", "", 10 },
        { "EHLO", "S 220 mx|C EHLO relay.example", 20 },
        { "handshake", "S 220 mx|C EHLO relay.example|S 250-mx|S 250 STARTTLS|C STARTTLS|S 220 ok", 30 },
        { "MAIL", $"{Session}|C MAIL FROM:<me@here.example>", 40 },
        { "RCPT", $"{Session}|C MAIL FROM:<me@here.example>|S 250 ok|C RCPT TO:<a@mx.example>", 50 },
        { "DATA", $"{Session}|C MAIL FROM:<me@here.example>|S 250 ok|C RCPT TO:<a@mx.example>|S 250 ok|C DATA", 60 },
        { "block", $"{Session}|C MAIL FROM:<me@here.example>|S 250 ok|C RCPT TO:<a@mx.example>|S 250 ok|C DATA|S 354 go", 70 },
        { "dot", $"{Session}|C MAIL FROM:<me@here.example>|S 250 ok|C RCPT TO:<a@mx.example>|S 250 ok|C DATA|S 354 go|C hello|C .", 80 },
    };

    [Theory]
    [MemberData(nameof(Waits))]
    public async Task Each_step_has_its_time(string step, string dialog, int minutes)
    {
        var time = new WatchedTime();
        await using var mx = new FakeMx(dialog.Replace('|', '\n') + "\nSTALL");

        // Where TLS is a chance only, the way in clear would be tried next.
        var tls = step == "handshake" ? new HostTls(TlsLevel.Encrypted, [], [], "route") : HostTls.Opportunistic;
        var sending = SendAsync(mx.As("mx.example", tls), step == "block" ? new byte[20_000_000] : "hello\r\n"u8.ToArray(), time, Options);
        await mx.Stalled;
        await time.PassAsync(TimeSpan.FromMinutes(minutes));
        var result = await sending;
        Assert.Equal(step == "dot", result.InDoubt);
        Assert.Equal(step == "handshake" ? "4.7.5" : "4.4.2", Assert.IsType<RelayOutcome.Deferred>(result.Outcome).Status);
    }

    // Five minutes for each of a thousand recipients would be days.
    [Fact]
    public async Task All_recipients_together_have_their_time()
    {
        var time = new WatchedTime();
        await using var mx = new FakeMx("""
            S 220 mx
            C EHLO relay.example
            S 250 mx
            C MAIL FROM:<me@here.example>
            STALL
            """);
        var sending = SendAsync(mx.As("mx.example"), "hello\r\n"u8.ToArray(), time, Options with { EnvelopeTimeout = TimeSpan.FromMinutes(15) });
        await mx.Stalled;
        await time.PassAsync(TimeSpan.FromMinutes(15));
        Assert.Equal("4.4.2", Assert.IsType<RelayOutcome.Deferred>((await sending).Outcome).Status);
    }

    [Fact]
    public async Task Hosts_that_do_not_greet_have_their_time_together()
    {
        var time = new WatchedTime();
        await using var first = new FakeMx("STALL");
        await using var second = new FakeMx("STALL");
        await using var third = new FakeMx("S 220 mx\nC EHLO relay.example\nS 250 mx");
        var options = Options with { GreetingTimeout = TimeSpan.FromMinutes(7), OpenTimeout = TimeSpan.FromMinutes(10) };
        var connecting = Relaying.Connector(options, time).ConnectAsync(
            Relaying.RouteTo(first.As("one.example"), second.As("two.example"), third.As("three.example")), false, false, CancellationToken.None);
        await first.Stalled;
        await time.PassAsync(options.GreetingTimeout);
        await second.Stalled;
        time.Advance(options.OpenTimeout - options.GreetingTimeout);

        var failed = Assert.IsType<ConnectResult.NotConnected>(await connecting.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal("4.4.2", Assert.IsType<RelayOutcome.Deferred>(failed.Outcome).Status);
        Assert.False(third.FinishedAsync().IsCompleted);
    }

    private static async Task<(RelayOutcome Outcome, bool InDoubt)> SendAsync(MailHost host, byte[] body, WatchedTime time, SmtpClientOptions options)
    {
        var result = await Relaying.Connector(options, time).ConnectAsync(Relaying.RouteTo(host), false, false, CancellationToken.None);
        if (result is ConnectResult.NotConnected not)
        {
            return (not.Outcome, false);
        }

        await using var session = Assert.IsType<ConnectResult.Connected>(result).Session;
        var sent = await session.SendAsync(Relaying.Message(body, "a@mx.example"), CancellationToken.None);
        return (sent.Outcomes[0], sent.InDoubt);
    }
}
