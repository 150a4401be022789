using System.Net;
using System.Net.Sockets;

namespace MailCloud.Testing;

/// <summary>For servers that must be told their port before they listen.</summary>
public static class FreePort
{
    /// <summary>A port of the loopback on which nobody listened a moment ago.</summary>
    public static int Find()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
