namespace MailCloud.Hostile;

/// <summary>Clients that say nothing, or one octet now and then, at every point where a server waits: it must not wait for ever.</summary>
public static class SlowLoris
{
    /// <summary>Between two octets: far more often than a server that looks only at pauses would give up.</summary>
    private static readonly TimeSpan Drip = TimeSpan.FromMilliseconds(250);

    private static readonly string Envelope = $"EHLO slow.example\r\nMAIL FROM:<slow@example.org>\r\nRCPT TO:<{Target.Bob}>\r\n";

    // Where it stands still, on a port of this protocol: what is sent at once, and what is sent again and again.
    private static readonly (Protocol Protocol, string Where, string Before, string Again)[] Places =
    [
        (Protocol.Smtp, "command", "", "E"),
        (Protocol.Smtp, "DATA", Envelope + "DATA\r\n", "x"),
        (Protocol.Smtp, "BDAT", Envelope + "BDAT 1000000 LAST\r\n", "x"),
        (Protocol.Submission, "command", "EHLO x", "x"),
        (Protocol.Submission, "AUTH", "EHLO slow.example\r\nAUTH PLAIN\r\n", "A"),
        (Protocol.Imap, "command", "a ", "N"),
        (Protocol.Imap, "NOOP before login", "", "a NOOP\r\n"),
        (Protocol.Imap, "literal", "a LOGIN {50000}\r\n", "x"),
        (Protocol.Imap, "non-synchronising literal", "a LOGIN {50000+}\r\n", "x"),
        (Protocol.Imap, "literals of one octet", "a LOGIN {1+}\r\n", "x {1+}\r\n"),
        (Protocol.Pop3, "command", "US", "E"),
        (Protocol.Pop3, "CAPA before login", "", "CAPA\r\n"),
        (Protocol.Pop3, "AUTH", "AUTH PLAIN\r\n", "A"),
        (Protocol.Imap, "AUTHENTICATE", "a AUTHENTICATE PLAIN\r\n", "A"),
    ];

    /// <summary>A connection waits with a line of at most 64 kB, a buffer of the system's transport and, inside TLS, the TLS state.</summary>
    private const long OctetsEach = 160 * 1024;

    public static IReadOnlyList<Attack> All { get; } =
    [
        new("slow loris: greeting and handshake", 300, OctetsEach, SilentAsync),
        new("slow loris: an octet at a time", 300, OctetsEach, DripAsync),
        new("slow loris: header of a request", 200, OctetsEach, HeaderAsync),
    ];

    /// <summary>Connects, says nothing, and waits to be sent away; on TLS ports without a handshake.</summary>
    private static Task SilentAsync(Target target, int size, CancellationToken cancellationToken) => Attack.ManyAsync(size, async i =>
    {
        var port = target.Ports[i % target.Ports.Count];
        using var peer = await Peer.ConnectBareAsync(port, cancellationToken);
        Attack.Expect($"silence on {port.Name}", port.IsTls ? "" : port.Goodbye, await peer.UntilClosedAsync(cancellationToken));
    });

    private static Task DripAsync(Target target, int size, CancellationToken cancellationToken)
    {
        (Port Port, string Where, string Before, string Again)[] all =
        [
            .. target.Ports.SelectMany(port => Places.Where(place => place.Protocol == port.Protocol).Select(place => (port, place.Where, place.Before, place.Again))),
        ];
        return Attack.ManyAsync(size, async i =>
        {
            var (port, where, before, again) = all[i % all.Length];
            using var peer = await Peer.GreetedAsync(target, port, cancellationToken);
            await peer.SendAsync(before, cancellationToken);
            Attack.Expect($"{where} on {port.Name}", port.Goodbye, await UntilClosedAsync(peer, again, cancellationToken));
        });
    }

    /// <summary>A request whose header never ends, and a handshake that comes octet by octet.</summary>
    private static Task HeaderAsync(Target target, int size, CancellationToken cancellationToken)
    {
        (Port Port, string Before, string Again)[] all =
        [
            (target.Http, "GET / HTTP/1.1\r\nHost: localhost\r\nX: ", "x"),
            (target.Admin, "G", "E"),
            (target.Admin, "POST /admin/v1/accounts/import HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n", "x"),
            (target.Imaps, "\u0016\u0003\u0001\u0002\0", "\0"),
            (target.Submissions, "\u0016", "\u0003"),
        ];
        return Attack.ManyAsync(size, async i =>
        {
            var (port, before, again) = all[i % all.Length];
            using var peer = await Peer.ConnectBareAsync(port, cancellationToken);
            await peer.SendAsync(before, cancellationToken);
            await UntilClosedAsync(peer, again, cancellationToken);
        });
    }

    /// <summary>Sends the same again and again until the server has hung up; returns its last line.</summary>
    private static async Task<string> UntilClosedAsync(Peer peer, string again, CancellationToken cancellationToken)
    {
        var closed = peer.UntilClosedAsync(cancellationToken);
        using var drip = new PeriodicTimer(Drip);
        while (!closed.IsCompleted && await drip.WaitForNextTickAsync(cancellationToken))
        {
            await peer.SendAsync(again, cancellationToken);
        }

        return await closed;
    }
}
