using System.Globalization;
using System.Text;

namespace MailCloud.EndToEnd.Tests;

/// <summary>Binary mail by BINARYMIME (RFC 3030 §3): exact through IMAP's BINARY, in base64 with true sizes in what lines must carry.</summary>
public sealed class BinaryMailTests
{
    private const string Head = "Subject: binary\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        + "--b\r\nContent-Type: text/plain\r\n\r\ntext\r\n"
        + "--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n";

    private const string Tail = "\r\n--b--\r\n";

    [Fact]
    public async Task Octets_that_lines_cannot_carry_come_out_as_they_went_in()
    {
        // NUL, bare CR, bare LF, and everything else, more than once.
        var octets = Enumerable.Range(0, 1000).Select(i => (byte)(i * 7)).ToArray();
        var data = ServerProcess.NewDataDirectory();
        await using var server = await ServerProcess.StartAsync(data, offset: 24600);
        await SendAsync(server, [.. Encoding.ASCII.GetBytes(Head), .. octets, .. Encoding.ASCII.GetBytes(Tail)]);

        using var connection = await RawConnection.OpenAsync(server.Imap);
        await connection.LineAsync();
        await connection.ImapAsync("LOGIN bob@example.test mailcloud");
        await UntilFiledAsync(connection);
        Assert.Equal(octets, await FetchAsync(connection, "BINARY.PEEK[2]"));
        Assert.Equal(octets, Convert.FromBase64String(Encoding.ASCII.GetString(await FetchAsync(connection, "BODY.PEEK[2]"))));
        var whole = await FetchAsync(connection, "BODY.PEEK[]");
        Assert.DoesNotContain((byte)0, whole);
        Assert.Contains("Content-Transfer-Encoding: base64\r\n", Encoding.ASCII.GetString(whole), StringComparison.Ordinal);
        await connection.SendAsync("f FETCH 1 (RFC822.SIZE BINARY.SIZE[2])\r\n"u8.ToArray());
        Assert.Equal($"* 1 FETCH (RFC822.SIZE {whole.Length} BINARY.SIZE[2] {octets.Length})", await connection.LineAsync());
        Directory.Delete(data, recursive: true);
    }

    private static async Task SendAsync(ServerProcess server, byte[] message)
    {
        using var connection = await RawConnection.OpenSmtpAsync(server.Smtp);
        await connection.CommandAsync("MAIL FROM:<a@example.org> BODY=BINARYMIME", "250");
        await connection.CommandAsync("RCPT TO:<bob@example.test>", "250");
        await connection.SendAsync(Encoding.ASCII.GetBytes($"BDAT {message.Length} LAST\r\n"));
        await connection.SendAsync(message);
        await connection.ExpectAsync("250");
    }

    private static async Task UntilFiledAsync(RawConnection connection)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        string line;
        do
        {
            limit.Token.ThrowIfCancellationRequested();
            await connection.SendAsync("s STATUS INBOX (MESSAGES)\r\n"u8.ToArray());
            line = await connection.LineAsync();
            Assert.StartsWith("s OK", await connection.LineAsync(), StringComparison.Ordinal);
        }
        while (line != "* STATUS \"INBOX\" (MESSAGES 1)");
        await connection.ImapAsync("SELECT INBOX");
    }

    /// <summary>The octets of the one literal or literal8 of the answer.</summary>
    private static async Task<byte[]> FetchAsync(RawConnection connection, string item)
    {
        await connection.SendAsync(Encoding.ASCII.GetBytes($"f FETCH 1 ({item})\r\n"));
        var line = await connection.LineAsync();
        var open = line.LastIndexOf('{');
        Assert.True(open > 0, line);
        var octets = new byte[int.Parse(line.AsSpan(open + 1, line.Length - open - 2), NumberStyles.None, CultureInfo.InvariantCulture)];
        await connection.ReadExactlyAsync(octets);
        Assert.Equal(")", await connection.LineAsync());
        Assert.StartsWith("f OK", await connection.LineAsync(), StringComparison.Ordinal);
        return octets;
    }
}
