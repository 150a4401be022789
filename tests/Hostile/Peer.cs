using System.IO.Compression;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace MailCloud.Hostile;

/// <summary>One connection that says exactly what it is told to, and for which the server's hanging up is an answer and no error.</summary>
public sealed class Peer : IDisposable
{
    private readonly Socket socket;
    private readonly byte[] buffer = new byte[2048];
    private Stream stream;
    private DeflateStream? inflating;
    private int from;
    private int to;

    private Peer(Socket socket) => (this.socket, stream) = (socket, new NetworkStream(socket, ownsSocket: false));

    /// <summary>Connects, with a handshake where the port begins with TLS.</summary>
    /// <param name="target">The server.</param>
    /// <param name="port">One of its ports.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="takesLittle">The system keeps only a few kilobytes of what the server sends.</param>
    public static async Task<Peer> ConnectAsync(Target target, Port port, CancellationToken cancellationToken, bool takesLittle = false)
    {
        var peer = await ConnectBareAsync(port, cancellationToken, takesLittle);
        if (port.IsTls)
        {
            await peer.StartTlsAsync(target, cancellationToken);
        }

        return peer;
    }

    /// <summary>Connects without a handshake, also where TLS is expected.</summary>
    public static async Task<Peer> ConnectBareAsync(Port port, CancellationToken cancellationToken, bool takesLittle = false)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (takesLittle)
            {
                socket.ReceiveBufferSize = 4096;
            }

            await socket.ConnectAsync(IPAddress.Loopback, port.Number, cancellationToken);
            return new(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Connects, reads the greeting and logs in, on IMAP or POP3.</summary>
    public static async Task<Peer> LogInAsync(Target target, Port port, CancellationToken cancellationToken, bool takesLittle = false, string account = Target.Alice)
    {
        var peer = await GreetedAsync(target, port, cancellationToken, takesLittle);
        if (port.Protocol == Protocol.Imap)
        {
            await peer.SendAsync($"l LOGIN {account} {Target.Password}\r\n", cancellationToken);
            await peer.ExpectAsync("l OK", cancellationToken);
        }
        else
        {
            await peer.SendAsync($"USER {account}\r\n", cancellationToken);
            await peer.ExpectAsync("+OK", cancellationToken);
            await peer.SendAsync($"PASS {Target.Password}\r\n", cancellationToken);
            await peer.ExpectAsync("+OK", cancellationToken);
        }

        return peer;
    }

    /// <summary>Connects and reads the greeting.</summary>
    public static async Task<Peer> GreetedAsync(Target target, Port port, CancellationToken cancellationToken, bool takesLittle = false)
    {
        var peer = await ConnectAsync(target, port, cancellationToken, takesLittle);
        if (port.Greeting.Length > 0)
        {
            await peer.ExpectAsync(port.Greeting, cancellationToken);
        }

        return peer;
    }

    /// <summary>On SMTP, after the greeting: EHLO, and all up to the 354 that asks for the message.</summary>
    public async Task BeginMessageAsync(string sender, IReadOnlyList<string> recipients, CancellationToken cancellationToken)
    {
        var to = string.Concat(recipients.Select(recipient => $"RCPT TO:<{recipient}>\r\n"));
        await SendAsync($"EHLO client.example\r\nMAIL FROM:<{sender}>\r\n{to}DATA\r\n", cancellationToken);
        await ExpectAsync("250 ", cancellationToken);
        await ExpectAsync("250 2.1.0", cancellationToken);
        foreach (var _ in recipients)
        {
            await ExpectAsync("250 2.1.5", cancellationToken);
        }

        await ExpectAsync("354", cancellationToken);
    }

    public async Task StartTlsAsync(Target target, CancellationToken cancellationToken)
    {
        var tls = new SslStream(stream);
        await tls.AuthenticateAsClientAsync(target.Handshake, cancellationToken);
        stream = tls;
    }

    /// <summary>What comes from here on is deflated (RFC 4978); what is sent, the caller has deflated.</summary>
    public void Inflate() => inflating = new(stream, CompressionMode.Decompress, leaveOpen: true);

    public Task<bool> SendAsync(string latin1, CancellationToken cancellationToken) => SendAsync(Encoding.Latin1.GetBytes(latin1), cancellationToken);

    /// <summary>False when the server has hung up.</summary>
    public async Task<bool> SendAsync(ReadOnlyMemory<byte> octets, CancellationToken cancellationToken)
    {
        try
        {
            await stream.WriteAsync(octets, cancellationToken);
            await stream.FlushAsync(cancellationToken);
            return true;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return false;
        }
    }

    /// <summary>The next line without its CRLF; null when the server has hung up.</summary>
    public async Task<string?> LineAsync(CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        while (true)
        {
            var end = Array.IndexOf(buffer, (byte)'\n', from, to - from);
            line.Append(Encoding.Latin1.GetString(buffer, from, (end < 0 ? to : end + 1) - from));
            from = end < 0 ? to : end + 1;
            if (end >= 0)
            {
                return line.ToString().TrimEnd('\r', '\n');
            }

            if (!await FillAsync(cancellationToken))
            {
                return null;
            }
        }
    }

    /// <summary>The line that begins so; untagged responses and the first lines of a longer reply may stand before it.</summary>
    /// <exception cref="UnexpectedAnswerException">Another came, or the server hung up.</exception>
    public async Task<string> ExpectAsync(string start, CancellationToken cancellationToken)
    {
        while (true)
        {
            var line = await LineAsync(cancellationToken);
            if (line is not null && line.StartsWith(start, StringComparison.Ordinal))
            {
                return line;
            }

            if (line is null || !(line.StartsWith("* ", StringComparison.Ordinal) || (line.Length > 3 && line[3] == '-')))
            {
                throw new UnexpectedAnswerException($"expected \"{start}\" and got {(line is null ? "the end" : $"\"{line}\"")}");
            }
        }
    }

    /// <summary>Reads so many octets, and returns the first of them.</summary>
    /// <exception cref="UnexpectedAnswerException">The server hung up before.</exception>
    public async Task<string> SkipAsync(long octets, int keep, CancellationToken cancellationToken)
    {
        var kept = new StringBuilder();
        for (var left = octets; left > 0;)
        {
            if (from == to && !await FillAsync(cancellationToken))
            {
                throw new UnexpectedAnswerException($"the server hung up {left} octets before the end of a literal");
            }

            var length = (int)Math.Min(left, to - from);
            kept.Append(Encoding.Latin1.GetString(buffer, from, Math.Min(length, keep - kept.Length)));
            from += length;
            left -= length;
        }

        return kept.ToString();
    }

    /// <summary>Reads on until the server has hung up; returns the last line that it said.</summary>
    public async Task<string> UntilClosedAsync(CancellationToken cancellationToken)
    {
        var last = "";
        try
        {
            while (await LineAsync(cancellationToken) is { } line)
            {
                last = line.Length > 0 ? line : last;
            }
        }
        catch (OperationCanceledException)
        {
            throw new UnexpectedAnswerException($"the server did not hang up; its last line was \"{last}\"");
        }

        return last;
    }

    /// <summary>Says that no more will come.</summary>
    public void EndSending()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The server was first.
        }
    }

    /// <summary>Hangs up without a word, by RST: nothing of it stays in the system.</summary>
    public void Dispose()
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Dispose();
        inflating?.Dispose();
        stream.Dispose();
    }

    private async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        try
        {
            (from, to) = (0, await (inflating ?? stream).ReadAsync(buffer, cancellationToken));
            return to > 0;
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidDataException)
        {
            (from, to) = (0, 0);
            return false;
        }
    }
}

/// <summary>The server did something else than what is documented.</summary>
public sealed class UnexpectedAnswerException(string message) : Exception(message);
