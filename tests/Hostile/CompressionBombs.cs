using System.IO.Compression;
using System.Text;

namespace MailCloud.Hostile;

/// <summary>COMPRESS (RFC 4978): a few octets that stand for a thousand times as many, and such as stand for nothing.</summary>
public static class CompressionBombs
{
    /// <summary>The state of both directions (300 kB, as RFC 4978's own figures) and the buffers of an ordinary connection: what it stands for takes nothing.</summary>
    private const long OctetsEach = 768 * 1024;

    public static IReadOnlyList<Attack> All { get; } =
    [
        new("COMPRESS: 40 MB of literal in 40 kB", 20, OctetsEach, LiteralAsync),
        new("COMPRESS: a line without an end", 20, OctetsEach, LineAsync),
        new("COMPRESS: 100,000 commands in a few kB", 10, OctetsEach, CommandsAsync),
        new("COMPRESS: what is no deflated data", 100, OctetsEach, GarbageAsync),
    ];

    private static Task LiteralAsync(Target target, int size, CancellationToken cancellationToken)
    {
        const int Octets = 40_000_000;
        var bomb = Deflate(write =>
        {
            write($"a APPEND Nowhere {{{Octets}+}}\r\n");
            for (var i = 0; i < Octets; i += 100_000)
            {
                write(new string('x', 100_000));
            }

            write("\r\nb NOOP\r\n");
        });
        return Attack.ManyAsync(size, async _ =>
        {
            using var peer = await CompressedAsync(target, cancellationToken);
            await peer.SendAsync(bomb, cancellationToken);
            await peer.ExpectAsync("a NO [TRYCREATE]", cancellationToken);
            await peer.ExpectAsync("b OK", cancellationToken);
        });
    }

    private static Task LineAsync(Target target, int size, CancellationToken cancellationToken)
    {
        var bomb = Deflate(write =>
        {
            for (var i = 0; i < 1000; i++)
            {
                write(new string('x', 100_000));
            }
        });
        return Attack.ManyAsync(size, async _ =>
        {
            using var peer = await CompressedAsync(target, cancellationToken);
            await peer.SendAsync(bomb, cancellationToken);
            await peer.UntilClosedAsync(cancellationToken);
        });
    }

    private static Task CommandsAsync(Target target, int size, CancellationToken cancellationToken)
    {
        const int Commands = 100_000;
        var bomb = Deflate(write =>
        {
            for (var i = 0; i < Commands; i += 1000)
            {
                write(string.Concat(Enumerable.Repeat("a NOOP\r\n", 1000)));
            }

            write("b LOGOUT\r\n");
        });
        return Attack.ManyAsync(size, async _ =>
        {
            using var peer = await CompressedAsync(target, cancellationToken);
            var sending = peer.SendAsync(bomb, cancellationToken);
            Attack.Expect("100,000 commands", "b OK", await peer.UntilClosedAsync(cancellationToken));
            await sending;
        });
    }

    private static Task GarbageAsync(Target target, int size, CancellationToken cancellationToken) => Attack.ManyAsync(size, async i =>
    {
        var octets = new byte[10_000];
        new Random(i).NextBytes(octets);
        octets[0] = 0x07; // A block of the type that does not exist (RFC 1951 §3.2.3).
        using var peer = await CompressedAsync(target, cancellationToken);
        await peer.SendAsync(octets, cancellationToken);
        await peer.UntilClosedAsync(cancellationToken);
    });

    private static async Task<Peer> CompressedAsync(Target target, CancellationToken cancellationToken)
    {
        var peer = await Peer.LogInAsync(target, target.Imap, cancellationToken);
        await peer.SendAsync("c COMPRESS DEFLATE\r\n", cancellationToken);
        await peer.ExpectAsync("c OK", cancellationToken);
        peer.Inflate();
        return peer;
    }

    private static byte[] Deflate(Action<Action<string>> make)
    {
        var octets = new MemoryStream();
        using (var deflating = new DeflateStream(octets, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            make(text => deflating.Write(Encoding.ASCII.GetBytes(text)));
            deflating.Flush();
        }

        return octets.ToArray();
    }
}
