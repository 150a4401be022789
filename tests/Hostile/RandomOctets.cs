using System.Text;

namespace MailCloud.Hostile;

/// <summary>What no client should send: random octets, also after a good beginning, halves of commands, other protocols, and TLS that is none.</summary>
public static class RandomOctets
{
    private const int Seed = 20261124;

    /// <summary>No more than any connection: what makes no sense is not kept.</summary>
    private const long OctetsEach = 192 * 1024;

    // What each is cut from stands in a transcript of its protocol; here all of them go to all ports.
    private static readonly string[] Halves =
    [
        "", "\r\n", "E", "EHLO", "EHLO x\r\nMAIL FROM:<", "EHLO x\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\nSubject: half",
        "EHLO x\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<bob@example.test>\r\nBDAT 1000 LAST\r\nhalf", "EHLO x\r\nAUTH PLAIN", "EHLO x\r\nAUTH PLAIN\r\nAAA", "STARTTLS\r\n", "EHLO x\r\nSTARTTLS\r\nEHLO",
        "a", "a LOGIN {10}\r\nabc", "a LOGIN {99999999999999999999}\r\n", "a LOGIN bob@example.test mailcloud\r\nb SELECT INBOX\r\nc FETCH 1:* (BODY[", "a AUTHENTICATE PLAIN\r\nAAA", "a STARTTLS\r\nb",
        "USER", "USER alice@example.test\r\nPASS", "CAPA\r\nSTLS\r\nx", "AUTH PLAIN\r\nAAA", "USER alice@example.test\r\nPASS mailcloud\r\nRETR",
        "GET /", "GET / HTTP/1.1\r\nHost:", "POST /admin/v1/accounts/import HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "PROXY TCP4 1.2.3.4", "\0\0\0\0\0\0\0\0", "\r\n\r\n\0\r\nQUIT\n", "220 mail.example.org ESMTP\r\n", "* OK ready\r\n", "+OK ready\r\n",
        string.Concat(Enumerable.Repeat("\r\n", 100_000)), new('\0', 5_000_000),
    ];

    // Records of RFC 8446 §5.1: too short, too long, of an unknown type, alerts, a change of cipher before any; and handshakes that promise 16 MB.
    private static readonly string[] Records =
    [
        "\u0016\u0003\u0001", "\u0016\u0003\u0001\0\0", "\u0016\u0003\u0001\u0002\0\u0001\0\u0001ü\u0003\u0003", "\u0016\u0003\u0001ÿÿ", "\u0015\u0003\u0003\0\u0002\u0002\u0028", "\u0014\u0003\u0003\0\u0001\u0001",
        "\u0017\u0003\u0003\0\u0010" + "0123456789abcdef", "ÿÿÿÿÿÿÿÿ", "\u0080\u002e\u0001\u0003\u0001", "\u0016\u0003\u0001\u0040\0\u0001ÿÿÿ" + new string('x', 16380),
        "\u0016\u0003\u0001\0\u0004\u0001\0\0\0" + "\u0016\u0003\u0001\0\u0004\u0001\0\0\0",
    ];

    private static readonly string[] Beginnings =
    [
        "", "EHLO x\r\n", "EHLO x\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n", "a NOOP\r\nb LOGIN ", "a LOGIN alice@example.test mailcloud\r\nb SELECT INBOX\r\nc SEARCH ",
        "a LOGIN alice@example.test mailcloud\r\nb APPEND INBOX {5000000+}\r\n", "a LOGIN alice@example.test mailcloud\r\nb ENABLE QRESYNC\r\n",
        "USER alice@example.test\r\nPASS mailcloud\r\n", "GET / HTTP/1.1\r\nHost: x\r\n", "\u0016\u0003\u0001",
    ];

    public static IReadOnlyList<Attack> All { get; } =
    [
        new("random octets", 20, 8 * OctetsEach, RandomAsync),
        new("halves of commands and other protocols", 1, 350 * OctetsEach, HalvesAsync),
        new("TLS that is none", 5, 100 * OctetsEach, RecordsAsync),
        new("plaintext and TLS at the wrong port", 10, 8 * OctetsEach, WrongPortAsync),
    ];

    private static Task RandomAsync(Target target, int size, CancellationToken cancellationToken) => Attack.ManyAsync(size, async i =>
    {
        var random = new Random(Seed + i);
        foreach (var port in target.Ports)
        {
            var octets = new byte[1 << random.Next(0, 19)];
            random.NextBytes(octets);
            if (i % 4 == 0)
            {
                Array.Clear(octets);
            }

            await EndsAsync(target, port, Encoding.Latin1.GetBytes(Beginnings[i % Beginnings.Length]).Concat(octets).ToArray(), bare: i % 3 == 0, cancellationToken);
        }
    });

    private static Task HalvesAsync(Target target, int size, CancellationToken cancellationToken) =>
        Task.WhenAll(from port in target.Ports
                     from half in Halves
                     from _ in Enumerable.Range(0, size)
                     select EndsAsync(target, port, Encoding.Latin1.GetBytes(half), bare: false, cancellationToken));

    private static Task RecordsAsync(Target target, int size, CancellationToken cancellationToken) =>
        Task.WhenAll(from port in target.Ports
                     from record in Records
                     from _ in Enumerable.Range(0, size)
                     select EndsAsync(target, port, Encoding.Latin1.GetBytes(record), bare: true, cancellationToken));

    private static Task WrongPortAsync(Target target, int size, CancellationToken cancellationToken) => Attack.ManyAsync(size, async _ =>
    {
        foreach (var port in target.Ports)
        {
            if (port.IsTls)
            {
                await EndsAsync(target, port, "EHLO x\r\nQUIT\r\n"u8.ToArray(), bare: true, cancellationToken);
                continue;
            }

            using var peer = await Peer.ConnectBareAsync(port, cancellationToken);
            try
            {
                await peer.StartTlsAsync(target, cancellationToken);
            }
            catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
            {
                continue;
            }

            throw new UnexpectedAnswerException($"{port.Name} shook hands");
        }
    });

    /// <summary>Sends the octets, says that no more will come, and reads until the server has hung up; it may do so before.</summary>
    private static async Task EndsAsync(Target target, Port port, byte[] octets, bool bare, CancellationToken cancellationToken)
    {
        using var peer = bare ? await Peer.ConnectBareAsync(port, cancellationToken) : await Peer.ConnectAsync(target, port, cancellationToken);

        // Both at once: a server that answers must not wait for a client that only sends.
        var closed = peer.UntilClosedAsync(cancellationToken);
        await peer.SendAsync(octets, cancellationToken);
        peer.EndSending();
        await closed;
    }
}
