using System.Net;
using System.Net.Sockets;
using MailCloud.Wire;
using Microsoft.IdentityModel.Protocols;

namespace MailCloud.Oidc;

/// <summary>
/// Fetches what issuers publish. A tenant names its issuer, and the issuer's document names the address of the keys, so what is asked is a stranger's choice: over HTTPS (in clear only on
/// loopback), at public addresses and those of networks that the operator lists, without following anybody elsewhere, and only so much for only so long.
/// </summary>
internal sealed class IssuerDocuments : IDocumentRetriever, IDisposable
{
    /// <summary>Octets of one document; the largest of known issuers, Google's and Microsoft's key sets, have some ten thousand.</summary>
    public const int MaxLength = 256 * 1024;

    /// <summary>For one document, the connection included: a client that logs in waits for two.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private readonly IReadOnlyList<IPNetwork> allowed;
    private readonly HttpClient http;

    /// <param name="allowed">Networks that are asked though they are not public.</param>
    public IssuerDocuments(IReadOnlyList<IPNetwork> allowed)
    {
        this.allowed = allowed;
        http = new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,

            // Behind a proxy the address that is dialled is not seen.
            UseProxy = false,
            ConnectCallback = ConnectAsync,
            MaxConnectionsPerServer = 2,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10),
        })
        {
            Timeout = Timeout,
            MaxResponseContentBufferSize = MaxLength,
        };
    }

    /// <exception cref="HttpRequestException">It was not given, or is too long.</exception>
    /// <exception cref="TaskCanceledException">It took too long.</exception>
    public async Task<string> GetDocumentAsync(string address, CancellationToken cancel)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttps && !(uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback)))
        {
            throw new HttpRequestException("an issuer's documents are fetched over HTTPS");
        }

        using var response = await http.GetAsync(uri, cancel).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync(cancel).ConfigureAwait(false);
    }

    public void Dispose() => http.Dispose();

    // The address that was judged is the one that is dialled: the DNS is not asked twice.
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var found = IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
        IPAddress[] dialled = [.. found.Where(address => AddressScopes.IsDialled(address, allowed))];
        if (dialled.Length == 0)
        {
            throw new HttpRequestException($"{host} has no address that may be asked (Oidc:AllowedNetworks)");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(dialled, port, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
