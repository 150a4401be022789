using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MailCloud.Testing;

/// <summary>What a <see cref="LimitedSink"/> takes; more it answers with 421.</summary>
/// <param name="Connections">Connections at once.</param>
/// <param name="MessagesPerConnection">Messages on a connection.</param>
/// <param name="Takes">How long it is busy with each message before it answers its end.</param>
public sealed record SinkLimits(int Connections = int.MaxValue, int MessagesPerConnection = int.MaxValue, TimeSpan Takes = default);

/// <summary>A message that a <see cref="LimitedSink"/> has taken.</summary>
/// <param name="Id">Its Message-ID without brackets.</param>
/// <param name="At">The clock's stamp (<see cref="Stopwatch.GetTimestamp"/>) at its end.</param>
public readonly record struct SunkMessage(string Id, long At);

/// <summary>A host that takes mail by DATA and forgets it, but for the Message-ID and the time of each; it enforces limits, as hosts of large providers do, and counts who goes beyond.</summary>
public sealed class LimitedSink : IAsyncDisposable
{
    private readonly TcpListener listener;
    private readonly SinkLimits limits;
    private readonly ConcurrentQueue<SunkMessage> messages = new();
    private readonly ConcurrentDictionary<Task, bool> sessions = new();
    private readonly CancellationTokenSource ending = new();
    private readonly Task accepting;
    private int open;
    private int most;
    private int violations;

    private LimitedSink(IPAddress address, SinkLimits limits)
    {
        this.limits = limits;
        listener = new(address, 0);
        listener.Start();
        accepting = Task.Run(AcceptAsync);
    }

    public IPAddress Address => ((IPEndPoint)listener.LocalEndpoint).Address;

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>All messages whose end has come, in that order.</summary>
    public IReadOnlyCollection<SunkMessage> Messages => messages;

    /// <summary>Connections and messages that were too many.</summary>
    public int Violations => Volatile.Read(ref violations);

    /// <summary>The most connections at once.</summary>
    public int MostConnections => Volatile.Read(ref most);

    /// <summary>Listens on a free port of a loopback address: a smarthost's limits count by its address.</summary>
    public static LimitedSink Start(SinkLimits limits, string address = "127.0.0.1") => new(IPAddress.Parse(address), limits);

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        await accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(sessions.Keys).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        listener.Dispose();
        ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var socket = await listener.AcceptSocketAsync(ending.Token);
            var session = ServeAsync(socket);
            sessions[session] = true;
            _ = session.ContinueWith(ended => sessions.TryRemove(ended, out _), TaskScheduler.Default);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await Task.Yield();
        socket.NoDelay = true;
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        var lastWords = "";
        try
        {
            lastWords = await ServeAsync(stream, Interlocked.Increment(ref open));
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The other side is gone, or the test ends.
        }

        // Whoever hears the goodbye may connect again at once.
        Interlocked.Decrement(ref open);
        if (lastWords.Length > 0)
        {
            await SayAsync(stream, lastWords).AsTask().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <returns>What is said at the end; empty when the other side ended it.</returns>
    private async Task<string> ServeAsync(NetworkStream stream, int now)
    {
        if (now > limits.Connections)
        {
            Interlocked.Increment(ref violations);
            return "421 4.7.0 too many connections";
        }

        KeepMost(now);
        return await TalkAsync(stream);
    }

    private void KeepMost(int now)
    {
        for (var seen = Volatile.Read(ref most); now > seen; seen = Volatile.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, now, seen);
        }
    }

    private async Task<string> TalkAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, Encoding.Latin1, false, 16 * 1024, leaveOpen: true);
        await SayAsync(stream, "220 sink");
        var taken = 0;
        while (await reader.ReadLineAsync(ending.Token) is { } line)
        {
            switch (line.Split(' ', 2)[0].ToUpperInvariant())
            {
                case "EHLO":
                    await SayAsync(stream, "250-sink\r\n250-PIPELINING\r\n250 8BITMIME");
                    break;
                case "MAIL" when taken >= limits.MessagesPerConnection:
                    Interlocked.Increment(ref violations);
                    return "421 4.7.0 too many messages on a connection";
                case "DATA":
                    await SayAsync(stream, "354 go ahead");
                    if (!await TakeAsync(reader))
                    {
                        return "";
                    }

                    await SayAsync(stream, $"250 2.0.0 message {++taken}");
                    break;
                case "QUIT":
                    return "221 2.0.0 bye";
                default:
                    await SayAsync(stream, "250 2.0.0 fine");
                    break;
            }
        }

        return "";
    }

    /// <returns>False when the message's end does not come.</returns>
    private async Task<bool> TakeAsync(StreamReader reader)
    {
        var id = "";
        string? line;
        while ((line = await reader.ReadLineAsync(ending.Token)) is not (null or "."))
        {
            if (id.Length == 0 && line.StartsWith("Message-ID:", StringComparison.OrdinalIgnoreCase))
            {
                id = line[11..].Trim(' ', '<', '>');
            }
        }

        if (line is null)
        {
            return false;
        }

        messages.Enqueue(new(id, Stopwatch.GetTimestamp()));
        if (limits.Takes > TimeSpan.Zero)
        {
            await Task.Delay(limits.Takes, ending.Token);
        }

        return true;
    }

    private ValueTask SayAsync(NetworkStream stream, string text) => stream.WriteAsync(Encoding.ASCII.GetBytes(text + "\r\n"), ending.Token);
}
