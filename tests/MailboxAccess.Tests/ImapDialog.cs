using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>A client that sends a command and takes the whole answer, literals included, as one char per octet.</summary>
public sealed partial class ImapDialog : IAsyncDisposable
{
    private const string Tag = "t";

    // What hangs must fail before the test run does.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly TcpClient client = new();
    private readonly byte[] block = new byte[256 * 1024];
    private Stream stream = Stream.Null;
    private int start;
    private int end;

    /// <summary>Connects, logs in and gives one more command, if any.</summary>
    public static async Task<ImapDialog> OpenAsync(IPEndPoint server, string user, string? then = "SELECT INBOX")
    {
        var dialog = new ImapDialog();
        await dialog.client.ConnectAsync(server);
        dialog.stream = dialog.client.GetStream();
        await dialog.ReadLineAsync(new(), default);
        Assert.StartsWith($"{Tag} OK", await dialog.AskAsync($"LOGIN {user} {ImapServer.Password}"), StringComparison.Ordinal);
        if (then is not null)
        {
            Assert.Contains($"{Tag} OK", await dialog.AskAsync(then), StringComparison.Ordinal);
        }

        return dialog;
    }

    /// <summary>The responses to a command, the tagged one last.</summary>
    public async Task<string> AskAsync(string command)
    {
        using var limit = new CancellationTokenSource(Limit);
        await stream.WriteAsync(Encoding.Latin1.GetBytes($"{Tag} {command}\r\n"), limit.Token);
        var answer = new ArrayBufferWriter<byte>();
        while (true)
        {
            var at = answer.WrittenCount;
            await ReadLineAsync(answer, limit.Token);
            var line = Encoding.Latin1.GetString(answer.WrittenSpan[at..]);
            if (Literal().Match(line) is { Success: true } literal)
            {
                await ReadAsync(answer, int.Parse(literal.Groups[1].Value, CultureInfo.InvariantCulture), limit.Token);
            }
            else if (line.StartsWith(Tag + " ", StringComparison.Ordinal))
            {
                return Encoding.Latin1.GetString(answer.WrittenSpan);
            }
        }
    }

    /// <summary>The octets of the literal behind a name in a response.</summary>
    public async Task<byte[]> FetchAsync(string command, string name)
    {
        var answer = await AskAsync(command);
        var match = Regex.Match(answer, Regex.Escape(name) + @" ~?\{(\d+)\}\r\n");
        Assert.True(match.Success, answer[..Math.Min(answer.Length, 1000)]);
        return Encoding.Latin1.GetBytes(answer.Substring(match.Index + match.Length, int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)));
    }

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task ReadLineAsync(ArrayBufferWriter<byte> into, CancellationToken cancellationToken)
    {
        while (true)
        {
            var lf = block.AsSpan(start, end - start).IndexOf((byte)'\n');
            var length = lf < 0 ? end - start : lf + 1;
            into.Write(block.AsSpan(start, length));
            start += length;
            if (lf >= 0)
            {
                return;
            }

            await FillAsync(cancellationToken);
        }
    }

    private async Task ReadAsync(ArrayBufferWriter<byte> into, int count, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            if (start == end)
            {
                await FillAsync(cancellationToken);
            }

            var length = Math.Min(count, end - start);
            into.Write(block.AsSpan(start, length));
            start += length;
            count -= length;
        }
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        (start, end) = (0, await stream.ReadAsync(block, cancellationToken));
        Assert.NotEqual(0, end);
    }

    [GeneratedRegex(@"\{(\d+)\}\r\n$")]
    private static partial Regex Literal();
}
