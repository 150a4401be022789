using System.Text;

namespace MailCloud.Benchmarks.Imap;

/// <summary>Messages as a mailbox holds them: most are short text, some have an HTML twin, a few an attachment. The same number is the same message, for every server.</summary>
internal static class SampleMail
{
    private const int LineLength = 76;
    private const int TextLines = 4096;
    private static readonly byte[] Text = MakeText();

    /// <summary>A text of an exact size, header included.</summary>
    public static byte[] Plain(int number, int size)
    {
        var header = Header(number, "text/plain; charset=us-ascii");
        return [.. header, .. Lines(number, size - header.Length)];
    }

    /// <summary>Of twenty messages sixteen are 4 kB of text, three 16 kB of text and HTML, one has an attachment of 64 kB: 8.8 kB on average.</summary>
    public static byte[] Mixed(int number) => (number % 20) switch
    {
        7 => WithAttachment(number),
        3 or 11 or 17 => WithHtml(number),
        _ => Plain(number, 4096),
    };

    private static byte[] WithHtml(int number) =>
    [
        .. Header(number, "multipart/alternative; boundary=\"b1\""),
        .. "--b1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"u8, .. Lines(number, 4096),
        .. "\r\n--b1\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"u8, .. Lines(number + 1, 12_000),
        .. "\r\n--b1--\r\n"u8,
    ];

    private static byte[] WithAttachment(int number) =>
    [
        .. Header(number, "multipart/mixed; boundary=\"b2\""),
        .. "--b2\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"u8, .. Lines(number, 2048),
        .. "\r\n--b2\r\nContent-Type: application/pdf; name=\"report.pdf\"\r\nContent-Disposition: attachment; filename=\"report.pdf\"\r\n"u8,
        .. "Content-Transfer-Encoding: base64\r\n\r\n"u8, .. Lines(number + 1, 64_000),
        .. "\r\n--b2--\r\n"u8,
    ];

    private static byte[] Header(int number, string type) => Encoding.ASCII.GetBytes(
        $"Received: from mx{number % 7}.sender.example by mail.example.test with ESMTPS id {number:x8};\r\n Mon, 23 Nov 2026 10:00:00 +0000\r\n"
        + $"Date: {new DateTime(2026, 1, 1).AddMinutes(17 * number):R}\r\nFrom: Sender {number % 97} <sender{number % 97}@sender.example>\r\n"
        + $"To: Somebody <somebody@example.test>\r\nSubject: message {number} of the load\r\nMessage-ID: <{number:x8}@sender.example>\r\n"
        + $"MIME-Version: 1.0\r\nContent-Type: {type}\r\n\r\n");

    /// <summary>So many octets of text, the last two CRLF; which lines follows from the number.</summary>
    private static byte[] Lines(int number, int length)
    {
        var start = (int)((uint)number * 131 % TextLines) * (LineLength + 2);
        return [.. Text.AsSpan(start, length - 2), .. "\r\n"u8];
    }

    private static byte[] MakeText()
    {
        // Half as long again as the starts, so that the longest piece fits behind the last one.
        var text = new Random(3501).GetItems("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8, TextLines * 3 / 2 * (LineLength + 2));
        for (var end = LineLength; end + 1 < text.Length; end += LineLength + 2)
        {
            text[end] = (byte)'\r';
            text[end + 1] = (byte)'\n';
        }
        return text;
    }
}
