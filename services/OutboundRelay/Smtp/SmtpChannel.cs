using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using MailCloud.Wire;

namespace MailCloud.OutboundRelay.Smtp;

/// <summary>A connection that was dialled: commands go out, replies come in, every wait has its limit. Not for two callers at a time, but reading and writing may go on together.</summary>
internal sealed class SmtpChannel : IAsyncDisposable
{
    // RFC 5321 §4.5.3.1.5 has 512 octets; Postfix's line_length_limit is 2,048.
    private const int MaxReplyLine = 2048;

    // Of one reply, all lines together: a host with 64 kB to say says it to a person.
    private const int MaxReply = 64 * 1024;

    // What waits unflushed of a message; two pieces of it.
    private const int Full = 32 * 1024;

    private readonly Socket socket;
    private readonly TimeProvider time;
    private readonly TimedReader input;
    private readonly LineReader lines;
    private readonly ReplyWriter output;
    private PipeReader reader;
    private PipeWriter writer;
    private SslStream? secured;

    private SmtpChannel(Socket socket, SmtpClientOptions options, TimeProvider time)
    {
        this.socket = socket;
        this.time = time;
        var stream = new NetworkStream(socket, ownsSocket: false);
        reader = PipeReader.Create(stream, ReaderOptions);
        writer = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
        input = new(reader, time);
        lines = new(input, MaxReplyLine);
        output = new(writer, time, options.BlockTimeout, Full);
    }

    /// <summary>True once nothing more can be said or heard.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>When a reply was last read, on the clock's <see cref="TimeProvider.GetTimestamp"/>.</summary>
    public long LastReplyAt { get; private set; }

    /// <summary>True when the other end is this machine, so that nobody can listen.</summary>
    public bool IsLoopback => socket.RemoteEndPoint is IPEndPoint peer && IPAddress.IsLoopback(peer.Address);

    // Zero-byte reads: an idle connection holds no buffer.
    private static StreamPipeReaderOptions ReaderOptions => new(bufferSize: 4096, minimumReadSize: 1024, leaveOpen: true, useZeroByteReads: true);

    /// <exception cref="SocketException">It does not answer, or not in time.</exception>
    public static async Task<SmtpChannel> ConnectAsync(IPEndPoint to, SmtpClientOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var socket = new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var timeout = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            if (IPAddress.TryParse(options.SourceAddress, out var from) && from.AddressFamily == to.AddressFamily)
            {
                socket.Bind(new IPEndPoint(from, 0));
            }

            await socket.ConnectAsync(to, either.Token).ConfigureAwait(false);
            return new(socket, options, time);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            socket.Dispose();
            throw new SocketException((int)SocketError.TimedOut);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Puts a command among what the next flush sends.</summary>
    public void Write(string command)
    {
        // Whatever a command is made of, it is one line.
        if (command.AsSpan().IndexOfAny('\r', '\n', '\0') >= 0)
        {
            throw new ArgumentException("a command has a line end within", nameof(command));
        }

        output.Write(command);
        output.Write("\r\n"u8);
    }

    /// <summary>Where octets of a message are put among what the next flush sends.</summary>
    public IBufferWriter<byte> Output => output;

    public ValueTask FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);

    public ValueTask FlushIfFullAsync(CancellationToken cancellationToken) => output.FlushIfFullAsync(cancellationToken);

    /// <summary>Sends a command and reads its reply.</summary>
    public async ValueTask<RemoteReply> AskAsync(string command, TimeSpan limit, CancellationToken cancellationToken)
    {
        Write(command);
        await FlushAsync(cancellationToken).ConfigureAwait(false);
        return await ReadReplyAsync(limit, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads a reply, all lines of which must come within the limit.</summary>
    /// <exception cref="IOException">The connection ended, the limit passed, or what came is no reply.</exception>
    public async ValueTask<RemoteReply> ReadReplyAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        var deadline = input.DeadlineAfter(limit);
        var (texts, octets) = (new List<string>(), 0);
        while (true)
        {
            var status = await lines.ReadAsync(input.Until(deadline), cancellationToken).ConfigureAwait(false);
            if (status == LineStatus.End)
            {
                throw new EndOfStreamException("the host closed the connection");
            }

            octets += lines.Line.Length + 2;
            if (status == LineStatus.TooLong || octets > MaxReply)
            {
                throw new NotSmtpException("the host's reply is too long");
            }

            if (!RemoteReply.TryParseLine(lines.Line.Span, out var code, out var isLast, out var text))
            {
                throw new NotSmtpException("what the host sent is no reply of SMTP");
            }

            texts.Add(text);
            if (isLast)
            {
                LastReplyAt = time.GetTimestamp();
                return RemoteReply.Join(code, texts);
            }
        }
    }

    /// <summary>Shakes hands; from here on everything goes encrypted.</summary>
    /// <exception cref="AuthenticationException">
    /// It failed, or took too long; nothing can be said on this connection any more. <see cref="Exception.Message"/> says why, without anything that is secret.
    /// </exception>
    public async Task SecureAsync(SslClientAuthenticationOptions tls, TimeSpan limit, CancellationToken cancellationToken)
    {
        // RFC 3207 §6, and CVE-2011-0411: what stands behind the 220 was said by whoever may sit between, and would be taken for the host's first words under TLS.
        if (input.HasBuffered())
        {
            throw new NotSmtpException("the host sent more in clear behind its reply to STARTTLS");
        }

        secured = new SslStream(new NetworkStream(socket, ownsSocket: false), leaveInnerStreamOpen: false);
        using var timeout = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            await secured.AuthenticateAsClientAsync(tls, either.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AuthenticationException or IOException or InvalidOperationException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // Records of TLS may be under way: not even QUIT can be said.
            Close();
            throw new AuthenticationException(e is OperationCanceledException ? "it took too long" : Innermost(e).Message, e);
        }

        await reader.CompleteAsync().ConfigureAwait(false);
        await writer.CompleteAsync().ConfigureAwait(false);
        reader = PipeReader.Create(secured, ReaderOptions);
        writer = PipeWriter.Create(secured, new StreamPipeWriterOptions(leaveOpen: true));
        input.Replace(reader);
        output.Replace(writer);
    }

    /// <summary>The version and the cipher suite that were agreed on; null in clear.</summary>
    public (string Protocol, string CipherSuite)? Negotiated =>
        secured is { IsAuthenticated: true } ? (secured.SslProtocol == SslProtocols.Tls13 ? "TLS1.3" : "TLS1.2", secured.NegotiatedCipherSuite.ToString()) : null;

    /// <summary>Whether the host has said nothing since its last reply, and not closed: anything that comes unasked is a goodbye.</summary>
    public bool IsQuiet()
    {
        try
        {
            return !IsClosed && !input.HasBuffered() && !socket.Poll(0, SelectMode.SelectRead);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }

    /// <summary>
    /// QUIT (RFC 5321 §4.1.1.10), and waits until the host has closed its side: only then does it count one connection less. A host that takes longer than the limit is left.
    /// </summary>
    public async Task QuitAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            if (!IsClosed)
            {
                var deadline = input.DeadlineAfter(limit);
                await AskAsync("QUIT", limit, cancellationToken).ConfigureAwait(false);
                while (await lines.ReadAsync(input.Until(deadline), cancellationToken).ConfigureAwait(false) != LineStatus.End)
                {
                    // Whatever it still says.
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            // It is gone, or will notice.
        }

        Close();
    }

    /// <summary>Ends the connection at once. What was written and not flushed is never sent: half a message must not look like a whole one.</summary>
    public void Close()
    {
        if (IsClosed)
        {
            return;
        }

        IsClosed = true;
        socket.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        Close();
        var gone = new IOException("the connection is closed");
        await writer.CompleteAsync(gone).ConfigureAwait(false);
        await reader.CompleteAsync(gone).ConfigureAwait(false);
        if (secured is not null)
        {
            await secured.DisposeAsync().ConfigureAwait(false);
        }

        input.Dispose();
    }

    private static Exception Innermost(Exception e)
    {
        while (e.InnerException is { } inner)
        {
            e = inner;
        }

        return e;
    }
}

/// <summary>What came is not what SMTP would have there: the two ends are out of step, or the other end is no mail server.</summary>
internal sealed class NotSmtpException(string message) : IOException(message);
