using System.Text;
using MailCloud.MailboxContracts;
using MailCloud.Testing;

namespace MailCloud.SmtpIngress.Tests;

/// <summary>What is recorded of a transaction, as the shards get it.</summary>
[Collection("server")]
public sealed class TraceTests(ServerFixture server)
{
    private static readonly string Login = Convert.ToBase64String(Encoding.UTF8.GetBytes("\0alice@example.test\0mailcloud"));

    [Fact]
    public async Task An_accepted_message_is_named_with_its_session_and_who_was_refused()
    {
        await server.RunAsync([
            "S 220 *", "C EHLO c.example", "S ...", "S 250 HELP", "C MAIL FROM:<me@c.example>", "S 250 *",
            "C RCPT TO:<nobody@example.test>", "S 550 *", "C RCPT TO:<bob@example.test>", "S 250 *", "C RCPT TO:<carol@other.test>", "S 250 *",
            "C DATA", "S 354 *", "C Subject: not recorded", "C Message-ID:", "C  <accepted@c.example>", "C ", "C text", "C .", "S 250 2.0.0 queued as *", "C QUIT", "S 221 *",
        ], Chunking.ByOctet);

        var named = await UntilAsync(events => [.. events.Where(e => e is { Kind: TraceKind.Named, MessageId: "accepted@c.example" })], 2);
        var ids = named.Select(e => e.Delivery).ToHashSet();
        var events = await UntilAsync(events => [.. events.Where(e => ids.Contains(e.Delivery) && e.Kind != TraceKind.Named)], 3);
        var accepted = events.Where(e => e.Kind == TraceKind.Accepted).OrderBy(e => e.Session!.Tenant, StringComparer.Ordinal).ToList();

        Assert.Equal(["bob@example.test"], accepted[0].Recipients);
        Assert.Equal(["carol@other.test"], accepted[1].Recipients);
        Assert.Equal(new TraceSession("demo", "mx", "127.0.0.1", "c.example", null, null, "me@c.example", 67), accepted[0].Session);
        Assert.StartsWith("250 2.0.0 queued as ", accepted[0].Reply, StringComparison.Ordinal);
        Assert.Equal("accepted@c.example", accepted[0].MessageId);
        var refused = Assert.Single(events, e => e.Kind == TraceKind.RecipientRefused);
        Assert.Equal(("nobody@example.test", "550 5.1.1 no such user here"), (refused.Recipients.Single(), refused.Reply));
    }

    [Theory]
    [InlineData("DATA", "554 5.4.6 message is going round in circles")]
    [InlineData("BDAT", "554 5.6.0 message has a CR or LF that is no part of a CRLF")]
    public async Task A_refused_message_is_recorded_with_the_reply(string verb, string reply)
    {
        var id = $"refused-{verb}@c.example";
        string[] message = verb == "DATA"
            ? ["C DATA", "S 354 *", $"C Message-ID: <{id}>", .. Enumerable.Repeat("C Received: by c.example", 101), "C ", "C .", "S 554 5.4.6 *"]
            : [$"C BDAT {$"Message-ID: <{id}>\r\n\r\na\n".Length}", $"C Message-ID: <{id}>", "C ", "C a{LF}{NOCRLF}", "S 554 5.6.0 *"];
        await server.RunAsync(
            ["S 220 *", "C EHLO c.example", "S ...", "S 250 HELP", "C MAIL FROM:<me@c.example>", "S 250 *", "C RCPT TO:<bob@example.test>", "S 250 *", .. message, "C QUIT", "S 221 *"], Chunking.Whole);

        var named = Assert.Single(await UntilAsync(events => [.. events.Where(e => e.Kind == TraceKind.Named && e.MessageId == id)], 1));
        var refused = Assert.Single(await UntilAsync(events => [.. events.Where(e => e.Delivery == named.Delivery && e.Kind == TraceKind.Refused)], 1));
        Assert.Equal(("bob@example.test", reply), (refused.Recipients.Single(), refused.Reply));
    }

    [Fact]
    public async Task A_message_of_an_account_has_the_id_that_it_was_given()
    {
        await server.RunAsync([
            "# listener: submission", "S 220 *", "C EHLO c.example", "S ...", "S 250 HELP", $"C AUTH PLAIN {Login}", "S 235 *", "C MAIL FROM:<alice@example.test>", "S 250 *",
            "C RCPT TO:<traced@remote.example>", "S 250 *", "C DATA", "S 354 *", "C Subject: s", "C ", "C .", "S 250 *", "C QUIT", "S 221 *",
        ], Chunking.Whole);

        var accepted = Assert.Single(await UntilAsync(events => [.. events.Where(e => e.Kind == TraceKind.Accepted && e.Recipients.Contains("traced@remote.example"))], 1));
        Assert.Equal(("submission", "alice@example.test", $"{accepted.Delivery}@mail.example"), (accepted.Session!.Listener, accepted.Session.Account, accepted.MessageId));
    }

    private static async Task<IReadOnlyList<TraceEvent>> UntilAsync(Func<IEnumerable<TraceEvent>, IReadOnlyList<TraceEvent>> choose, int count)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            if (choose([.. TableTraceGrain.Events]) is var chosen && chosen.Count >= count)
            {
                return chosen;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
        }
    }
}
