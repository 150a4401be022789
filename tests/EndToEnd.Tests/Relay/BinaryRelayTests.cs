using System.Text;
using MimeKit;

namespace MailCloud.EndToEnd.Tests.Relay;

/// <summary>
/// Mail that alice submits by BINARYMIME and BDAT (RFC 3030), with octets that are no lines. None of Debian's servers takes it as it is; a MailCloud does.
/// </summary>
[Collection(RelayDefinition.Name)]
public sealed class BinaryRelayTests(RelayWorld world)
{
    /// <summary>NUL, bare CR, bare LF, and everything else, more than once.</summary>
    private static readonly byte[] Octets = [.. Enumerable.Range(0, 3000).Select(i => (byte)(i * 7))];

    [Theory]
    [InlineData("postfix")]
    [InlineData("exim")]
    [InlineData("opensmtpd")]
    [InlineData("seven")]
    public async Task A_host_without_binarymime_gets_what_decodes_to_the_same(string destination)
    {
        await SubmitAsync($"binary@{destination}.test", Mixed);

        var received = MimeMessage.Load(Assert.Single(await world.HostOf(destination).UntilReceivedAsync($"binary@{destination}.test", 1)));
        Assert.Equal("binary", received.Subject);
        Assert.Equal("text", received.TextBody?.TrimEnd());
        Assert.Equal(Octets, Content(received));
    }

    [Fact]
    public async Task What_is_signed_may_not_be_changed_for_such_a_host_and_alice_is_told_why()
    {
        await SubmitAsync("signed@postfix.test", Signed);

        var report = await world.ReportAsync("signed@postfix.test");
        Assert.Contains("Action: failed\r\n", report, StringComparison.Ordinal);
        Assert.Contains("Status: 5.6.3\r\n", report, StringComparison.Ordinal);
        Assert.Contains("554 5.6.3 mx.postfix.test takes less than this message needs: ", report, StringComparison.Ordinal);
        Assert.Empty(world.Postfix.Received("signed@postfix.test"));
    }

    /// <summary>What is signed arrives only as it was.</summary>
    [Fact]
    public async Task A_host_with_binarymime_gets_the_octets_as_they_are()
    {
        using var alice = await MailClients.LoginAsync(world.Binary, "bob@binary.test", "mailcloud");
        await SubmitAsync("bob@binary.test", Mixed);
        await SubmitAsync("bob@binary.test", Signed);
        await MailClients.UntilAsync(alice, 2);

        Assert.Equal(Octets, Content(await alice.Inbox.GetMessageAsync(0)));
        Assert.Equal(Octets, Content(await alice.Inbox.GetMessageAsync(1)));
    }

    private const string Parts = "--b\r\nContent-Type: text/plain\r\n\r\ntext\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: binary\r\n\r\n";

    private static byte[] Mixed => [.. Encoding.ASCII.GetBytes("Content-Type: multipart/mixed; boundary=b\r\n\r\n" + Parts), .. Octets, .. "\r\n--b--\r\n"u8];

    private static byte[] Signed =>
    [
        .. Encoding.ASCII.GetBytes("Content-Type: multipart/signed; boundary=s; micalg=pgp-sha256; protocol=\"application/pgp-signature\"\r\n\r\n--s\r\n"),
        .. Mixed,
        .. "\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\nof nobody\r\n--s--\r\n"u8,
    ];

    private static byte[] Content(MimeMessage message)
    {
        using var content = new MemoryStream();
        message.BodyParts.OfType<MimePart>().Single(part => part.ContentType.IsMimeType("application", "octet-stream")).Content!.DecodeTo(content);
        return content.ToArray();
    }

    private async Task SubmitAsync(string to, byte[] content)
    {
        byte[] message = [.. Encoding.ASCII.GetBytes($"From: alice@example.test\r\nTo: {to}\r\nSubject: binary\r\nMIME-Version: 1.0\r\n"), .. content];
        using var connection = await RawConnection.OpenSmtpAsync(world.Server.Submission);
        await connection.CommandAsync("AUTH PLAIN " + Convert.ToBase64String("\0alice@example.test\0mailcloud"u8), "235");
        await connection.CommandAsync("MAIL FROM:<alice@example.test> BODY=BINARYMIME", "250");
        await connection.CommandAsync($"RCPT TO:<{to}>", "250");

        // In two chunks, the first of which ends within the octets.
        await connection.SendAsync(Encoding.ASCII.GetBytes($"BDAT {message.Length - 1000}\r\n"));
        await connection.SendAsync(message.AsMemory(0, message.Length - 1000));
        await connection.ExpectAsync("250");
        await connection.SendAsync("BDAT 1000 LAST\r\n"u8.ToArray());
        await connection.SendAsync(message.AsMemory(message.Length - 1000));
        await connection.ExpectAsync("250");
    }
}
