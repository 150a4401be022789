using System.Text;
using System.Text.RegularExpressions;
using MailCloud.MailboxContracts;
using MailCloud.Messages;
using MailCloud.OutboundRelay.Content;
using Xunit.Abstractions;

namespace MailCloud.OutboundRelay.Tests.Content;

/// <summary>Signatures, as two verifiers that this project did not write see them.</summary>
public sealed partial class DkimTests(SigningHost host, ITestOutputHelper output) : IClassFixture<SigningHost>
{
    private const string From = "From: Alice <alice@example.test>\r\n";

    public static TheoryData<string> Bodies =>
    [
        "",
        "\r\n",
        "\r\na",
        "\r\na\r\n\r\n\r\n",
        "\r\n\r\n\r\n",
        "\r\n  \r\n\t\r\n",
        "\r\n a  b\t \tc \r\n \r\nd \r\n",
        "\r\na\nb\rc\r\n",
        "\r\n" + "caf\u00e9 \r\n",
        "Subject:  a \r\n\t b  \r\nTO: x\r\nto: y\r\nX: z\r\n\r\nbody\r\n",
        "Content-Type: text/plain\r\n\r\n\0\r\n",
    ];

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Both_signatures_hold_of_what_is_sent(string body)
    {
        var message = await host.StoreAsync(From + body);
        await HoldAsync([await host.SendAsync(message, BodyType.SevenBit), await host.SendAsync(message, BodyType.EightBitMime), await host.SendAsync(message, BodyType.BinaryMime)]);
    }

    [Theory]
    [InlineData("clean")]
    [InlineData("mixed-line-ends")]
    public async Task Both_signatures_hold_of_any_mail(string set)
    {
        var sent = new List<byte[]>();
        var refused = 0;
        foreach (var mail in Mail.Read(output, set))
        {
            // From an account of ours, whoever wrote it.
            var ours = Encoding.Latin1.GetBytes(FromField().Replace(Encoding.Latin1.GetString(mail), "X-$0"));
            var message = await host.StoreAsync([.. Encoding.Latin1.GetBytes(From), .. ours]);
            foreach (var allowed in (BodyType[])[BodyType.SevenBit, BodyType.EightBitMime])
            {
                switch (await host.Content.PrepareAsync(message, allowed, default))
                {
                    case PreparedContent.Ready ready when allowed == BodyType.SevenBit || ready.Form != BodyType.SevenBit:
                        sent.Add(await SigningHost.ReadAsync(ready));
                        break;
                    case PreparedContent.CannotDowngrade:
                        refused++;
                        break;
                }
            }
        }

        await HoldAsync(sent);
        output.WriteLine($"{sent.Count} sent, {refused} cannot be downgraded");
    }

    [Fact]
    public async Task A_large_message_is_streamed_and_signed()
    {
        var lines = new StringBuilder(From).Append("Content-Type: text/plain; charset=iso-8859-1\r\n\r\n");
        for (var i = 0; i < 200_000; i++)
        {
            lines.Append(System.Globalization.CultureInfo.InvariantCulture, $"{i} caf\u00e9  \r\n");
        }

        await HoldAsync([await host.SendAsync(await host.StoreAsync(lines.ToString()), BodyType.SevenBit), await host.SendAsync(await host.StoreAsync(lines.ToString()))]);
    }

    [Fact]
    public async Task The_signature_stands_on_top_and_says_what_it_is()
    {
        var sent = Encoding.Latin1.GetString(await host.SendAsync(await host.StoreAsync(From + "To: b@c.test\r\nList-Id: <x>\r\n\r\na\r\n")));
        var first = sent[..sent.IndexOf("\r\nDKIM-Signature", StringComparison.Ordinal)].Replace("\r\n\t", " ", StringComparison.Ordinal);
        Assert.Matches("^DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example[.]test; s=rsa; t=[0-9]{10}; h=", first);
        Assert.DoesNotMatch("[; ][ilx]=", first);
        var names = SignedNames().Match(first).Groups[1].Value.Replace(" ", "", StringComparison.Ordinal);
        Assert.Equal("from:from:subject:date:to:to:cc:message-id:reply-to:in-reply-to:references:mime-version:content-type:content-transfer-encoding:list-id:list-id", names);
        Assert.All(sent.Split("\r\n"), line => Assert.InRange(line.Length, 0, 78));
        Assert.Contains("\r\nReceived: from a by b;", sent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("From: mallory@example.org\r\n", false)]
    [InlineData("Subject: another\r\n", false)]
    [InlineData("Reply-To: mallory@example.org\r\n", false)]
    [InlineData("Content-Type: text/html\r\n", false)]
    [InlineData("List-Id: <list.example.org>\r\n", true)]
    [InlineData("Received: from b by c; Fri, 27 Nov 2026 12:00:00 +0000\r\n", true)]
    public async Task Nobody_adds_a_field_that_is_signed(string added, bool holds)
    {
        var sent = await host.SendAsync(await host.StoreAsync(From + "Subject: a\r\n\r\na\r\n"));
        await HoldAsync([[.. Encoding.ASCII.GetBytes(added), .. sent]], holds);
        await HoldAsync([[.. sent, .. "more\r\n"u8]], holds: false);
    }

    [Fact]
    public async Task A_domain_beyond_ascii_signs_as_a_labels()
    {
        var message = await host.StoreAsync("From: <a@b\u00c3\u00bccher.test>\r\n\r\na\r\n");
        var sent = await host.SendAsync(message with { Envelope = message.Envelope with { SmtpUtf8 = true } });
        Assert.StartsWith("DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n\td=xn--bcher-kva.test;", Encoding.Latin1.GetString(sent), StringComparison.Ordinal);
        Assert.True(Assert.Single(Assert.Single(await host.Dkimpy.VerifyAsync([sent], await host.RecordsAsync("xn--bcher-kva.test")))!));
    }

    [Fact]
    public async Task A_report_of_ours_is_signed_and_what_only_passes_is_not()
    {
        var mail = await host.StoreAsync(Encoding.ASCII.GetBytes("From: MAILER-DAEMON@example.test\r\n\r\na\r\n"), trace: "");
        await HoldAsync([await host.SendAsync(mail with { Submitter = null })]);
        var passing = await host.StoreAsync(From + "\r\na\r\n");
        Assert.StartsWith("Received:", Encoding.Latin1.GetString(await host.SendAsync(passing with { Submitter = null })), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("From: a@bare.test\r\n\r\na\r\n")]
    [InlineData("From: a@elsewhere.test\r\n\r\na\r\n")]
    [InlineData("From: a@sub.example.test\r\n\r\na\r\n")]
    public async Task A_domain_without_keys_signs_nothing(string mail)
    {
        Assert.StartsWith("Received:", Encoding.Latin1.GetString(await host.SendAsync(await host.StoreAsync(mail))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_domain_signs_only_its_own_tenants_mail()
    {
        var message = await host.StoreAsync(From + "\r\na\r\n");
        Assert.StartsWith("Received:", Encoding.Latin1.GetString(await host.SendAsync(message with { Tenant = new("other") })), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("From: a@example.test\r\nFrom: b@example.test\r\n\r\na\r\n")]
    [InlineData("From: a@example.test, b@bare.test\r\n\r\na\r\n")]
    [InlineData("Subject: a\r\n\r\na\r\n")]
    public async Task Who_wrote_it_is_one_domain_or_it_is_logged_and_sent_unsigned(string mail)
    {
        var message = await host.StoreAsync(mail);
        Assert.StartsWith("Received:", Encoding.Latin1.GetString(await host.SendAsync(message)), StringComparison.Ordinal);
        Assert.Single(host.Log.Of(7300), text => text.Contains(message.Id.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_cannot_be_downgraded_says_why()
    {
        var message = await host.StoreAsync(From + "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\u00e9\r\n--b--\r\n");
        var cannot = Assert.IsType<PreparedContent.CannotDowngrade>(await host.Content.PrepareAsync(message, BodyType.SevenBit, default));
        Assert.Contains("signature", cannot.Reason, StringComparison.Ordinal);
        Assert.IsType<PreparedContent.Ready>(await host.Content.PrepareAsync(message, BodyType.EightBitMime, default));
    }

    [Fact]
    public async Task A_body_that_is_gone_is_an_error_and_no_empty_message()
    {
        var message = await host.StoreAsync(From + "\r\na\r\n");
        await Assert.ThrowsAsync<Blobs.BlobMissingException>(() => host.Content.PrepareAsync(message with { Body = new("demo/body/none", 10) }, BodyType.SevenBit, default));
    }

    private async Task HoldAsync(List<byte[]> messages, bool holds = true)
    {
        var records = await host.RecordsAsync("example.test");
        var verifier = new MimeKitVerifier(records);
        var answers = await host.Dkimpy.VerifyAsync(messages, records);
        var (byDkimpy, both) = (0, 0);
        for (var i = 0; i < messages.Count; i++)
        {
            var header = HeaderOf().Match(Encoding.Latin1.GetString(messages[i])).Value;
            Assert.Equal(2, Signature().Count(header));

            // dkimpy reads no header in which a line is no field; MimeKit does.
            Assert.True(answers[i] is { } held ? held.Take(2).All(one => one == holds) : NoField().IsMatch(header), $"dkimpy: {Encoding.Latin1.GetString(messages[i])}");
            var byMimeKit = verifier.Verify(messages[i]);
            Assert.True(byMimeKit?.Take(2).All(one => one == holds) ?? true, $"MimeKit: {Encoding.Latin1.GetString(messages[i])}");
            (byDkimpy, both) = (byDkimpy + (answers[i] is null ? 0 : 1), both + (answers[i] is not null && byMimeKit is not null ? 1 : 0));
        }

        // Each may be unable to read some; of many, most are read by both.
        Assert.True(messages.Count < 20 || both * 10 >= messages.Count * 8, $"{both} of {messages.Count} verified by both");
        output.WriteLine($"{messages.Count} messages: {byDkimpy} verified by dkimpy, {both} by MimeKit too");
    }

    [GeneratedRegex(@"^(?:from|dkim-signature)\s*:", RegexOptions.IgnoreCase | RegexOptions.Multiline)]
    private static partial Regex FromField();

    [GeneratedRegex("^DKIM-Signature: v=1; a=", RegexOptions.Multiline)]
    private static partial Regex Signature();

    [GeneratedRegex(@"^.*?(?:\r\n\r\n|\z)", RegexOptions.Singleline)]
    private static partial Regex HeaderOf();

    [GeneratedRegex(@"^(?![ \t]|[!-9;-~]+:|\r?$)", RegexOptions.Multiline)]
    private static partial Regex NoField();

    [GeneratedRegex("h=([a-z: -]+);")]
    private static partial Regex SignedNames();
}
