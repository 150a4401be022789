using System.Net.Sockets;
using System.Text;
using MailKit;
using MailKit.Net.Pop3;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace MailCloud.EndToEnd.Tests;

/// <summary>Mail in by SMTP from several clients, and out by IMAP and by POP3, byte for byte under the trace fields that delivery adds.</summary>
/// <param name="smtp">The port where it goes in.</param>
/// <param name="imap">The port where it is read.</param>
/// <param name="pop3">The port where it is read once more.</param>
internal sealed class CorpusRoundTrip(int smtp, int imap, int pop3)
{
    public const string Password = "corpus-password";

    /// <summary>A message ends with a line end on the wire (RFC 5321 §4.1.1.4): one that had none gets it.</summary>
    private static byte[] WithLineEnd(byte[] message) => message.AsSpan().EndsWith("\r\n"u8) ? message : [.. message, 13, 10];

    private static byte[] Stuffed(byte[] message) => Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(message)
        .Replace("\r\n.", "\r\n..", StringComparison.Ordinal) is var text && text.StartsWith('.') ? "." + text : text);

    public async Task<byte[]?> SendRawAsync(byte[] message, string recipient)
    {
        var sent = WithLineEnd(message);
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", smtp);
        await using var stream = client.GetStream();
        using var reader = new StreamReader(stream, Encoding.ASCII);
        await ExpectAsync(reader, "220");
        await WriteAsync("EHLO corpus.example\r\n"u8.ToArray(), "250");
        await WriteAsync("MAIL FROM:<corpus@example.org> BODY=8BITMIME\r\n"u8.ToArray(), "250");
        await WriteAsync(Encoding.ASCII.GetBytes($"RCPT TO:<{recipient}>\r\n"), "250");
        await WriteAsync("DATA\r\n"u8.ToArray(), "354");
        await WriteAsync([.. Stuffed(sent), .. ".\r\n"u8], "250");
        await WriteAsync("QUIT\r\n"u8.ToArray(), "221");
        return sent;

        async Task WriteAsync(byte[] octets, string reply)
        {
            await stream.WriteAsync(octets);
            await ExpectAsync(reader, reply);
        }
    }

    private static async Task ExpectAsync(StreamReader reader, string code)
    {
        string? line;
        do
        {
            line = await reader.ReadLineAsync();
        }
        while (line is { Length: > 3 } && line[3] == '-');
        Assert.StartsWith(code, line, StringComparison.Ordinal);
    }

    public async Task<byte[]?> SendWithCurlAsync(byte[] message, string recipient)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, message);
        await MailClients.RunAsync("curl", "-s", "-S", $"smtp://127.0.0.1:{smtp}/corpus.example", "--mail-from", "corpus@example.org", "--mail-rcpt", recipient, "-T", file);
        File.Delete(file);
        return WithLineEnd(message);
    }

    public async Task<byte[]?> SendWithSwaksAsync(byte[] message, string recipient)
    {
        var sent = WithLineEnd(message);
        var file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, [.. Stuffed(sent), .. ".\r\n"u8]);
        await MailClients.RunAsync(
            "swaks", "--server", $"127.0.0.1:{smtp}", "--from", "corpus@example.org", "--to", recipient, "--no-data-fixup", "--data", $"@{file}", "--silent", "2");
        File.Delete(file);
        return sent;
    }

    // MailKit sends what MimeKit makes of the message: that is what must come out. Null: MimeKit cannot read it, so that MailKit cannot send it.
    public async Task<byte[]?> SendWithMailKitAsync(byte[] message, string recipient)
    {
        if (await ParseAsync(message) is not { } parsed)
        {
            return null;
        }

        using var client = new SmtpClient();
        await client.ConnectAsync("127.0.0.1", smtp, SecureSocketOptions.None);
        await using var copy = new MemoryStream();
        var options = new FormatOptions { NewLineFormat = NewLineFormat.Dos, EnsureNewLine = true, International = false };
        options.HiddenHeaders.UnionWith([HeaderId.ContentLength, HeaderId.ResentBcc, HeaderId.Bcc]);
        await client.SendAsync(parsed, new MailboxAddress("", "corpus@example.org"), [new MailboxAddress("", recipient)]);
        await client.DisconnectAsync(quit: true);
        parsed.WriteTo(options, copy);
        return copy.ToArray();
    }

    private static async Task<MimeMessage?> ParseAsync(byte[] message)
    {
        try
        {
            return await MimeMessage.LoadAsync(new MemoryStream(message));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    /// <summary>Waits until a mailbox has as many messages as were sent to it, and compares them, by IMAP and by POP3.</summary>
    public async Task CompareAsync(string user, List<byte[]> sent)
    {
        using var client = await MailClients.LoginAsync(imap, user, Password);
        await MailClients.UntilAsync(client, sent.Count);
        var received = new List<byte[]>();
        foreach (var uid in await client.Inbox.SearchAsync(MailKit.Search.SearchQuery.All))
        {
            using var copy = new MemoryStream();
            await using var stream = await client.Inbox.GetStreamAsync(uid, string.Empty);
            await stream.CopyToAsync(copy);
            received.Add(copy.ToArray());
        }

        Assert.Equal(sent.Count, received.Count);
        await CompareByPop3Async(user, received);
        foreach (var message in sent)
        {
            var index = received.FindIndex(r => r.AsSpan().EndsWith(message) && IsTrace(r.AsSpan(0, r.Length - message.Length)));
            Assert.True(index >= 0, $"{user}: a message of {message.Length} octets did not come out as it went in:\n{Encoding.Latin1.GetString(message.AsSpan(0, Math.Min(300, message.Length)))}");
            received.RemoveAt(index);
        }
    }

    /// <summary>The same messages in the same order, header and all, with the octets that LIST says.</summary>
    private async Task CompareByPop3Async(string user, List<byte[]> expected)
    {
        using var client = new Pop3Client();
        await client.ConnectAsync("127.0.0.1", pop3, SecureSocketOptions.None);

        // RFC 6856 §2: without it a header in UTF-8 may not come as it is.
        await client.EnableUTF8Async();
        await client.AuthenticateAsync(user, Password);
        var sizes = await client.GetMessageSizesAsync();
        Assert.Equal(expected.Select(m => m.Length), sizes);
        for (var i = 0; i < expected.Count; i++)
        {
            using var copy = new MemoryStream();
            await using var stream = await client.GetStreamAsync(i);
            await stream.CopyToAsync(copy);
            Assert.Equal(expected[i], copy.ToArray());
        }

        await client.DisconnectAsync(quit: true);
    }

    private static bool IsTrace(ReadOnlySpan<byte> prefix)
    {
        var fields = Encoding.UTF8.GetString(prefix).Replace("\r\n ", " ", StringComparison.Ordinal).Replace("\r\n\t", " ", StringComparison.Ordinal);
        var lines = fields.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        return lines is [var path, var received] && path.StartsWith("Return-Path: <", StringComparison.Ordinal) && received.StartsWith("Received: from ", StringComparison.Ordinal);
    }
}
