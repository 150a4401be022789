using System.Text;

namespace MailCloud.Benchmarks.MailIn;

/// <summary>
/// Messages made once, before the load starts: header, text of base64 lines, final dot. A session copies one and writes
/// the number into its Message-ID and Subject, so that no two messages are equal.
/// </summary>
internal sealed class MessagePool
{
    private const int Distinct = 64;
    private const int LineLength = 76;
    private static readonly byte[] Placeholder = "0000000000000000"u8.ToArray();
    private static readonly byte[] Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8.ToArray();
    private static readonly byte[] End = "\r\n.\r\n"u8.ToArray();

    private readonly byte[][] messages = new byte[Distinct][];
    private readonly int[] numberOffsets;

    /// <param name="size">Bytes of each message, header included, final dot not.</param>
    public MessagePool(int size)
    {
        var random = new Random(5321);
        var header = Encoding.ASCII.GetBytes(
            "Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nFrom: Load <load@sender.example>\r\nTo: Recipients <all@example.test>\r\n"
            + "Subject: message 0000000000000000\r\nMessage-ID: <0000000000000000@sender.example>\r\nMIME-Version: 1.0\r\n"
            + "Content-Type: text/plain; charset=us-ascii\r\n\r\n");
        ArgumentOutOfRangeException.ThrowIfLessThan(size, header.Length + 2);
        var subject = header.AsSpan().IndexOf(Placeholder);
        numberOffsets = [subject, subject + Placeholder.Length + header.AsSpan(subject + Placeholder.Length).IndexOf(Placeholder)];
        for (var i = 0; i < Distinct; i++)
        {
            messages[i] = [.. header, .. Text(random, size - header.Length - 2), .. End];
        }
    }

    /// <summary>Bytes of one message with its end (CRLF . CRLF).</summary>
    public int Length => messages[0].Length;

    /// <summary>Writes message <paramref name="number"/> with its final dot into <paramref name="target"/>.</summary>
    public void Write(long number, Span<byte> target)
    {
        messages[number % Distinct].CopyTo(target);
        foreach (var offset in numberOffsets)
        {
            number.TryFormat(target.Slice(offset, Placeholder.Length), out _, "x16");
        }
    }

    private static byte[] Text(Random random, int length)
    {
        var text = random.GetItems(Letters, length);
        for (var end = LineLength; end + 1 < length; end += LineLength + 2)
        {
            text[end] = (byte)'\r';
            text[end + 1] = (byte)'\n';
        }
        return text;
    }
}
