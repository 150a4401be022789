using System.Net.Sockets;
using System.Text;

namespace MailCloud.SmtpIngress.Tests;

public enum Chunking
{
    Whole,
    ByLine,
    ByOctet,
}

/// <summary>
/// Runs a transcript: <c>C</c> lines are sent with CRLF ({CR} and {LF} stand for the octets), <c>S</c> is the last line of the next reply, exact or as far as <c>*</c>;
/// <c>S 250-…</c> one of its other lines. <c># listener: submission</c> chooses the listener.
/// </summary>
internal static class Dialog
{
    public static async Task RunAsync(ServerFixture server, string[] transcript, Chunking chunking)
    {
        var listener = transcript.FirstOrDefault(l => l.StartsWith("# listener: ", StringComparison.Ordinal))?["# listener: ".Length..] ?? "mx";
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var client = await server.ConnectAsync(listener);
        var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
        var steps = transcript.Where(l => l.StartsWith("C ", StringComparison.Ordinal) || l.StartsWith("S ", StringComparison.Ordinal)).ToList();

        // A client waits for the greeting, whatever it pipelines then.
        await ExpectAsync(reader, steps[0][2..], limit.Token);
        steps.RemoveAt(0);
        if (chunking == Chunking.Whole)
        {
            await client.GetStream().WriteAsync(Octets(steps.Where(s => s[0] == 'C')), limit.Token);
            steps.RemoveAll(s => s[0] == 'C');
        }

        foreach (var step in steps)
        {
            if (step[0] == 'S')
            {
                await ExpectAsync(reader, step[2..], limit.Token);
                continue;
            }

            var octets = Octets([step]);
            for (var i = 0; i < octets.Length; i += chunking == Chunking.ByOctet ? 1 : octets.Length)
            {
                await client.GetStream().WriteAsync(chunking == Chunking.ByOctet ? octets.AsMemory(i, 1) : octets, limit.Token);
            }
        }
    }

    private static byte[] Octets(IEnumerable<string> steps) => Encoding.UTF8.GetBytes(string.Concat(
        steps.Select(s => s[2..].Replace("{LF}", "\n", StringComparison.Ordinal).Replace("{CR}", "\r", StringComparison.Ordinal) + "\r\n")));

    private static async Task ExpectAsync(StreamReader reader, string expected, CancellationToken cancellationToken)
    {
        while (true)
        {
            var line = await reader.ReadLineAsync(cancellationToken) ?? "(closed)";
            var matches = expected.EndsWith('*') ? line.StartsWith(expected[..^1], StringComparison.Ordinal) : line == expected;
            if (matches)
            {
                return;
            }

            Assert.True(line.Length > 3 && line[3] == '-', $"expected {expected}, got {line}");
        }
    }
}
