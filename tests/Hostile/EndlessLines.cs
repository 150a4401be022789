namespace MailCloud.Hostile;

/// <summary>Lines of 10 MB, and lines that never end.</summary>
public static class EndlessLines
{
    private const int Long = 10_000_000;

    /// <summary>More than a server reads of a line that it has given up (a mebibyte) and all buffers between hold.</summary>
    private const int Endless = 256 * 1024 * 1024;

    private static readonly byte[] Piece = [.. Enumerable.Repeat((byte)'x', 64 * 1024)];

    /// <summary>A line of at most 64 kB is kept, and buffers of the transport and of TLS.</summary>
    private const long OctetsEach = 192 * 1024;

    public static IReadOnlyList<Attack> All { get; } =
    [
        new("lines without an end", 200, OctetsEach, EndlessAsync),
        new("lines of 10 MB in a message", 10, 1024 * 1024, MessageAsync),
    ];

    private static Task EndlessAsync(Target target, int size, CancellationToken cancellationToken) => Attack.ManyAsync(size, async i =>
    {
        var port = target.Ports[i % target.Ports.Count];
        using var peer = await Peer.GreetedAsync(target, port, cancellationToken);
        var closed = peer.UntilClosedAsync(cancellationToken);
        for (var sent = 0; !closed.IsCompleted && await peer.SendAsync(Piece, cancellationToken); sent += Piece.Length)
        {
            if (sent > Endless)
            {
                throw new UnexpectedAnswerException($"{port.Name} takes a line without end");
            }
        }

        await closed;
    });

    /// <summary>Such a line within a message is the message's affair: it is taken, and comes out as it went in.</summary>
    private static Task MessageAsync(Target target, int size, CancellationToken cancellationToken) => Attack.ManyAsync(size, async i =>
    {
        using var peer = await Peer.GreetedAsync(target, target.Smtp, cancellationToken);
        await peer.BeginMessageAsync("long@example.org", [Target.Bob], cancellationToken);
        await peer.SendAsync($"Subject: {(i % 2 == 0 ? "" : "line\r\n\r\n")}", cancellationToken);
        for (var sent = 0; sent < Long; sent += Piece.Length)
        {
            await peer.SendAsync(Piece, cancellationToken);
        }

        await peer.SendAsync("\r\n.\r\n", cancellationToken);
        await peer.ExpectAsync("250", cancellationToken);
    });
}
