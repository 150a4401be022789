using MailCloud.MailboxContracts;
using MailCloud.OutboundRelay.Smtp;

namespace MailCloud.OutboundRelay.Tests.Smtp;

/// <summary>A host that goes away, or says 421, in place of each reply of a dialog in turn.</summary>
public sealed class FaultTests
{
    private static readonly Dictionary<string, string> Dialogs = new()
    {
        ["data"] = """
            S 220 mx.example
            C EHLO relay.example
            S 250 mx.example
            C MAIL FROM:<me@here.example>
            S 250 2.1.0 ok
            C RCPT TO:<a@mx.example>
            S 250 2.1.5 ok
            C RCPT TO:<b@mx.example>
            S 550 5.1.1 nobody
            C RCPT TO:<c@mx.example>
            S 250 2.1.5 ok
            C DATA
            S 354 go ahead
            C hello
            C .
            S 250 2.0.0 queued
            """,
        ["data-pipelined"] = """
            S 220 mx.example
            C EHLO relay.example
            S 250-mx.example
            S 250 PIPELINING
            C MAIL FROM:<me@here.example>
            C RCPT TO:<a@mx.example>
            C RCPT TO:<b@mx.example>
            C RCPT TO:<c@mx.example>
            C DATA
            S 250 2.1.0 ok
            S 250 2.1.5 ok
            S 550 5.1.1 nobody
            S 250 2.1.5 ok
            S 354 go ahead
            C hello
            C .
            S 250 2.0.0 queued
            """,
        ["bdat-pipelined"] = """
            S 220 mx.example
            C EHLO relay.example
            S 250-mx.example
            S 250-PIPELINING
            S 250 CHUNKING
            C MAIL FROM:<me@here.example>
            C RCPT TO:<a@mx.example>
            C RCPT TO:<b@mx.example>
            C RCPT TO:<c@mx.example>
            S 250 2.1.0 ok
            S 250 2.1.5 ok
            S 550 5.1.1 nobody
            S 250 2.1.5 ok
            C BDAT 7 LAST
            C hello
            S 250 2.0.0 queued
            """,
    };

    public static TheoryData<string, int, bool> Places
    {
        get
        {
            var data = new TheoryData<string, int, bool>();
            foreach (var (name, dialog) in Dialogs)
            {
                var steps = Steps(dialog);
                for (var i = 0; i < steps.Count; i++)
                {
                    if (steps[i].Kind == MxStepKind.Say)
                    {
                        data.Add(name, i, false);
                        data.Add(name, i, true);
                    }
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task Nobody_is_lost_and_doubt_is_where_doubt_must_be(string name, int at, bool with421)
    {
        var steps = Steps(Dialogs[name]);
        var replaced = steps[at].Text;
        List<MxStep> broken = [.. steps.Take(at), .. with421 ? new MxStep[] { new(MxStepKind.Say, "421 4.3.2 I am going down") } : [], new(MxStepKind.Close, "")];
        await using var mx = new FakeMx(broken);
        var result = await Relaying.Connector().ConnectAsync(Relaying.RouteTo(mx.As("mx.example")), false, false, CancellationToken.None);
        if (result is ConnectResult.NotConnected not)
        {
            await mx.FinishedAsync();
            Assert.Equal(with421 ? "4.3.2" : "4.4.2", Assert.IsType<RelayOutcome.Deferred>(not.Outcome).Status);
            Assert.Equal(with421 ? ConnectionVerdict.TooMuch : ConnectionVerdict.Unreachable, not.Verdict);
            Assert.DoesNotContain(steps.Take(at), s => s.Text.StartsWith("MAIL", StringComparison.Ordinal));
            return;
        }

        await using var session = Assert.IsType<ConnectResult.Connected>(result).Session;
        var sent = await session.SendAsync(Relaying.Message("hello\r\n", "a@mx.example", "b@mx.example", "c@mx.example"), CancellationToken.None);
        await mx.FinishedAsync();

        var wasRefused = steps.Take(at).Any(s => s.Text == "550 5.1.1 nobody");
        Assert.Equal(with421 ? "deferred 4.3.2 421 4.3.2 I am going down" : "deferred 4.4.2 451 4.4.2 mx.example: the host closed the connection", Relaying.Line(sent.Outcomes[0]));
        Assert.Equal(wasRefused ? "failed 5.1.1 550 5.1.1 nobody" : Relaying.Line(sent.Outcomes[0]), Relaying.Line(sent.Outcomes[1]));
        Assert.Equal(sent.Outcomes[0], sent.Outcomes[2]);
        Assert.Equal(replaced == "250 2.0.0 queued" && !with421, sent.InDoubt);
        Assert.Equal((false, with421 ? ConnectionVerdict.TooMuch : ConnectionVerdict.Fine), (sent.Usable, sent.Verdict));
        Assert.Empty(sent.AtOnce);
        Assert.False(session.IsUsable);

        // Who goes on nevertheless is told, and the host hears nothing.
        var next = await session.SendAsync(Relaying.Message("hello\r\n", "a@mx.example"), CancellationToken.None);
        Assert.IsType<RelayOutcome.Deferred>(next.Outcomes[0]);
        Assert.False(next.InDoubt);
    }

    [Fact]
    public async Task A_reply_to_the_end_that_cannot_be_read_leaves_doubt()
    {
        var steps = Steps(Dialogs["data"]);
        await using var mx = new FakeMx([.. steps.Take(steps.Count - 1), new(MxStepKind.Say, "what was that?"), new(MxStepKind.ExpectClose, "")]);
        await using var session = await Relaying.SessionAsync(mx.As("mx.example"));
        var sent = await session.SendAsync(Relaying.Message("hello\r\n", "a@mx.example", "b@mx.example", "c@mx.example"), CancellationToken.None);
        await mx.FinishedAsync();
        Assert.Equal("over in-doubt", Relaying.State(sent));
        Assert.IsType<RelayOutcome.Deferred>(sent.Outcomes[0]);
    }

    public static TheoryData<string, int> Stalls => new() { { "mail", 3 }, { "data", 15 } };

    [Theory]
    [MemberData(nameof(Stalls))]
    public async Task A_relay_that_stops_gives_up_at_once(string where, int after)
    {
        using var stopping = new CancellationTokenSource();
        await using var mx = new FakeMx([.. Steps(Dialogs["data"]).Take(after + (where == "mail" ? 1 : 0)), new(MxStepKind.Stall, "")]);
        await using var session = await Relaying.SessionAsync(mx.As("mx.example"));
        var sending = session.SendAsync(Relaying.Message("hello\r\n", "a@mx.example", "b@mx.example", "c@mx.example"), stopping.Token);
        await mx.Stalled;
        await stopping.CancelAsync();
        var sent = await sending;
        Assert.Equal(where == "data" ? "over in-doubt" : "over", Relaying.State(sent));
        Assert.Equal("4.3.2", Assert.IsType<RelayOutcome.Deferred>(sent.Outcomes[0]).Status);
        Assert.Equal(where == "data" ? "failed 5.1.1 550 5.1.1 nobody" : Relaying.Line(sent.Outcomes[0]), Relaying.Line(sent.Outcomes[1]));
    }

    // A host that sees the connection end within DATA or BDAT takes nothing (RFC 5321 §4.1.1.10); a dot behind half a message would make it a whole one.
    [Theory]
    [InlineData("data-pipelined", "open")]
    [InlineData("data-pipelined", "read")]
    [InlineData("data-pipelined", "bare LF")]
    [InlineData("data-pipelined", "bare CR")]
    [InlineData("bdat-pipelined", "open")]
    [InlineData("bdat-pipelined", "read")]
    [InlineData("bdat-pipelined", "bare LF")]
    [InlineData("bdat-pipelined", "bare CR")]
    public async Task A_message_that_cannot_be_read_to_its_end_is_not_ended(string name, string fault)
    {
        var steps = Steps(Dialogs[name]).TakeWhile(s => s.Text is not ("hello" or "BDAT 7 LAST"));
        await using var mx = new FakeMx([.. steps, new(MxStepKind.ExpectClose, "")]);
        await using var session = await Relaying.SessionAsync(mx.As("mx.example"));
        var message = Relaying.Message(fault switch { "bare LF" => "hello\r\na\nb\r\n", "bare CR" => "hello\r\na\r", _ => "" }, "a@mx.example", "b@mx.example", "c@mx.example");
        message = fault switch
        {
            "open" => message with { OpenBody = _ => Task.FromException<Stream>(new TimeoutException("the store does not answer")) },
            "read" => message with { OpenBody = _ => Task.FromResult<Stream>(new TornStream("hello\r\n"u8.ToArray())) },
            _ => message,
        };
        var sent = await session.SendAsync(message, CancellationToken.None);
        await mx.FinishedAsync();
        Assert.Equal("over", Relaying.State(sent));
        Assert.Equal("deferred 4.3.0 451 4.3.0 the message could not be read here", Relaying.Line(sent.Outcomes[0]));
        Assert.Equal("failed 5.1.1 550 5.1.1 nobody", Relaying.Line(sent.Outcomes[1]));
    }

    public static TheoryData<string> Floods => ["a long line", "many lines", "a line without end"];

    [Theory]
    [MemberData(nameof(Floods))]
    public async Task A_reply_without_measure_ends_the_connection(string flood)
    {
        var say = flood switch
        {
            "a long line" => [new MxStep(MxStepKind.Say, "250 " + new string('x', 2100))],
            "many lines" => Enumerable.Repeat(new MxStep(MxStepKind.Say, "250-" + new string('x', 500)), 200),
            _ => Enumerable.Repeat(new MxStep(MxStepKind.Say, "250 " + new string('x', 1_100_000)), 1),
        };
        await using var mx = new FakeMx([.. Steps(Dialogs["data"]).Take(4), .. say]);
        await using var session = await Relaying.SessionAsync(mx.As("mx.example"));
        var sent = await session.SendAsync(Relaying.Message("hello\r\n", "a@mx.example"), CancellationToken.None);
        Assert.Equal("over", Relaying.State(sent));
        Assert.Equal("4.4.2", Assert.IsType<RelayOutcome.Deferred>(sent.Outcomes[0]).Status);
    }

    // Whatever comes unasked is a goodbye: nothing is asked.
    [Theory]
    [InlineData("S 421 4.4.2 that was all")]
    [InlineData("")]
    public async Task A_session_that_ended_while_it_was_idle_is_dead(string goodbye)
    {
        await using var mx = new FakeMx($"""
            S 220 mx.example
            C EHLO relay.example
            S 250 mx.example
            C MAIL FROM:<me@here.example>
            S 550 5.7.1 no
            {goodbye}
            S <close>
            """);
        await using var session = await Relaying.SessionAsync(mx.As("mx.example"));
        await session.SendAsync(Relaying.Message("hello\r\n", "a@mx.example"), CancellationToken.None);
        await mx.FinishedAsync();
        Assert.False(await session.IsAliveAsync(CancellationToken.None));
        Assert.False(session.IsUsable);
    }

    [Fact]
    public async Task A_refusal_within_the_message_is_heard()
    {
        // The host does not read the rest, and its end of the connection is gone when the relay notices.
        await using var mx = new FakeMx([.. Steps(Dialogs["data"]).Take(13), new(MxStepKind.Say, "552 5.3.4 that is too much"), new(MxStepKind.Close, "")]);
        await using var session = await Relaying.SessionAsync(mx.As("mx.example"));
        var sent = await session.SendAsync(Relaying.Message(new byte[20_000_000], "a@mx.example", "b@mx.example", "c@mx.example"), CancellationToken.None);
        await mx.FinishedAsync();
        Assert.Equal("failed 5.3.4 552 5.3.4 that is too much", Relaying.Line(sent.Outcomes[0]));
        Assert.Equal("over", Relaying.State(sent));
    }

    [Fact]
    public async Task A_chunk_that_is_refused_ends_the_message_and_the_session_goes_on()
    {
        var chunk = 256 * 1024;
        var body = new byte[(2 * chunk) + 10];
        await using var mx = new FakeMx("""
            S 220 mx.example
            C EHLO relay.example
            S 250-mx.example
            S 250 CHUNKING
            C MAIL FROM:<me@here.example>
            S 250 ok
            C RCPT TO:<a@mx.example>
            S 250 ok
            C BDAT 262144
            """ + $"\nC {new string('\0', chunk)}{{NOCRLF}}\n" + """
            S 552 5.3.4 too large
            C RSET
            S 250 ok
            C MAIL FROM:<me@here.example>
            S 550 no
            """);
        await using var session = await Relaying.SessionAsync(mx.As("mx.example"));
        var sent = await session.SendAsync(Relaying.Message(body, "a@mx.example"), CancellationToken.None);
        Assert.Equal("failed 5.3.4 552 5.3.4 too large", Relaying.Line(sent.Outcomes[0]));
        Assert.Equal("usable", Relaying.State(sent));
        await session.SendAsync(Relaying.Message("x", "a@mx.example"), CancellationToken.None);
        await mx.FinishedAsync();
    }

    private static List<MxStep> Steps(string dialog) => [.. MxDialog.Parse(dialog.ReplaceLineEndings("\n").Split('\n')).Steps];

    /// <summary>A stream that breaks after its octets.</summary>
    private sealed class TornStream(byte[] octets) : MemoryStream(octets)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position < Length ? base.ReadAsync(buffer, cancellationToken) : throw new IOException("the store broke off");
    }
}
