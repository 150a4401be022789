using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailCloud.Testing;

/// <summary>A whole session at once, for comparing what servers say octet for octet.</summary>
public static class Conversation
{
    // What hangs must fail before the test run does.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Waits for the greeting, says all lines, of which the last ends the session, and gives what comes until the server closes, one char per octet.</summary>
    public static async Task<string> HaveAsync(IPEndPoint server, params IEnumerable<string> lines)
    {
        using var limit = new CancellationTokenSource(Limit);
        using var client = new TcpClient();
        await client.ConnectAsync(server, limit.Token);
        using var reader = new StreamReader(client.GetStream(), Encoding.Latin1);
        await reader.ReadLineAsync(limit.Token);
        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\r\n"))), limit.Token);
        return await reader.ReadToEndAsync(limit.Token);
    }
}
