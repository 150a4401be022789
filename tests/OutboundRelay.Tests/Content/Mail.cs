using MimeKit;
using Xunit.Abstractions;

namespace MailCloud.OutboundRelay.Tests.Content;

/// <summary>Mail that nobody here wrote, or generated mail where no corpus is given.</summary>
internal static class Mail
{
    /// <summary>Whole messages.</summary>
    /// <param name="output">Told when there is no corpus.</param>
    /// <param name="set">Its folder: <c>clean</c> has CRLF throughout, <c>mixed-line-ends</c> has not.</param>
    public static List<byte[]> Read(ITestOutputHelper output, string set = "clean")
    {
        if (Environment.GetEnvironmentVariable("MAILCLOUD_CORPUS") is { Length: > 0 } corpus)
        {
            return [.. Directory.EnumerateFiles(Path.Combine(corpus, set), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
        }

        output.WriteLine("no corpus was given (MAILCLOUD_CORPUS): generated mail is used");
        return [.. Enumerable.Range(1, 20).Select(Generated)];
    }

    private static byte[] Generated(int number)
    {
        var message = new MimeMessage(
            [new MailboxAddress("发件人", "sender@example.test")],
            [new MailboxAddress("Bob", "bob@example.org")],
            $"第 {number} 封",
            new Multipart("mixed")
            {
                new TextPart("plain") { Text = string.Concat(Enumerable.Repeat($"{number} 行 .\r\n..\r\n", number)), ContentTransferEncoding = ContentEncoding.EightBit },
                new TextPart("html") { Text = new string('x', number * 100) + "\r\n", ContentTransferEncoding = ContentEncoding.EightBit },
                new MimePart("application", "octet-stream") { Content = new MimeContent(new MemoryStream([.. Enumerable.Range(0, number * 100).Select(i => (byte)(i * 7))])), ContentTransferEncoding = ContentEncoding.Binary },
            });
        using var stream = new MemoryStream();
        message.WriteTo(new FormatOptions { NewLineFormat = NewLineFormat.Dos, EnsureNewLine = true, International = number % 2 == 0 }, stream);
        return stream.ToArray();
    }
}
