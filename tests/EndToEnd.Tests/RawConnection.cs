using System.Net.Sockets;
using System.Text;

namespace MailCloud.EndToEnd.Tests;

/// <summary>A connection that says and reads exactly the octets it is told to, where a mail client would be too polite or would keep the whole message.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly TcpClient client = new();

    /// <summary>For reading only: what is said goes past it, also while somebody waits for a line.</summary>
    private BufferedStream reading = null!;

    public static async Task<RawConnection> OpenAsync(int port)
    {
        var connection = new RawConnection();
        await connection.client.ConnectAsync("127.0.0.1", port);
        connection.reading = new BufferedStream(connection.client.GetStream(), 65536);
        return connection;
    }

    /// <summary>An SMTP connection that has said EHLO.</summary>
    public static async Task<RawConnection> OpenSmtpAsync(int port)
    {
        var connection = await OpenAsync(port);
        await connection.ExpectAsync("220");
        await connection.CommandAsync("EHLO raw.example", "250");
        return connection;
    }

    public async Task SendAsync(ReadOnlyMemory<byte> octets) => await client.GetStream().WriteAsync(octets);

    /// <summary>Sends an SMTP command and returns the last line of its reply, which must begin with <paramref name="code"/>.</summary>
    public async Task<string> CommandAsync(string command, string code)
    {
        await SendAsync(Encoding.ASCII.GetBytes(command + "\r\n"));
        return await ExpectAsync(code);
    }

    public async Task<string> ExpectAsync(string code)
    {
        var reply = await ReplyAsync();
        Assert.StartsWith(code, reply, StringComparison.Ordinal);
        return reply;
    }

    /// <summary>The last line of an SMTP reply.</summary>
    public async Task<string> ReplyAsync()
    {
        while (true)
        {
            var line = await LineAsync();
            if (line.Length < 4 || line[3] != '-')
            {
                return line;
            }
        }
    }

    /// <summary>Runs an IMAP command to its tagged OK and drops what comes before.</summary>
    public async Task ImapAsync(string command)
    {
        await SendAsync(Encoding.ASCII.GetBytes($"t {command}\r\n"));
        Assert.StartsWith("t OK", await TaggedAsync("t"), StringComparison.Ordinal);
    }

    /// <summary>The tagged response to an IMAP command; what comes before it is dropped.</summary>
    public async Task<string> TaggedAsync(string tag)
    {
        string line;
        do
        {
            line = await LineAsync();
        }
        while (!line.StartsWith(tag + " ", StringComparison.Ordinal));
        return line;
    }

    public async Task<string> LineAsync()
    {
        var line = new StringBuilder();
        var octet = new byte[1];
        while (octet[0] != '\n')
        {
            await reading.ReadExactlyAsync(octet);
            line.Append((char)octet[0]);
        }

        return line.ToString().TrimEnd('\r', '\n');
    }

    public ValueTask ReadExactlyAsync(Memory<byte> buffer) => reading.ReadExactlyAsync(buffer);

    public void Dispose() => client.Dispose();
}
