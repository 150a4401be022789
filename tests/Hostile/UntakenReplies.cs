using System.Text;

namespace MailCloud.Hostile;

/// <summary>
/// Clients that ask and ask and never take an answer. The server must stop reading, since what it cannot write it would have to keep, and hang up once its limit for writing has passed;
/// its goodbye must not wait for such a client either.
/// </summary>
public static class UntakenReplies
{
    /// <summary>What waits on both sides of a session, 64 kB each, as much again in pieces that a pool gave, and in TLS its state and a record on its way.</summary>
    private const long OctetsEach = 384 * 1024;

    /// <summary>More than the system's buffers of both ends take (tcp(7): 4 MB to be sent, and 6 to 32 MB that came): who takes as much reads on.</summary>
    private const int Endless = 64 * 1024 * 1024;

    /// <summary>Between two signs of life of a client that waits to be cut off.</summary>
    private static readonly TimeSpan Sign = TimeSpan.FromMilliseconds(250);

    private static readonly string[] Letters = [.. Enumerable.Range(0, 3).Select(i => $"letter {i}")];

    // What is sent first, and what is sent again and again: all of it is legal, and most of the answers are longer than the command.
    private static readonly (Protocol Protocol, string Before, string Again)[] Commands =
    [
        (Protocol.Smtp, "EHLO untaken.example\r\n", "NOOP\r\n"),
        (Protocol.Smtp, "", "EHLO untaken.example\r\n"),
        (Protocol.Smtp, "EHLO untaken.example\r\n", "MAIL FROM:<a@example.org>\r\nRSET\r\nHELP\r\n"),
        (Protocol.Submission, "", "EHLO untaken.example\r\n"),
        (Protocol.Submission, "EHLO untaken.example\r\n", "VRFY somebody\r\n"),
        (Protocol.Imap, "", "a CAPABILITY\r\n"),
        (Protocol.Imap, $"a LOGIN {Target.Alice} {Target.Password}\r\n", "a NOOP\r\n"),
        (Protocol.Imap, $"a LOGIN {Target.Alice} {Target.Password}\r\n", "a LIST \"\" *\r\na STATUS INBOX (MESSAGES)\r\n"),
        (Protocol.Imap, $"a LOGIN {Target.Alice} {Target.Password}\r\n", "a ID NIL\r\na NAMESPACE\r\n"),
        (Protocol.Pop3, "", "CAPA\r\n"),
        (Protocol.Pop3, "", "LANG\r\n"),
    ];

    public static IReadOnlyList<Attack> All { get; } =
    [
        new("commands without taking the replies", 38, OctetsEach, CommandsAsync),
        new("FETCH and RETR without taking the messages", 40, OctetsEach, MessagesAsync),
    ];

    private static Task CommandsAsync(Target target, int size, CancellationToken cancellationToken)
    {
        (Port Port, string Before, string Again)[] all =
        [
            .. target.Ports.SelectMany(port => Commands.Where(c => c.Protocol == port.Protocol).Select(c => (port, c.Before, c.Again))),
        ];
        return Attack.ManyAsync(size, async i =>
        {
            var (port, before, again) = all[i % all.Length];
            using var peer = await Peer.GreetedAsync(target, port, cancellationToken, takesLittle: true);
            var commands = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(again, 1000)));
            await CutOffAsync($"{again.Split('\r')[0]} on {port.Name}", async () =>
            {
                await peer.SendAsync(before, cancellationToken);
                for (var sent = 0; await peer.SendAsync(commands, cancellationToken); sent += commands.Length)
                {
                    if (sent > Endless)
                    {
                        throw new UnexpectedAnswerException($"{port.Name} reads on though nobody takes its answers");
                    }
                }
            });
        });
    }

    /// <summary>An IMAP session and a POP3 session for each account: only one may have a maildrop at a time (RFC 1939 §8).</summary>
    private static async Task MessagesAsync(Target target, int size, CancellationToken cancellationToken)
    {
        Port[] ports = [target.Imap, target.Pop3, target.Imaps, target.Pop3s];
        string[] accounts = [.. Enumerable.Range(0, (size + 1) / 2).Select(i => $"untaken-{i}@example.test")];
        await FillAsync(target, accounts, cancellationToken);
        await Attack.ManyAsync(size, async i =>
        {
            var port = ports[i % ports.Length];
            using var peer = await Peer.LogInAsync(target, port, cancellationToken, takesLittle: true, accounts[i / 2]);
            var (ask, again) = port.Protocol == Protocol.Imap
                ? ("a SELECT INBOX\r\nb FETCH 1:* BODY[]\r\n", "c NOOP\r\n")
                : ("RETR 1\r\nRETR 2\r\nRETR 3\r\n", "NOOP\r\n");
            await CutOffAsync($"{(port.Protocol == Protocol.Imap ? "FETCH" : "RETR")} on {port.Name}", async () =>
            {
                await peer.SendAsync(ask, cancellationToken);
                using var sign = new PeriodicTimer(Sign);
                while (await peer.SendAsync(again, cancellationToken))
                {
                    await sign.WaitForNextTickAsync(cancellationToken);
                }
            });
        });
    }

    /// <summary>Three messages of 6 MB for each account, once: more than the system's buffers take of a connection.</summary>
    private static async Task FillAsync(Target target, string[] accounts, CancellationToken cancellationToken)
    {
        foreach (var account in accounts)
        {
            await Mail.ImportAsync(target, account, cancellationToken);
        }

        using var last = await Peer.LogInAsync(target, target.Imap, cancellationToken, account: accounts[^1]);
        if (!await HasAllAsync(last, cancellationToken))
        {
            var line = new string('x', 70) + "\r\n";
            var piece = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(line, 1000)));
            foreach (var letter in Letters)
            {
                using var peer = await Peer.GreetedAsync(target, target.Smtp, cancellationToken);
                await peer.BeginMessageAsync("letters@example.org", accounts, cancellationToken);
                await peer.SendAsync($"Subject: {letter}\r\n\r\n", cancellationToken);
                for (var octets = 0; octets < 6_000_000; octets += piece.Length)
                {
                    await peer.SendAsync(piece, cancellationToken);
                }

                await peer.SendAsync(".\r\n", cancellationToken);
                await peer.ExpectAsync("250", cancellationToken);
            }
        }

        foreach (var account in accounts)
        {
            using var reader = await Peer.LogInAsync(target, target.Imap, cancellationToken, account: account);
            using var again = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
            while (!await HasAllAsync(reader, cancellationToken))
            {
                await again.WaitForNextTickAsync(cancellationToken);
            }
        }
    }

    private static async Task<bool> HasAllAsync(Peer reader, CancellationToken cancellationToken) =>
        (await Mail.AskAsync(reader, "SELECT INBOX", cancellationToken)).Text.Contains($"* {Letters.Length} EXISTS", StringComparison.Ordinal);

    private static async Task CutOffAsync(string what, Func<Task> attack)
    {
        try
        {
            await attack();
        }
        catch (OperationCanceledException)
        {
            throw new UnexpectedAnswerException($"{what}: the server did not hang up on who takes nothing");
        }
    }
}
