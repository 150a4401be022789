using System.Text;

namespace MailCloud.Hostile;

/// <summary>HTTP and the admin API, by those who have no token.</summary>
public static class HttpFloods
{
    /// <summary>A request's header has at most 32 kB; its body is not read.</summary>
    private const long OctetsEach = 192 * 1024;

    private static readonly byte[] Piece = [.. Enumerable.Repeat((byte)'x', 64 * 1024)];

    public static IReadOnlyList<Attack> All { get; } =
    [
        new("HTTP: bodies larger than anybody reads", 100, OctetsEach, BodiesAsync),
        new("HTTP: headers and lines without an end", 100, OctetsEach, HeadersAsync),
        new("HTTP: what is no request", 100, OctetsEach, GarbageAsync),
        new("HTTP: requests without taking the answers", 50, OctetsEach, UnreadAsync),
        new("HTTP: a thousand who wait", 1000, OctetsEach, IdleAsync),
    ];

    /// <summary>Without the token nothing of the body is read: 401, and the connection is closed.</summary>
    private static Task BodiesAsync(Target target, int size, CancellationToken cancellationToken) => Attack.ManyAsync(size, async i =>
    {
        var admin = i % 2 == 0;
        using var peer = await Peer.ConnectAsync(target, admin ? target.Admin : target.Http, cancellationToken);
        await peer.SendAsync($"POST {(admin ? "/admin/v1/accounts/import" : "/")} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n", cancellationToken);
        await peer.ExpectAsync(admin ? "HTTP/1.1 401" : "HTTP/1.1 405", cancellationToken);
        var closed = peer.UntilClosedAsync(cancellationToken);
        while (!closed.IsCompleted && await peer.SendAsync(Piece, cancellationToken))
        {
        }

        await closed;
    });

    private static Task HeadersAsync(Target target, int size, CancellationToken cancellationToken) => Attack.ManyAsync(size, async i =>
    {
        var (start, again, answer) = (i % 3) switch
        {
            0 => ("GET / HTTP/1.1\r\nHost: localhost\r\n", "X-Field: value\r\n", "HTTP/1.1 431"),
            1 => ("GET / HTTP/1.1\r\nHost: localhost\r\nX: ", new string('x', 1000), "HTTP/1.1 431"),
            _ => ("GET /", new string('x', 1000), "HTTP/1.1 414"),
        };
        using var peer = await Peer.ConnectAsync(target, i % 2 == 0 ? target.Admin : target.Http, cancellationToken);
        await peer.SendAsync(start + string.Concat(Enumerable.Repeat(again, 32_000 / again.Length)), cancellationToken);
        await peer.SendAsync(again, cancellationToken);
        await peer.ExpectAsync(answer, cancellationToken);
        await peer.UntilClosedAsync(cancellationToken);
    });

    private static Task GarbageAsync(Target target, int size, CancellationToken cancellationToken) => Attack.ManyAsync(size, async i =>
    {
        string[] all =
        [
            "EHLO x\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n",
        ];
        using var peer = await Peer.ConnectAsync(target, i % 2 == 0 ? target.Admin : target.Http, cancellationToken);
        await peer.SendAsync(all[i % all.Length], cancellationToken);
        await peer.ExpectAsync("HTTP/1.1 4", cancellationToken);
        await peer.UntilClosedAsync(cancellationToken);
    });

    /// <summary>
    /// The server stops reading. It may wait for long: Kestrel gives a peer the time that all it has written so far takes at 240 octets a second; how many may wait is
    /// bounded. So this one hangs up itself, once nothing more is taken of it.
    /// </summary>
    private static Task UnreadAsync(Target target, int size, CancellationToken cancellationToken) => Attack.ManyAsync(size, async i =>
    {
        const int Endless = 64 * 1024 * 1024;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var peer = await Peer.ConnectAsync(target, i % 2 == 0 ? target.Admin : target.Http, cancellationToken, takesLittle: true);
        var requests = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 200)));
        try
        {
            for (var sent = 0; await peer.SendAsync(requests, patience.Token); sent += requests.Length)
            {
                patience.CancelAfter(TimeSpan.FromSeconds(3));
                if (sent > Endless)
                {
                    throw new UnexpectedAnswerException("the server reads on though nobody takes its answers");
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It has stopped reading.
        }
    });

    /// <summary>A connection without a request is closed after a while; one above the number that is served, at once.</summary>
    private static Task IdleAsync(Target target, int size, CancellationToken cancellationToken) => Attack.ManyAsync(size, async _ =>
    {
        using var peer = await Peer.ConnectAsync(target, target.Admin, cancellationToken);
        await peer.UntilClosedAsync(cancellationToken);
    });
}
