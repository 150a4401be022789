using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using DnsClient;

namespace MailCloud.OutboundRelay.Routing;

/// <summary>Fetches MTA-STS policies by HTTPS (RFC 8461 §3.3). The relay's own resolver and its rule of what is dialled hold here, too: the domain's owner says where its policy host stands.</summary>
internal sealed class MtaStsFetch : IDisposable
{
    /// <summary>Octets of a policy. RFC 8461 §3.3 suggests that 64 kB are enough.</summary>
    private const int MaxPolicy = 64 * 1024;

    private readonly HttpClient http;
    private readonly HostAddresses addresses;
    private readonly DialPolicy dial;
    private readonly int port;

    /// <param name="options">Port and time.</param>
    /// <param name="addresses">Resolves policy hosts.</param>
    /// <param name="dial">What of that may be dialled.</param>
    /// <param name="trust">Who is trusted to certify policy hosts; null: the authorities of the system.</param>
    public MtaStsFetch(MtaStsOptions options, HostAddresses addresses, DialPolicy dial, X509ChainPolicy? trust = null)
    {
        (this.addresses, this.dial, port) = (addresses, dial, options.Port);
        http = new(new SocketsHttpHandler
        {
            // RFC 8461 §3.3: a redirect is not followed, and no cache in between is asked.
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectCallback = ConnectAsync,
            MaxResponseHeadersLength = 16,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10),
            SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = trust, CertificateRevocationCheckMode = X509RevocationMode.NoCheck },
        })
        {
            Timeout = options.Timeout,
            MaxResponseContentBufferSize = MaxPolicy,
        };
    }

    public void Dispose() => http.Dispose();

    /// <summary>The policy of a domain as its policy host has it now.</summary>
    /// <exception cref="HttpRequestException">It has none, or cannot be reached or trusted.</exception>
    /// <exception cref="FormatException">What it has is no policy.</exception>
    /// <exception cref="OperationCanceledException">It took too long, or was cancelled.</exception>
    public async Task<MtaStsPolicy> GetAsync(string domain, CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync(new UriBuilder("https", $"mta-sts.{domain}", port, ".well-known/mta-sts.txt").Uri, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new HttpRequestException($"status {(int)response.StatusCode}");
        }

        if (response.Content.Headers.ContentType?.MediaType is not "text/plain")
        {
            // Who may upload pictures to the host must not make its policy.
            throw new FormatException($"media type {response.Content.Headers.ContentType?.MediaType}");
        }

        return MtaStsPolicy.Parse(await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false));
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var host = await addresses.FindAsync(context.DnsEndPoint.Host, 0, cancellationToken).ConfigureAwait(false);
        IPAddress[] dialled = [.. host.Addresses.Where(a => dial.Judge(a) == DialVerdict.Dialled)];
        if (dialled.Length == 0)
        {
            throw new HttpRequestException($"{context.DnsEndPoint.Host} has no address that is dialled: {host.Reason}");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(dialled, context.DnsEndPoint.Port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
