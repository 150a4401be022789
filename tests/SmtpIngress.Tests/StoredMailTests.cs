using System.Text;
using MailCloud.Messages;
using MailCloud.Queue;
using MailCloud.Testing;

namespace MailCloud.SmtpIngress.Tests;

[Collection("server")]
public sealed class StoredMailTests(ServerFixture server)
{
    [Fact]
    public async Task What_got_250_is_stored_as_it_was_sent_once_for_each_tenant()
    {
        await server.RunAsync([
            "S 220 *", "C EHLO c.example", "S ...", "S 250 HELP", "C MAIL FROM:<me@c.example> RET=HDRS ENVID=a+2Bb", "S 250 *",
            "C RCPT TO:<Team@Example.Test> NOTIFY=NEVER", "S 250 *", "C RCPT TO:<carol@other.test>", "S 250 *",
            "C DATA", "S 354 *", "C Subject: two-tenants", "C ", "C ..dot", "C .", "S 250 2.0.0 queued as *", "C QUIT", "S 221 *",
        ], Chunking.Whole);
        var stored = (await server.StoredAsync()).Where(s => Encoding.ASCII.GetString(s.Body).StartsWith("Subject: two-tenants\r\n", StringComparison.Ordinal)).ToList();

        Assert.Equal(["demo", "other"], stored.Select(s => s.Entry.Tenant.Value).Order(StringComparer.Ordinal));
        Assert.All(stored, s => Assert.Equal("Subject: two-tenants\r\n\r\n.dot\r\n", Encoding.ASCII.GetString(s.Body)));
        var demo = stored.Single(s => s.Entry.Tenant == Table.Demo).Entry;
        Assert.Equal(["demo/alice", "demo/bob"], demo.Envelope.Recipients.Single().Mailboxes.Select(m => m.Value));
        Assert.Equal("a+b", demo.Envelope.EnvelopeId);
        Assert.StartsWith("Received: from c.example ([127.0.0.1])\r\n\tby mail.example with ESMTP id ", demo.Trace, StringComparison.Ordinal);
        Assert.EndsWith("\r\n", demo.Trace, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_group_is_one_recipient_and_owns_the_body()
    {
        var (entry, _) = await SendAsync("to-groups", [
            "C MAIL FROM:<someone@remote.example>", "S 250 *", "C RCPT TO:<Club+x@named.test>", "S 250 *", "C RCPT TO:<foyer@example.test>", "S 250 *",
        ]);

        var (club, foyer) = (entry.Envelope.Recipients[0], entry.Envelope.Recipients[1]);
        Assert.Equal((0, 0, "club@example.test"), (club.Mailboxes.Count, club.Remote.Count, Assert.Single(club.Groups).Key));
        Assert.Equal(["club@example.test", "open@example.test"], foyer.Groups.Select(group => group.Key));
        Assert.Equal("demo/bob", Assert.Single(foyer.Mailboxes).Value);
        Assert.Equal(
            [BodyOwner.Mailbox(new("demo/bob")), BodyOwner.Group(entry.Id, Table.Address("club@example.test")), BodyOwner.Group(entry.Id, Table.Address("open@example.test"))],
            BodyOwner.Of(entry.Id, entry.Envelope.Recipients));
    }

    [Fact]
    public async Task Submission_mends_the_header_and_hides_bcc()
    {
        var login = Convert.ToBase64String(Encoding.UTF8.GetBytes("\0alice@example.test\0mailcloud"));
        await server.RunAsync([
            "# listener: submission", "S 220 *", "C EHLO c.example", "S ...", "S 250 HELP", $"C AUTH PLAIN {login}", "S 235 2.7.0 *",
            "C MAIL FROM:<alice+x@example.test>", "S 250 *", "C RCPT TO:<far@remote.example>", "S 250 *", "C DATA", "S 354 *",
            "C Subject: mended", "C Bcc: <secret@example.test>,", "C  <more@example.test>", "C ", "C Bcc: in the body", "C .", "S 250 2.0.0 *", "C QUIT", "S 221 *",
        ], Chunking.ByOctet);
        var (entry, body) = (await server.StoredAsync()).Single(s => Encoding.ASCII.GetString(s.Body).StartsWith("Subject: mended\r\n", StringComparison.Ordinal));
        var text = Encoding.ASCII.GetString(body);

        Assert.Matches("^Subject: mended\r\nFrom: alice@example.test\r\nDate: [^\r]+ \\+0000\r\nMessage-ID: <[^\r]+@mail.example>\r\n\r\nBcc: in the body\r\n$", text);
        Assert.Equal(body.Length, entry.Body.Length);
        Assert.Equal("far@remote.example", entry.Envelope.Recipients.Single().Remote.Single().Key);
        Assert.Contains(" with ESMTPA id ", entry.Trace, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_sender_asks_of_reports_is_stored()
    {
        var (entry, _) = await SendAsync("dsn-parameters", [
            "C MAIL FROM:<me@c.example> RET=HDRS ENVID=QQ+2B314", "S 250 *",
            "C RCPT TO:<bob@example.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Bob+2Bx@Example.Test", "S 250 *",
            "C RCPT TO:<alice@example.test> NOTIFY=NEVER", "S 250 *", "C RCPT TO:<team@example.test>", "S 250 *",
        ]);

        Assert.Equal(("QQ+314", DsnReturn.Headers), (entry.Envelope.EnvelopeId, entry.Envelope.Return));
        Assert.Equal(
            [(DsnNotify.Success | DsnNotify.Delay, "rfc822;Bob+x@Example.Test"), (DsnNotify.Never, null), (DsnNotify.Unspecified, null)],
            entry.Envelope.Recipients.Select(r => (r.Notify, r.OriginalRecipient)));
    }

    [Fact]
    public async Task A_transaction_for_terminals_says_so_within_its_tenant()
    {
        await SubmitAsync("saml-stored", "SAML", "bob@example.test", "carol@other.test", "far@remote.example");
        await SubmitAsync("send-stored", "SEND", "team@example.test");
        await SubmitAsync("mail-stored", "MAIL", "team@example.test");

        Assert.Equal([("demo", TransactionKind.SendAndMail), ("other", TransactionKind.Mail)], await KindsAsync("saml-stored"));
        Assert.Equal([("demo", TransactionKind.Mail)], await KindsAsync("mail-stored"));
        var sent = Assert.Single(await StoredAsync("send-stored"));
        Assert.Equal((TransactionKind.Send, "demo/bob"), (sent.Envelope.Kind, Assert.Single(Assert.Single(sent.Envelope.Recipients).Mailboxes).Value));
    }

    [Fact]
    public async Task Addresses_beyond_ascii_are_stored_as_they_are()
    {
        var (entry, _) = await SendAsync("smtputf8", [
            "C MAIL FROM:<发件人@例子.test> SMTPUTF8 BODY=8BITMIME", "S 250 *", "C RCPT TO:<用户@example.test>", "S 250 *",
        ]);

        Assert.True(entry.Envelope.SmtpUtf8);
        Assert.Equal("发件人@例子.test", entry.Envelope.Sender.ToString());
        Assert.Equal(("用户@example.test", "demo/用户"), (entry.Envelope.Recipients[0].Address.ToString(), entry.Envelope.Recipients[0].Mailboxes.Single().Value));
        Assert.Contains(" with UTF8SMTP id ", entry.Trace, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("C PROXY TCP6 2001:db8::7 ::1 40000 25", "[IPv6:2001:db8::7]")]
    [InlineData("C {CR}{LF}{CR}{LF}{x00}{CR}{LF}QUIT{LF}{x21}{x11}{x00}{x0C}{xC0}{x00}{x02}{x0B}{x7F}{x00}{x00}{x01}{x9C}{x40}{x00}{x19}{NOCRLF}", "[192.0.2.11]")]
    public async Task The_trace_names_whom_the_proxy_names(string header, string literal)
    {
        var (entry, _) = await SendAsync(
            $"proxy-{literal}", ["C MAIL FROM:<me@c.example>", "S 250 *", "C RCPT TO:<bob@example.test>", "S 250 *"],
            ["# listener: secured-mx", "# from: proxy", header, "WAIT"]);

        Assert.StartsWith($"Received: from c.example ({literal})\r\n", entry.Trace, StringComparison.Ordinal);
    }

    private Task SubmitAsync(string subject, string verb, params string[] recipients)
    {
        var login = Convert.ToBase64String(Encoding.UTF8.GetBytes("\0alice@example.test\0mailcloud"));
        return server.RunAsync([
            "# listener: submission", "S 220 *", "C EHLO c.example", "S ...", "S 250 HELP", $"C AUTH PLAIN {login}", "S 235 *",
            $"C {verb} FROM:<alice@example.test>", "S 250 *", .. recipients.SelectMany(r => new[] { $"C RCPT TO:<{r}>", "S 250 *" }),
            "C DATA", "S 354 *", $"C Subject: {subject}", "C ", "C .", "S 250 2.0.0 *", "C QUIT", "S 221 *",
        ], Chunking.ByLine);
    }

    private async Task<IEnumerable<(string Tenant, TransactionKind Kind)>> KindsAsync(string subject) =>
        (await StoredAsync(subject)).Select(e => (e.Tenant.Value, e.Envelope.Kind)).Order();

    private async Task<IReadOnlyList<QueuedMessage>> StoredAsync(string subject) =>
        [.. (await server.StoredAsync()).Where(s => Encoding.ASCII.GetString(s.Body).StartsWith($"Subject: {subject}\r\n", StringComparison.Ordinal)).Select(s => s.Entry)];

    private async Task<(QueuedMessage Entry, byte[] Body)> SendAsync(string subject, string[] envelope, params string[] before)
    {
        await server.RunAsync([
            .. before, "S 220 *", "C EHLO c.example", "S ...", "S 250 HELP", .. envelope,
            "C DATA", "S 354 *", $"C Subject: {subject}", "C ", "C .", "S 250 2.0.0 queued as *", "C QUIT", "S 221 *",
        ], Chunking.ByLine);
        return (await server.StoredAsync()).Single(s => Encoding.ASCII.GetString(s.Body).StartsWith($"Subject: {subject}\r\n", StringComparison.Ordinal));
    }
}
