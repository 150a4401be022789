using System.Net.Sockets;
using System.Text;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>
/// Every dialog of transcripts/, sent whole, by line and byte by byte. In it <c>alice@example.test</c> stands for an account of its own;
/// <c>S</c> lines that end in <c>*</c> are prefixes.
/// </summary>
public sealed class TranscriptTests(ImapServer server) : IClassFixture<ImapServer>
{
    public static TheoryData<string, string> Runs()
    {
        var runs = new TheoryData<string, string>();
        foreach (var file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "transcripts"), "*.imap").Order())
        {
            foreach (var chunking in (string[])["whole", "line", "byte"])
            {
                runs.Add(Path.GetFileName(file), chunking);
            }
        }

        return runs;
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Is_answered_as_written(string file, string chunking)
    {
        var user = await server.CreateAccountAsync();
        var lines = (await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "transcripts", file)))
            .Select(line => line.Replace("alice@example.test", user, StringComparison.Ordinal)).ToList();
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(server.EndPoint);
        await using var stream = client.GetStream();
        var sending = SendAsync(stream, lines.Where(line => line.StartsWith("C ", StringComparison.Ordinal)).Select(line => line[2..] + "\r\n"), chunking);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        foreach (var expected in lines.Where(line => line.StartsWith("S ", StringComparison.Ordinal)).Select(line => line[2..]))
        {
            var actual = await reader.ReadLineAsync(limit.Token);
            if (expected.EndsWith('*'))
            {
                Assert.StartsWith(expected[..^1], actual);
            }
            else
            {
                Assert.Equal(expected, actual);
            }
        }

        await sending;
    }

    private static async Task SendAsync(NetworkStream stream, IEnumerable<string> lines, string chunking)
    {
        var text = lines.ToList();
        var pieces = chunking switch
        {
            "whole" => [string.Concat(text)],
            "line" => text,
            _ => text.SelectMany(line => line).Select(c => c.ToString()),
        };
        foreach (var piece in pieces)
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(piece));
        }
    }
}
