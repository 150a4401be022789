using System.Text;

namespace MailCloud.Hostile;

/// <summary>Commands in the smallest pieces, without end, or only to make the server look something up.</summary>
public static class CommandFloods
{
    /// <summary>What a server may hold for a client that takes nothing: 64 kB of its answers, 64 kB of what it sent ahead, and what it works on.</summary>
    private const long OctetsEach = 384 * 1024;

    public static IReadOnlyList<Attack> All { get; } =
    [
        new("commands octet by octet", 50, OctetsEach, TinyAsync),
        new("RSET and MAIL", 20, OctetsEach, TransactionsAsync),
        new("RCPT to unknown users", 400, OctetsEach, UnknownUsersAsync),
    ];

    /// <summary>A command of 2,000 octets in as many writes: it is answered as if it had come at once.</summary>
    private static Task TinyAsync(Target target, int size, CancellationToken cancellationToken) => Attack.ManyAsync(size, async i =>
    {
        var imap = i % 2 == 0;
        using var peer = await Peer.GreetedAsync(target, imap ? target.Imap : target.Smtp, cancellationToken);
        var command = imap ? $"a LOGIN {new string('x', 1980)} y\r\n" : $"NOOP {new string('x', 1990)}\r\n";
        foreach (var octet in Encoding.ASCII.GetBytes(command))
        {
            await peer.SendAsync(new[] { octet }, cancellationToken);
        }

        await peer.ExpectAsync(imap ? "a NO" : "250", cancellationToken);
    });

    private static Task TransactionsAsync(Target target, int size, CancellationToken cancellationToken) => Attack.ManyAsync(size, async _ =>
    {
        const int Rounds = 2000;
        using var peer = await Peer.GreetedAsync(target, target.Smtp, cancellationToken);
        await peer.SendAsync("EHLO flood.example\r\n", cancellationToken);
        await peer.ExpectAsync("250 ", cancellationToken);
        var sending = peer.SendAsync(string.Concat(Enumerable.Repeat("MAIL FROM:<a@example.org>\r\nRSET\r\n", Rounds)) + "QUIT\r\n", cancellationToken);
        var last = await peer.UntilClosedAsync(cancellationToken);
        await sending;
        if (!last.StartsWith("221 ", StringComparison.Ordinal) && !last.StartsWith("421 ", StringComparison.Ordinal))
        {
            throw new UnexpectedAnswerException($"MAIL and RSET: {last}");
        }
    });

    /// <summary>After so many refusals (Smtp:MaxErrors) the server hangs up, and each address was another.</summary>
    private static Task UnknownUsersAsync(Target target, int size, CancellationToken cancellationToken) => Attack.ManyAsync(size, async i =>
    {
        using var peer = await Peer.GreetedAsync(target, target.Smtp, cancellationToken);
        var recipients = string.Concat(Enumerable.Range(0, 30).Select(n => $"RCPT TO:<unknown-{i}-{n}@example.test>\r\n"));
        await peer.SendAsync($"EHLO flood.example\r\nMAIL FROM:<a@example.org>\r\n{recipients}", cancellationToken);
        Attack.Expect("RCPT to unknown users", "421 4.7.0", await peer.UntilClosedAsync(cancellationToken));
    });
}
