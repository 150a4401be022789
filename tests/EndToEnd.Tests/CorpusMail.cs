using MimeKit;
using Xunit.Abstractions;

namespace MailCloud.EndToEnd.Tests;

/// <summary>Mail that nobody here wrote, or generated mail where no corpus is given.</summary>
internal static class CorpusMail
{
    /// <summary>Messages that every client must get as they were sent: CRLF throughout.</summary>
    /// <param name="output">Told when there is no corpus.</param>
    /// <param name="set">Only one set of the corpus, such as <c>chinese</c>; null for all.</param>
    public static List<byte[]> Read(ITestOutputHelper output, string? set = null)
    {
        if (Environment.GetEnvironmentVariable("MAILCLOUD_CORPUS") is { Length: > 0 } corpus)
        {
            return
            [
                .. File.ReadLines(Path.Combine(corpus, "MANIFEST.tsv")).Skip(1).Select(l => l.Split('\t'))
                    .Where(f => f[0] == "clean" && (set is null || f[1] == set)).Select(f => File.ReadAllBytes(Path.Combine(corpus, f[0], f[1], f[2]))),
            ];
        }

        output.WriteLine("no corpus was given (MAILCLOUD_CORPUS): generated mail is used");
        return [.. Enumerable.Range(1, 20).Select(Generated)];
    }

    /// <summary>The same without mail that has an address beyond ASCII: only a client that says UTF8 may be given it (RFC 6856 §2).</summary>
    public static List<byte[]> ReadForAnyClient(ITestOutputHelper output, string? set = null) => [.. Read(output, set).Where(m => !HasInternationalAddress(m))];

    private static bool HasInternationalAddress(byte[] message)
    {
        try
        {
            var parsed = MimeMessage.Load(new MemoryStream(message));
            return parsed.From.Mailboxes.Concat(parsed.To.Mailboxes).Concat(parsed.Cc.Mailboxes).Any(address => address.IsInternational);
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static byte[] Generated(int number)
    {
        var message = new MimeMessage(
            [new MailboxAddress("发件人", "sender@example.org")],
            [new MailboxAddress("Bob", "bob@example.test")],
            $"第 {number} 封",
            new Multipart("mixed")
            {
                new TextPart("plain") { Text = string.Concat(Enumerable.Repeat($"{number} 行 .\r\n..\r\n", number)) },
                new MimePart("application", "octet-stream") { Content = new MimeContent(new MemoryStream(new byte[number * 1000])), ContentTransferEncoding = ContentEncoding.Base64 },
            });
        return ToBytes(message);
    }

    private static byte[] ToBytes(MimeMessage message)
    {
        using var stream = new MemoryStream();
        message.WriteTo(new FormatOptions { NewLineFormat = NewLineFormat.Dos, EnsureNewLine = true }, stream);
        return stream.ToArray();
    }
}
