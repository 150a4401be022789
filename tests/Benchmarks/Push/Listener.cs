using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;

namespace MailCloud.Benchmarks.Push;

/// <summary>A client that waits for changes and notes when something comes.</summary>
internal sealed class Listener : IDisposable
{
    private readonly IDisposable connection;
    private TaskCompletionSource<long> arrival = NewArrival();

    private Listener(IDisposable connection, Func<Memory<byte>, ValueTask<int>> read)
    {
        this.connection = connection;
        _ = ListenAsync(read);
    }

    /// <summary>The timestamp of what comes next from now on.</summary>
    public Task<long> NextAsync()
    {
        arrival = NewArrival();
        return arrival.Task;
    }

    public static async Task<Listener> OpenEventSourceAsync(HttpClient http, AuthenticationHeaderValue who, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/jmap/eventsource?types=*&closeafter=no&ping=0") { Headers = { Authorization = who } };
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        var stream = await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(cancellationToken);
        return new(response, buffer => stream.ReadAsync(buffer, CancellationToken.None));
    }

    public static async Task<Listener> OpenWebSocketAsync(int port, AuthenticationHeaderValue who, CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("jmap");
        socket.Options.SetRequestHeader("Authorization", who.ToString());
        await socket.ConnectAsync(new($"ws://127.0.0.1:{port}/jmap/ws"), cancellationToken);
        await socket.SendAsync("""{"@type":"WebSocketPushEnable","dataTypes":null}"""u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
        return new(socket, async buffer => (await socket.ReceiveAsync(buffer, CancellationToken.None)).Count);
    }

    /// <summary>An IMAP session in IDLE.</summary>
    public static async Task<Listener> OpenImapAsync(int port, string address, string password, CancellationToken cancellationToken)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync("127.0.0.1", port, cancellationToken);
        var reader = new StreamReader(client.GetStream(), Encoding.Latin1, leaveOpen: true);
        foreach (var (command, until) in new[] { ("", "* OK"), ($"a LOGIN {address} {password}\r\n", "a OK"), ("b SELECT INBOX\r\n", "b OK"), ("c IDLE\r\n", "+") })
        {
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(command), cancellationToken);
            while (await reader.ReadLineAsync(cancellationToken) is { } line && !line.StartsWith(until, StringComparison.Ordinal))
            {
                if (line[0] != '*')
                {
                    throw new UnexpectedAnswerException(line);
                }
            }
        }

        return new(client, buffer => client.GetStream().ReadAsync(buffer, CancellationToken.None));
    }

    public void Dispose() => connection.Dispose();

    private async Task ListenAsync(Func<Memory<byte>, ValueTask<int>> read)
    {
        var buffer = new byte[1024];
        try
        {
            while (await read(buffer) > 0)
            {
                arrival.TrySetResult(Stopwatch.GetTimestamp());
            }
        }
        catch (Exception e) when (e is IOException or WebSocketException or ObjectDisposedException or OperationCanceledException)
        {
            // It is closed at the end of the run.
        }
    }

    private static TaskCompletionSource<long> NewArrival() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
