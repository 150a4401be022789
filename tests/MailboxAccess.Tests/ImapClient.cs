using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailCloud.MailboxAccess.Tests;

/// <summary>A client that sends lines and reads lines, and believes nothing.</summary>
internal sealed class ImapClient : IAsyncDisposable
{
    // What hangs must fail before the test run does.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly TcpClient tcp;
    private readonly byte[] received = new byte[64 * 1024];
    private Stream stream;
    private int start;
    private int end;
    private int tag;

    private ImapClient(TcpClient tcp) => (this.tcp, stream) = (tcp, tcp.GetStream());

    /// <summary>A connection whose greeting was read.</summary>
    public static async Task<ImapClient> ConnectAsync(IPEndPoint endPoint)
    {
        var tcp = new TcpClient { NoDelay = true };
        await tcp.ConnectAsync(endPoint);
        var client = new ImapClient(tcp);
        Assert.StartsWith("* OK ", await client.ReadLineAsync());
        return client;
    }

    /// <summary>The same, logged in.</summary>
    public static async Task<ImapClient> ConnectAsync(IPEndPoint endPoint, string user)
    {
        var client = await ConnectAsync(endPoint);
        await client.RunOkAsync($"LOGIN {user} {ImapServer.Password}");
        return client;
    }

    /// <summary>Goes on over another stream on the same connection.</summary>
    public void Wrap(Func<Stream, Stream> wrap) => stream = wrap(stream);

    public Task SendLineAsync(string line) => SendAsync(Encoding.UTF8.GetBytes(line + "\r\n"));

    public async Task SendAsync(ReadOnlyMemory<byte> octets)
    {
        await stream.WriteAsync(octets);
        await stream.FlushAsync();
    }

    /// <summary>Runs a command; returns its untagged responses, and last the tagged one without its tag.</summary>
    public async Task<IReadOnlyList<string>> RunAsync(string command)
    {
        var name = $"t{++tag}";
        await SendLineAsync($"{name} {command}");
        return await ReadToTagAsync(name);
    }

    /// <summary>The same; anything but OK fails.</summary>
    public async Task<IReadOnlyList<string>> RunOkAsync(string command)
    {
        var lines = await RunAsync(command);
        Assert.True(lines[^1].StartsWith("OK", StringComparison.Ordinal), $"{command}: {lines[^1]}");
        return lines;
    }

    /// <summary>Begins IDLE; <see cref="DoneAsync"/> ends it.</summary>
    public async Task IdleAsync()
    {
        await SendLineAsync($"t{++tag} IDLE");
        Assert.Equal("+ idling", await ReadLineAsync());
    }

    /// <summary>Ends IDLE; returns what came since, and last the tagged response.</summary>
    public async Task<IReadOnlyList<string>> DoneAsync()
    {
        await SendLineAsync("DONE");
        return await ReadToTagAsync($"t{tag}");
    }

    /// <summary>The next line without CRLF.</summary>
    public async Task<string> ReadLineAsync()
    {
        while (true)
        {
            var length = received.AsSpan(start, end - start).IndexOf((byte)'\n');
            if (length >= 0)
            {
                var line = Encoding.UTF8.GetString(received, start, length).TrimEnd('\r');
                start += length + 1;
                return line;
            }

            received.AsSpan(start, end - start).CopyTo(received);
            (start, end) = (0, end - start);
            using var limit = new CancellationTokenSource(Limit);
            var count = await stream.ReadAsync(received.AsMemory(end), limit.Token);
            end += count > 0 ? count : throw new EndOfStreamException("the server closed the connection");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        tcp.Dispose();
    }

    private async Task<IReadOnlyList<string>> ReadToTagAsync(string name)
    {
        var lines = new List<string>();
        while (true)
        {
            var line = await ReadLineAsync();
            if (line.StartsWith(name + " ", StringComparison.Ordinal))
            {
                lines.Add(line[(name.Length + 1)..]);
                return lines;
            }

            lines.Add(line);
        }
    }
}
