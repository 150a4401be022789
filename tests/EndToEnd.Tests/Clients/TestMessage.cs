using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace MailCloud.EndToEnd.Tests.Clients;

/// <summary>Messages that can be told apart by <c>X-Test-Id</c>, and compared after clients have stored them in their way.</summary>
internal static class TestMessage
{
    private static readonly string[] Words = ["mail", "cloud", "信", "邮件", "Grüße", "day", "报告", "octet", "folder", "夏天"];

    /// <summary>Text in several scripts, 8-bit, sometimes with an attachment in base64; lines end in CRLF.</summary>
    public static byte[] Create(string id, Random random)
    {
        var message = new StringBuilder();
        message.Append(CultureInfo.InvariantCulture, $"From: =?utf-8?B?5bCP546L?= <wang@example.org>\r\nTo: bob@example.test\r\nDate: Tue, 24 Nov 2026 10:{random.Next(10, 60)}:00 +0800\r\n");
        message.Append(CultureInfo.InvariantCulture, $"Message-ID: <{id}@client.example>\r\nSubject: =?utf-8?B?{Convert.ToBase64String(Encoding.UTF8.GetBytes("信 " + id))}?=\r\n");
        message.Append(CultureInfo.InvariantCulture, $"X-Test-Id: {id}\r\nMIME-Version: 1.0\r\n");
        const string TextPart = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
        if (random.Next(4) != 0)
        {
            message.Append(TextPart);
            AppendText(message, random);
            return Encoding.UTF8.GetBytes(message.ToString());
        }

        message.Append("Content-Type: multipart/mixed; boundary=\"=_part\"\r\n\r\n--=_part\r\n" + TextPart);
        AppendText(message, random);
        var attachment = new byte[random.Next(1, 30_000)];
        random.NextBytes(attachment);
        message.Append("--=_part\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n");
        message.Append(Convert.ToBase64String(attachment, Base64FormattingOptions.InsertLineBreaks)).Append("\r\n--=_part--\r\n");
        return Encoding.UTF8.GetBytes(message.ToString());
    }

    public static string IdOf(ReadOnlySpan<byte> message) =>
        Field(message, "X-Test-Id: "u8) is var (start, length) && length > 0 ? Encoding.ASCII.GetString(message.Slice(start, length)).Trim() : "none";

    /// <summary>The same for one message, whether its lines end in CRLF or, as in a Maildir, in LF, and with or without the field by which mbsync finds again what it stored.</summary>
    public static string Digest(byte[] message)
    {
        var plain = message.Where(b => b != '\r').ToArray().AsSpan();
        var (start, length) = Field(plain, "X-TUID: "u8);
        var from = start - "X-TUID: ".Length;
        byte[] without = length == 0 ? plain.ToArray() : [.. plain[..from], .. plain[(start + length + 1)..]];
        return Convert.ToHexString(SHA256.HashData(without))[..16];
    }

    private static (int Start, int Length) Field(ReadOnlySpan<byte> message, ReadOnlySpan<byte> name)
    {
        var start = message.IndexOf(name);
        return start < 0 ? (0, 0) : (start + name.Length, message[(start + name.Length)..].IndexOf((byte)'\n'));
    }

    private static void AppendText(StringBuilder message, Random random)
    {
        for (var line = random.Next(1, 40); line > 0; line--)
        {
            message.AppendJoin(' ', Enumerable.Range(0, random.Next(1, 10)).Select(_ => Words[random.Next(Words.Length)])).Append("\r\n");
        }
    }
}
