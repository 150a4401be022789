using System.IO.Pipelines;
using System.Text;
using MailCloud.MailboxAccess.Pop3;
using MailCloud.MailboxAccess.Pop3.Commands.Authorization;
using MailCloud.MailboxAccess.Pop3.Commands.Transaction;
using MailCloud.Wire;
using static MailCloud.Fuzz.OracleException;

namespace MailCloud.Fuzz.Targets;

/// <summary>POP3's commands, and the dots of what it sends.</summary>
internal static class Pop3Targets
{
    public static IEnumerable<FuzzTarget> All =>
    [
        new("pop3-command", Command)
        {
            MaxLength = 128,
            Seeds = s => [.. Seeds.Of("RETR 1", "TOP 1 10", "DELE 2147483648", "USER bob@example.test", "PASS  a b ", "AUTH PLAIN AGEAYg==", "AUTH SCRAM-SHA-256 =", "LIST", "UIDL 1 ", "LANG zh-CN"), .. s.Pop3],
            Tokens = ["RETR ", "TOP ", "DELE ", "USER ", "PASS ", "AUTH ", "  ", "=", "é"],
        },
        new("dot-writer", Dots)
        {
            MaxLength = 256,
            Seeds = s => [.. Seeds.Of("a\r\n.\r\nb\r\n", ".", "\n.\n", "a", "a\r", "\r\n..\r\n"), .. s.Mail],
            Tokens = ["\r\n.\r\n", "\n.\n", "\r.\r", "\r\n.", ".", "\n.\r\n"],
        },
    ];

    // As Pop3Session does: the verb, and all behind it.
    private static void Command(ReadOnlyMemory<byte> input)
    {
        var space = input.Span.IndexOf((byte)' ');
        var arguments = space < 0 ? [] : input.Span[space..];
        try
        {
            switch (Encoding.Latin1.GetString(space < 0 ? input.Span : input.Span[..space]).ToUpperInvariant())
            {
                case "TOP":
                    var (number, lines) = Top.Parse(new(arguments));
                    ThrowIf(number < 0 || lines < 0, "numbers are no less than nothing");
                    break;
                case "RETR" or "DELE" or "LIST" or "UIDL":
                    ThrowIf(MessageNumber.Parse(new(arguments)) < 0, "a number is no less than nothing");
                    break;
                case "AUTH":
                    ThrowIf(Auth.Parse(new(arguments)).Mechanism.Length == 0, "a mechanism has a name");
                    break;
                case "USER" or "PASS":
                    ThrowIf(Encoding.UTF8.GetByteCount(Pop3Arguments.Text(arguments)) != arguments.Length - 1, "a name is taken whole, spaces included");
                    break;
            }
        }
        catch (Pop3SyntaxException)
        {
        }
    }

    private static void Dots(ReadOnlyMemory<byte> input)
    {
        var whole = Written(input, int.MaxValue);
        ThrowIf(whole != Written(input, 16), "what is sent does not depend on how it comes");

        // Both for a client that knows only CRLF and for one that ends lines at LF.
        ThrowIf(!whole.EndsWith("\r\n.\r\n", StringComparison.Ordinal) && whole != ".\r\n", "the end is CRLF . CRLF");
        var lines = whole[..^3].Split('\n');
        ThrowIf(lines.Any(line => line is "." or ".\r"), "nothing before looks like the end");
        var content = string.Join('\n', lines.Select(line => line.StartsWith('.') ? line[1..] : line));
        var sent = Encoding.Latin1.GetString(input.Span);
        ThrowIf(content != sent && content != sent + "\r\n", "without its dots it is the message, its last line ended");
    }

    private static string Written(ReadOnlyMemory<byte> input, int largest)
    {
        var sent = new MemoryStream();
        var output = new ReplyWriter(PipeWriter.Create(sent), TimeProvider.System, TimeSpan.FromMinutes(1), int.MaxValue);
        var writer = new DotWriter(output);
        var dice = Pieces.DiceOf(input.Span);
        while (!input.IsEmpty)
        {
            var size = largest == int.MaxValue ? input.Length : dice.Below(Math.Min(input.Length, largest) + 1);
            writer.Write(input.Span[..size]);
            input = input[size..];
        }

        writer.End();
        AtOnce.Get(output.FlushAsync(default));
        return Encoding.Latin1.GetString(sent.ToArray());
    }
}
