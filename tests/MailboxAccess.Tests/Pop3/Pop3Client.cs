using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailCloud.MailboxAccess.Tests.Pop3;

/// <summary>A client that sends lines and reads octets, and believes nothing.</summary>
internal sealed class Pop3Client : IAsyncDisposable
{
    // What hangs must fail before the test run does.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly TcpClient tcp;
    private readonly BufferedStream stream;

    private Pop3Client(TcpClient tcp) => (this.tcp, stream) = (tcp, new(tcp.GetStream(), 64 * 1024));

    /// <summary>A connection whose greeting was read.</summary>
    public static async Task<Pop3Client> ConnectAsync(IPEndPoint endPoint)
    {
        var tcp = new TcpClient { NoDelay = true };
        await tcp.ConnectAsync(endPoint);
        var client = new Pop3Client(tcp);
        Assert.StartsWith("+OK ", await client.ReadLineAsync());
        return client;
    }

    /// <summary>The same, logged in.</summary>
    public static async Task<Pop3Client> ConnectAsync(IPEndPoint endPoint, string user)
    {
        var client = await ConnectAsync(endPoint);
        Assert.StartsWith("+OK ", await client.LogInAsync(user));
        return client;
    }

    /// <summary>The same, once no other session has the maildrop any more.</summary>
    public static async Task<Pop3Client> ConnectWhenFreeAsync(IPEndPoint endPoint, string user)
    {
        var started = DateTime.UtcNow;
        while (true)
        {
            var client = await ConnectAsync(endPoint);
            var answer = await client.LogInAsync(user);
            if (answer.StartsWith("+OK ", StringComparison.Ordinal))
            {
                return client;
            }

            Assert.StartsWith("-ERR [IN-USE]", answer);
            Assert.True(DateTime.UtcNow - started < Limit, "the maildrop stays in use");
            await client.DisposeAsync();
        }
    }

    /// <summary>The reply to PASS.</summary>
    public async Task<string> LogInAsync(string user)
    {
        Assert.StartsWith("+OK ", await SayAsync($"USER {user}"));
        return await SayAsync($"PASS {ImapServer.Password}");
    }

    /// <summary>Sends a line and gives the first line of the reply.</summary>
    public async Task<string> SayAsync(string line)
    {
        await SendAsync(line + "\r\n");
        return await ReadLineAsync();
    }

    /// <summary>The same; anything but +OK fails.</summary>
    public async Task<string> SayOkAsync(string line)
    {
        var reply = await SayAsync(line);
        Assert.True(reply.StartsWith("+OK", StringComparison.Ordinal), $"{line}: {reply}");
        return reply;
    }

    /// <summary>The lines that follow +OK.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(string line)
    {
        await SayOkAsync(line);
        return Encoding.UTF8.GetString(await ReadMessageAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>The octets that follow +OK, without the dots that were put before lines and without the last line's CRLF and dot.</summary>
    public async Task<byte[]> RetrieveAsync(string line)
    {
        await SayOkAsync(line);
        return await ReadMessageAsync();
    }

    public async Task SendAsync(string text) => await tcp.GetStream().WriteAsync(Encoding.UTF8.GetBytes(text));

    /// <summary>The next line without CRLF; null when the server has closed the connection.</summary>
    public async Task<string?> TryReadLineAsync()
    {
        var line = await ReadOctetsAsync();
        return line.Length == 0 ? null : Encoding.UTF8.GetString(line).TrimEnd('\n').TrimEnd('\r');
    }

    public async Task<string> ReadLineAsync() => await TryReadLineAsync() ?? throw new EndOfStreamException("the server closed the connection");

    /// <summary>Breaks the connection off.</summary>
    public void Reset()
    {
        tcp.LingerState = new(true, 0);
        tcp.Close();
    }

    public async ValueTask DisposeAsync()
    {
        await stream.DisposeAsync();
        tcp.Dispose();
    }

    private async Task<byte[]> ReadMessageAsync()
    {
        using var message = new MemoryStream();
        while (true)
        {
            var line = await ReadOctetsAsync();
            Assert.NotEmpty(line);
            if (line.AsSpan().SequenceEqual(".\r\n"u8))
            {
                return message.ToArray();
            }

            message.Write(line.AsSpan(line[0] == '.' ? 1 : 0));
        }
    }

    // Up to and with LF.
    private async Task<byte[]> ReadOctetsAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        using var line = new MemoryStream();
        var one = new byte[1];
        do
        {
            if (await stream.ReadAsync(one, limit.Token) == 0)
            {
                return [];
            }

            line.WriteByte(one[0]);
        }
        while (one[0] != '\n');
        return line.ToArray();
    }
}
