using System.Net.Security;
using System.Security.Authentication;

namespace MailCloud.Hostile;

/// <summary>
/// Handshakes that are begun and left: the server signs for each ClientHello, and waits no longer than its limit for what comes next. With TLS from the first octet, and after STARTTLS.
/// HTTP has no TLS of its own here; what it does with a ClientHello is in <see cref="RandomOctets"/>.
/// </summary>
public static class ClientHelloFloods
{
    // How many are being opened at a time by who comes again and again.
    private const int AtOnce = 50;

    /// <summary>A record of TLS's handshake (RFC 8446 §5.1).</summary>
    private const string HandshakeRecord = "\u0016";

    /// <summary>A session that has not begun, and OpenSSL's state of a handshake with its flight of certificates.</summary>
    private const long OctetsEach = 160 * 1024;

    public static IReadOnlyList<Attack> All { get; } =
    [
        new("ClientHello and nothing more", 300, OctetsEach, HeldAsync),
        new("half a ClientHello", 300, OctetsEach, HalfAsync),
        new("ClientHello again and again", 3000, 1024, ChurnAsync),
    ];

    /// <summary>Holds so many handshakes on a port of a server that has as many places: all are answered, the next one is sent away without a handshake, and then all hang up.</summary>
    public static async Task FillPlacesAsync(Target target, Port port, int places, CancellationToken cancellationToken)
    {
        var hello = await HelloAsync(target, cancellationToken);
        var held = new List<Peer>();
        try
        {
            for (var i = 0; i < places; i++)
            {
                held.Add(await Peer.ConnectBareAsync(port, cancellationToken));
                await AnsweredAsync(held[^1], hello, port, cancellationToken);
            }

            using var next = await Peer.ConnectBareAsync(port, cancellationToken);
            await next.SendAsync(hello, cancellationToken);
            var said = await next.UntilClosedAsync(cancellationToken);
            if (said.StartsWith(HandshakeRecord, StringComparison.Ordinal))
            {
                throw new UnexpectedAnswerException($"{port.Name} shakes hands with more than it has places for");
            }
        }
        finally
        {
            held.ForEach(peer => peer.Dispose());
        }
    }

    /// <summary>All that a client says of itself before it is answered, made by .NET's own client: a handshake with somebody who hangs up.</summary>
    private static async Task<byte[]> HelloAsync(Target target, CancellationToken cancellationToken)
    {
        using var said = new MemoryStream();
        await using var tls = new SslStream(said);
        try
        {
            await tls.AuthenticateAsClientAsync(target.Handshake, cancellationToken);
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            // There was no answer.
        }

        return said.ToArray();
    }

    /// <summary>Each is answered, and sent away when it stays silent.</summary>
    private static async Task HeldAsync(Target target, int size, CancellationToken cancellationToken)
    {
        var hello = await HelloAsync(target, cancellationToken);
        Port[] ports = Ports(target);
        await Attack.ManyAsync(size, async i =>
        {
            using var peer = await BeginAsync(target, ports[i % ports.Length], cancellationToken);
            await AnsweredAsync(peer, hello, ports[i % ports.Length], cancellationToken);
            await peer.UntilClosedAsync(cancellationToken);
        });
    }

    /// <summary>What is no whole message is not answered: the server hangs up without a word.</summary>
    private static async Task HalfAsync(Target target, int size, CancellationToken cancellationToken)
    {
        var hello = await HelloAsync(target, cancellationToken);
        Port[] ports = Ports(target);
        await Attack.ManyAsync(size, async i =>
        {
            var port = ports[i % ports.Length];
            using var peer = await BeginAsync(target, port, cancellationToken);
            await peer.SendAsync(hello.AsMemory(0, 1 + (i % (hello.Length - 1))), cancellationToken);
            var said = await peer.UntilClosedAsync(cancellationToken);
            if (said.Length > 0)
            {
                throw new UnexpectedAnswerException($"half a ClientHello on {port.Name}: the server said \"{said}\"");
            }
        });
    }

    /// <summary>A server's dearest answer for one packet: as soon as it has come the client hangs up, and another comes.</summary>
    private static async Task ChurnAsync(Target target, int size, CancellationToken cancellationToken)
    {
        var hello = await HelloAsync(target, cancellationToken);
        Port[] ports = Ports(target);
        var next = 0;
        await Attack.ManyAsync(AtOnce, async _ =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) <= size;)
            {
                var port = ports[i % ports.Length];
                using var peer = await BeginAsync(target, port, cancellationToken);
                await AnsweredAsync(peer, hello, port, cancellationToken);
            }
        });
    }

    private static Port[] Ports(Target target) => [.. target.Ports.Where(port => port.Protocol != Protocol.Http)];

    /// <summary>Comes to where the server waits for a ClientHello.</summary>
    private static async Task<Peer> BeginAsync(Target target, Port port, CancellationToken cancellationToken)
    {
        if (port.IsTls)
        {
            return await Peer.ConnectBareAsync(port, cancellationToken);
        }

        var peer = await Peer.GreetedAsync(target, port, cancellationToken);
        var (command, answer) = port.Protocol switch
        {
            Protocol.Imap => ("a STARTTLS\r\n", "a OK"),
            Protocol.Pop3 => ("STLS\r\n", "+OK"),
            _ => ("EHLO hello.example\r\nSTARTTLS\r\n", "220 "),
        };
        await peer.SendAsync(command, cancellationToken);
        if (port.Protocol is Protocol.Smtp or Protocol.Submission)
        {
            await peer.ExpectAsync("250 ", cancellationToken);
        }

        await peer.ExpectAsync(answer, cancellationToken);
        return peer;
    }

    private static async Task AnsweredAsync(Peer peer, byte[] hello, Port port, CancellationToken cancellationToken)
    {
        await peer.SendAsync(hello, cancellationToken);
        Attack.Expect($"ClientHello on {port.Name}", HandshakeRecord, await peer.SkipAsync(1, keep: 1, cancellationToken));
    }
}
