using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailCloud.EndToEnd.Tests.Relay;

/// <summary>Where a connection ends.</summary>
internal enum BreakAt
{
    /// <summary>Behind the message's end, which the host has, and before its reply.</summary>
    Reply = 0,

    /// <summary>Within the message, of which the host keeps nothing.</summary>
    Message = 1,
}

/// <summary>A host that takes mail by DATA, and ends the first connection where no real host does unless something is wrong with it. Port 25: needs root.</summary>
internal sealed class BreakingHost : IAsyncDisposable
{
    /// <summary>So much of a message it reads before it ends the connection within.</summary>
    private const int Within = 100 * 1024;

    private readonly TcpListener listener;
    private readonly BreakAt at;
    private readonly ConcurrentQueue<string> received = new();
    private readonly CancellationTokenSource ending = new();
    private readonly Task serving;
    private int connections;

    private BreakingHost(string address, BreakAt at)
    {
        this.at = at;
        listener = new(IPAddress.Parse(address), 25);

        // What the relay may write ahead is far less than the message, so that it has not sent the end when it hears of the break.
        listener.Server.ReceiveBufferSize = 64 * 1024;
        listener.Start();
        serving = Task.Run(ServeAsync);
    }

    /// <summary>The messages whose end has come, also those that were not answered.</summary>
    public IReadOnlyCollection<string> Received => received;

    /// <summary>How often somebody connected.</summary>
    public int Connections => Volatile.Read(ref connections);

    public static BreakingHost Start(string address, BreakAt at) => new(address, at);

    public async Task UntilReceivedAsync(int count)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (received.Count < count)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        listener.Dispose();
        ending.Dispose();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            using var socket = await listener.AcceptSocketAsync(ending.Token);
            var isFirst = Interlocked.Increment(ref connections) == 1;
            await using var stream = new NetworkStream(socket);
            using var reader = new StreamReader(stream, Encoding.Latin1, false, 16 * 1024, leaveOpen: true);
            try
            {
                await TalkAsync(stream, reader, isFirst);
            }
            catch (IOException)
            {
                // The relay has ended it.
            }

            if (isFirst)
            {
                socket.LingerState = new(true, 0); // A reset, as of a host that died.
            }
        }
    }

    private async Task TalkAsync(NetworkStream stream, StreamReader reader, bool breaks)
    {
        await SayAsync(stream, "220 mx");
        while (await reader.ReadLineAsync(ending.Token) is { } line)
        {
            if (line != "DATA")
            {
                await SayAsync(stream, line == "QUIT" ? "221 bye" : "250 fine");
                continue;
            }

            await SayAsync(stream, "354 go ahead");
            if (await ReadMessageAsync(reader, breaks && at == BreakAt.Message) is not { } message)
            {
                return;
            }

            received.Enqueue(message);
            if (breaks)
            {
                return;
            }

            await SayAsync(stream, "250 taken");
        }
    }

    /// <summary>Null when it ends the connection within.</summary>
    private async Task<string?> ReadMessageAsync(StreamReader reader, bool breaks)
    {
        var message = new StringBuilder();
        while (await reader.ReadLineAsync(ending.Token) is { } line)
        {
            if (line == ".")
            {
                return message.ToString();
            }

            message.Append(line.StartsWith('.') ? line[1..] : line).Append("\r\n");
            if (breaks && message.Length > Within)
            {
                return null;
            }
        }

        return null;
    }

    private ValueTask SayAsync(NetworkStream stream, string line) => stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"), ending.Token);
}
