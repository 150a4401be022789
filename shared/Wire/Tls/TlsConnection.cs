using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;

namespace MailCloud.Wire.Tls;

/// <summary>What was agreed in a handshake.</summary>
/// <param name="Protocol">The version, for the trace field: <c>TLS1.3</c>.</param>
/// <param name="CipherSuite">Its registered name: <c>TLS_AES_256_GCM_SHA384</c>.</param>
/// <param name="ServerName">The name the client asked for (SNI); empty when it gave none.</param>
/// <param name="ServerEndPoint">Data of the channel binding <c>tls-server-end-point</c> (RFC 5929 §4); null when the certificate has none.</param>
public sealed record TlsSession(string Protocol, string CipherSuite, string ServerName, byte[]? ServerEndPoint);

/// <summary>A connection after its TLS handshake: decrypted pipes over the connection's own. The owner disposes it before it closes the connection.</summary>
public sealed class TlsConnection : IDuplexPipe, IAsyncDisposable
{
    // A peer that takes nothing must not keep the connection by not taking the goodbye.
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(5);

    private readonly SslStream stream;
    private readonly TimeProvider time;

    private TlsConnection(SslStream stream, TlsSession session, TimeProvider time)
    {
        this.stream = stream;
        this.time = time;
        Session = session;

        // Zero-byte reads: an idle connection holds no buffer.
        Input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16 * 1024, minimumReadSize: 1024, leaveOpen: true, useZeroByteReads: true));
        Output = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public TlsSession Session { get; }

    /// <summary>
    /// Serves the handshake on a connection, TLS 1.2 or later. Before STARTTLS's reply the caller drops what the client sent ahead
    /// (<see cref="TimedReader.DropBuffered"/>): commands injected into the plain part must never run in the protected one (RFC 3207 §4.2).
    /// </summary>
    /// <exception cref="AuthenticationException">
    /// The peers agreed on nothing, or not within the limit, or there is no certificate. It is no <see cref="PeerTimeoutException"/>, which servers answer with a goodbye: the peer
    /// waits for records of TLS, and nothing may be said to it in clear any more.
    /// </exception>
    /// <exception cref="IOException">The peer went away.</exception>
    public static async Task<TlsConnection> AcceptAsync(
        IDuplexPipe transport, CertificateStore certificates, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        var stream = new SslStream(new DuplexPipeStream(transport), leaveInnerStreamOpen: false);
        ServerCertificate? chosen = null;
        try
        {
            await stream.AuthenticateAsServerAsync(
                (_, hello, _, _) =>
                {
                    chosen = certificates.Select(hello.ServerName) ?? throw new AuthenticationException("there is no certificate");
                    return ValueTask.FromResult(Options(chosen));
                },
                null,
                either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw new AuthenticationException("the TLS handshake took too long");
        }
        catch (NotSupportedException e)
        {
            // SslStream asks for a certificate at the ClientHello, and misses it when another record comes first.
            await stream.DisposeAsync().ConfigureAwait(false);
            throw new AuthenticationException("the peer did not begin with a ClientHello", e);
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        var binding = ChannelBinding.ServerEndPoint(chosen!.Leaf);
        return new(stream, new(ProtocolName(stream.SslProtocol), stream.NegotiatedCipherSuite.ToString(), stream.TargetHostName, binding), time);
    }

    /// <summary>Says goodbye (close_notify) where the peer still listens, and frees the TLS state.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await EndAsync().WaitAsync(Goodbye, time).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or TimeoutException)
        {
            // It is gone already.
        }

        await Input.CompleteAsync().ConfigureAwait(false);
        await stream.DisposeAsync().ConfigureAwait(false);
    }

    // What was written and not flushed goes out with the completion, and that too waits for the peer.
    private async Task EndAsync()
    {
        await Output.CompleteAsync().ConfigureAwait(false);
        await stream.ShutdownAsync().ConfigureAwait(false);
    }

    private static SslServerAuthenticationOptions Options(ServerCertificate certificate) => new()
    {
        ServerCertificateContext = certificate.Context,

        // RFC 8996: nothing below TLS 1.2. Which of the two is agreed is theirs to say.
#pragma warning disable CA5398
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
#pragma warning restore CA5398
        AllowRenegotiation = false,
    };

    private static string ProtocolName(SslProtocols protocol) => protocol == SslProtocols.Tls13 ? "TLS1.3" : "TLS1.2";
}
