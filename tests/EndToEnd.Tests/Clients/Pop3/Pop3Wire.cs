using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace MailCloud.EndToEnd.Tests.Clients.Pop3;

/// <summary>A POP3 connection that shows every response as it came. Octets are Latin-1 characters.</summary>
internal sealed class Pop3Wire : IDisposable
{
    /// <summary>Before a maildrop that another session has is asked for again.</summary>
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(100);

    private readonly TcpClient client = new() { NoDelay = true };
    private NetworkStream stream = null!;
    private StreamReader reader = null!;

    /// <summary>Connects and logs in; while another session has the maildrop it asks again.</summary>
    /// <exception cref="UnwantedAnswerException">The login was refused for another reason.</exception>
    public static async Task<Pop3Wire> OpenAsync(int port, string user, string password, CancellationToken stop)
    {
        while (true)
        {
            var wire = new Pop3Wire();
            try
            {
                await wire.client.ConnectAsync("127.0.0.1", port, stop);
                wire.stream = wire.client.GetStream();
                wire.reader = new StreamReader(wire.stream, Encoding.Latin1, detectEncodingFromByteOrderMarks: false, bufferSize: 16384);
                Right(await wire.LineAsync(stop), "the greeting");
                Right(await wire.SendAsync($"USER {user}", stop), "USER");
                var answer = await wire.SendAsync($"PASS {password}", stop);
                if (answer.StartsWith("+OK", StringComparison.Ordinal))
                {
                    return wire;
                }

                wire.Dispose();
                if (!answer.StartsWith("-ERR [IN-USE]", StringComparison.Ordinal))
                {
                    throw new UnwantedAnswerException($"PASS was answered {answer}");
                }

                await Task.Delay(AskAgainAfter, stop);
            }
            catch
            {
                wire.Dispose();
                throw;
            }
        }
    }

    /// <summary>Sends a command and returns the first line of its response.</summary>
    public async Task<string> SendAsync(string command, CancellationToken stop)
    {
        await stream.WriteAsync(Encoding.Latin1.GetBytes(command + "\r\n"), stop);
        return await LineAsync(stop);
    }

    /// <summary>The lines of a multi-line response, their dots taken off (RFC 1939 §3).</summary>
    public async Task<IReadOnlyList<string>> LinesAsync(string command, CancellationToken stop)
    {
        Right(await SendAsync(command, stop), command);
        return await LinesAsync(stop);
    }

    /// <summary>The same for many commands that are sent without waiting (PIPELINING, RFC 2449 §6.6), in their order.</summary>
    public async Task<IReadOnlyList<IReadOnlyList<string>>> PipelinedAsync(IEnumerable<string> commands, CancellationToken stop)
    {
        const int AtOnce = 100;
        var responses = new List<IReadOnlyList<string>>();
        foreach (var some in commands.Chunk(AtOnce))
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(string.Concat(some.Select(c => c + "\r\n"))), stop);
            foreach (var command in some)
            {
                Right(await LineAsync(stop), command);
                responses.Add(await LinesAsync(stop));
            }
        }

        return responses;
    }

    /// <summary>A scan or unique-id listing: message-number and the rest of the line.</summary>
    public async Task<IReadOnlyDictionary<int, string>> ListAsync(string command, CancellationToken stop) =>
        (await LinesAsync(command, stop)).Select(l => l.Split(' ', 2)).ToDictionary(l => int.Parse(l[0], CultureInfo.InvariantCulture), l => l[1]);

    public void Dispose()
    {
        reader?.Dispose();
        client.Dispose();
    }

    /// <exception cref="UnwantedAnswerException">The response is not <c>+OK</c>.</exception>
    public static void Right(string answer, string command)
    {
        if (!answer.StartsWith("+OK", StringComparison.Ordinal))
        {
            throw new UnwantedAnswerException($"{command} was answered {answer}");
        }
    }

    private async Task<IReadOnlyList<string>> LinesAsync(CancellationToken stop)
    {
        var lines = new List<string>();
        while (await LineAsync(stop) is var line && line != ".")
        {
            lines.Add(line.StartsWith('.') ? line[1..] : line);
        }

        return lines;
    }

    private async Task<string> LineAsync(CancellationToken stop) => await reader.ReadLineAsync(stop) ?? throw new IOException("the connection ended");
}
