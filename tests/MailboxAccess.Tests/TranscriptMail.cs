using System.Text;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>Messages of transcripts about FETCH and SEARCH, summarised by the parser.</summary>
internal static class TranscriptMail
{
    private const string Binary =
        "From: Bob <bob@example.test>\r\nSubject: Binary\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        + "--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
        + "--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\nA\0B\nC\rD\r\n"
        + "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nR3LDvMOfZQ==\r\n"
        + "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe\r\n"
        + "--b\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\r\n--b--\r\n";

    // 1: an address of RFC 6532; 2: raw 8-bit text in a header, as it was sent long before.
    private static readonly byte[][] International =
    [
        Encoding.UTF8.GetBytes("From: \u7528\u6237 <\u7528\u6237@\u4f8b\u5b50.\u6d4b\u8bd5>\r\nSubject: \u4f60\u597d\r\n\r\nx\r\n"),
        Encoding.UTF8.GetBytes("From: Bob <bob@example.test>\r\nSubject: Gr\u00f6\u00dfe\r\n\r\nx\r\n"),
    ];

    private const string Nested =
        "From: Bob <bob@example.test>\r\nSubject: Outer\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n"
        + "--o\r\nContent-Type: text/plain\r\n\r\nOne\r\n"
        + "--o\r\nContent-Type: message/rfc822\r\nContent-Description: forwarded\r\n\r\n"
        + "From: Carol <carol@example.test>\r\nSubject: Inner\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n"
        + "--i\r\nContent-Type: text/plain\r\n\r\nPlain\r\n--i\r\nContent-Type: text/html\r\n\r\n<p>Html</p>\r\n--i--\r\n"
        + "--o\r\nContent-Type: message/rfc822\r\n\r\nSubject: Single\r\n\r\nText\r\n--o--\r\n";

    /// <summary>One message for each of the names.</summary>
    public static byte[][] Of(string name) => name switch
    {
        "binary" => [Encoding.Latin1.GetBytes(Binary)],
        "nested" => [Encoding.Latin1.GetBytes(Nested)],
        "dots" => ["Subject: dots\r\n\r\n.\r\n..\r\na.\r\n.x"u8.ToArray()],
        "international" => International,
        "languages" => [.. Languages()],
        _ => throw new ArgumentException($"there is no mail {name}"),
    };

    private static IEnumerable<byte[]> Languages()
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

        // 1: raw GBK, as older clients send it; 2: encoded words cut within a character; 3: Big5 in base64; 4: ISO-2022-JP; 5: decomposed UTF-8.
        yield return Encoding.GetEncoding("gbk").GetBytes("From: =?gb2312?B?1cXI/Q==?= <zhang@example.test>\r\nSubject: \u4f1a\u8bae\u7eaa\u8981\r\n\r\n\u4eca\u5929\u4e0b\u5348\u5f00\u4f1a\r\n");
        yield return "Subject: =?utf-8?b?5L2g5a==?=\r\n =?utf-8?b?pb0=?=\r\nDate: Mon, 2 Mar 2026 23:30:00 -0500\r\n\r\nx\r\n"u8.ToArray();
        yield return Encoding.ASCII.GetBytes("Subject: three\r\nContent-Type: text/plain; charset=big5\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + Convert.ToBase64String(Encoding.GetEncoding("big5").GetBytes("\u4f60\u597d")) + "\r\n");
        yield return Encoding.GetEncoding("iso-2022-jp").GetBytes("Subject: four\r\nContent-Type: text/plain; charset=ISO-2022-JP\r\n\r\n\u3053\u3093\u306b\u3061\u306f\r\n");
        yield return Encoding.UTF8.GetBytes("Subject: five\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGru\u0308\u00dfe \uff21\uff22\uff23\r\n");
    }
}
