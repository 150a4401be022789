namespace MailCloud.Credentials.Sasl;

/// <summary>What a TLS connection offers for channel binding (RFC 5056); null where there is none.</summary>
/// <param name="ServerEndPoint">tls-server-end-point: the hash of the server's certificate (RFC 5929 §4.1).</param>
/// <param name="Exporter">tls-exporter: 32 octets of exported keying material (RFC 9266 §2).</param>
public sealed record ChannelBindings(byte[]? ServerEndPoint, byte[]? Exporter)
{
    /// <summary>A connection without TLS.</summary>
    public static readonly ChannelBindings None = new(null, null);

    public bool Any => ServerEndPoint is not null || Exporter is not null;

    internal byte[]? Find(string name) => name switch
    {
        "tls-server-end-point" => ServerEndPoint,
        "tls-exporter" => Exporter,
        _ => null,
    };
}
