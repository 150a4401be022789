using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace MailCloud.Benchmarks;

/// <summary>A client's connection: blocking, as cheap as can be, and with a limit to each wait.</summary>
internal static class LoadSocket
{
    private const int TimeoutMilliseconds = 60_000;

    /// <returns>The stream, in TLS when that is asked for; it owns the socket.</returns>
    public static Stream Open(IPEndPoint server, bool tls)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = TimeoutMilliseconds,
            SendTimeout = TimeoutMilliseconds,
        };
        socket.Connect(server);
        Stream stream = new NetworkStream(socket, ownsSocket: true);
        if (tls)
        {
            // The peers' certificates are made for the run; nobody is to be kept out.
#pragma warning disable CA5359
            var secured = new SslStream(stream, leaveInnerStreamOpen: false, (_, _, _, _) => true);
#pragma warning restore CA5359
            secured.AuthenticateAsClient("mail.example.test");
            stream = secured;
        }
        return stream;
    }
}

/// <summary>An answer that is not what the load tool needs: the run is worth nothing.</summary>
internal sealed class UnexpectedAnswerException(string message) : Exception(message);
