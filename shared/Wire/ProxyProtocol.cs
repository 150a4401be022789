using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;

namespace MailCloud.Wire;

/// <summary>The ends of a connection as a proxy in front gives them; both null when it speaks for itself (v1 UNKNOWN, v2 LOCAL).</summary>
public readonly record struct ProxyHeader(IPEndPoint? Source, IPEndPoint? Destination);

/// <summary>
/// The PROXY protocol, versions 1 and 2 (haproxy's proxy-protocol.txt). Only a peer in a configured network is asked for the header, and it must then send one:
/// guessing would let anybody choose the address that limits and trace see.
/// </summary>
public static class ProxyProtocol
{
    // §2.1: the longest v1 line is 107 octets with its CRLF.
    private const int MaximumV1 = 107;

    // §2.2 lets a header be 65,551 octets long; what proxies add in TLVs fits in far less.
    private const int MaximumV2 = 2048;

    private static readonly byte[] Signature = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A];

    /// <summary>Reads the header that stands before everything else on the connection.</summary>
    /// <exception cref="InvalidDataException">There is none, or it is malformed.</exception>
    /// <exception cref="EndOfStreamException">The peer closed its side before the header was whole.</exception>
    /// <exception cref="PeerTimeoutException">It did not come within the limit.</exception>
    public static async ValueTask<ProxyHeader> ReadAsync(TimedReader input, TimeSpan limit, CancellationToken cancellationToken)
    {
        var deadline = input.DeadlineAfter(limit);
        while (true)
        {
            var result = await input.ReadAsync(deadline, cancellationToken).ConfigureAwait(false);
            var head = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, MaximumV2)).ToArray();
            if (TryParse(head, out var header, out var length))
            {
                input.AdvanceTo(result.Buffer.GetPosition(length));
                return header;
            }

            input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.IsCompleted)
            {
                throw new EndOfStreamException("the peer closed the connection within the PROXY header");
            }
        }
    }

    /// <summary>False when more octets are needed.</summary>
    internal static bool TryParse(ReadOnlySpan<byte> head, out ProxyHeader header, out int length)
    {
        header = default;
        length = 0;
        if (head.IsEmpty)
        {
            return false;
        }

        return head[0] == 'P' ? TryParseV1(head, out header, out length) : TryParseV2(head, out header, out length);
    }

    private static bool TryParseV1(ReadOnlySpan<byte> head, out ProxyHeader header, out int length)
    {
        header = default;
        length = 0;
        var end = head[..Math.Min(head.Length, MaximumV1)].IndexOf("\r\n"u8);
        if (end < 0)
        {
            var enough = head.Length >= MaximumV1 || !"PROXY "u8.StartsWith(head[..Math.Min(6, head.Length)]);
            return enough ? throw Malformed() : false;
        }

        length = end + 2;
        var words = Encoding.ASCII.GetString(head[..end]).Split(' ');
        if (words[0] != "PROXY" || words.Length < 2)
        {
            throw Malformed();
        }

        if (words[1] == "UNKNOWN")
        {
            return true;
        }

        if (words.Length != 6 || words[1] is not ("TCP4" or "TCP6"))
        {
            throw Malformed();
        }

        header = new(EndPoint(words[2], words[4], words[1]), EndPoint(words[3], words[5], words[1]));
        return true;
    }

    private static IPEndPoint EndPoint(string address, string port, string family)
    {
        var ok = IPAddress.TryParse(address, out var ip) & ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        return ok && (ip!.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork) == (family == "TCP4") ? new(ip, number) : throw Malformed();
    }

    private static bool TryParseV2(ReadOnlySpan<byte> head, out ProxyHeader header, out int length)
    {
        header = default;
        length = 0;
        if (!head[..Math.Min(head.Length, Signature.Length)].SequenceEqual(Signature.AsSpan(0, Math.Min(head.Length, Signature.Length))))
        {
            throw Malformed();
        }

        if (head.Length < 16)
        {
            return false;
        }

        var (version, command, family) = (head[12] >> 4, head[12] & 0xF, head[13]);
        length = 16 + BinaryPrimitives.ReadUInt16BigEndian(head[14..]);
        if (version != 2 || command > 1 || length > MaximumV2)
        {
            throw Malformed();
        }

        if (head.Length < length)
        {
            return false;
        }

        var addresses = head[16..length];
        header = (command, family) switch
        {
            (0, _) => default,
            (_, 0x11) when addresses.Length >= 12 => new(EndPoint(addresses[..4], addresses[8..]), EndPoint(addresses[4..8], addresses[10..])),
            (_, 0x21) when addresses.Length >= 36 => new(EndPoint(addresses[..16], addresses[32..]), EndPoint(addresses[16..32], addresses[34..])),
            (_, 0x11 or 0x21) => throw Malformed(),
            _ => default,
        };
        return true;
    }

    private static IPEndPoint EndPoint(ReadOnlySpan<byte> address, ReadOnlySpan<byte> port) =>
        new(new IPAddress(address), BinaryPrimitives.ReadUInt16BigEndian(port));

    private static InvalidDataException Malformed() => new("the connection does not begin with a PROXY header");
}
