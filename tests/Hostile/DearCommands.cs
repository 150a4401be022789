using System.Text;

namespace MailCloud.Hostile;

/// <summary>Commands of an account that are as dear as the grammar lets them be: what they cost must follow from their length and the mailbox, not from a product or a power of these.</summary>
public static class DearCommands
{
    /// <summary>A command of at most 64 kB, and what it is parsed into.</summary>
    private const long OctetsEach = 8 * 1024 * 1024;

    public static IReadOnlyList<Attack> All { get; } =
    [
        new("LIST with many wildcards", 8, OctetsEach, ListAsync),
        new("nested and long SEARCHes", 8, OctetsEach, SearchAsync),
        new("SELECT, STATUS and LIST by the thousand", 8, OctetsEach, SelectAsync),
        new("FETCH with thousands of items", 8, OctetsEach, FetchAsync),
    ];

    private static async Task ListAsync(Target target, int size, CancellationToken cancellationToken)
    {
        using (var first = await Peer.LogInAsync(target, target.Imap, cancellationToken))
        {
            for (var i = 0; i < 10; i++)
            {
                // There already after the first time.
                await first.SendAsync($"c CREATE {new string('a', 990)}{i}\r\n", cancellationToken);
                await first.LineAsync(cancellationToken);
            }
        }

        await Attack.ManyAsync(size, async _ =>
        {
            using var peer = await Peer.LogInAsync(target, target.Imap, cancellationToken);
            await Mail.AskAsync(peer, $"LIST \"\" {string.Concat(Enumerable.Repeat("*%", 16_000))}b", cancellationToken);
            await Mail.AskAsync(peer, $"LIST \"\" {string.Concat(Enumerable.Repeat("*a%a", 200))}b", cancellationToken);
            await Mail.AskAsync(peer, $"LIST \"\" *%{new string('a', 500)}b", cancellationToken);
            await Mail.AskAsync(peer, $"LIST \"\" {string.Concat(Enumerable.Repeat("%a", 400))}b", cancellationToken);
            await Mail.AskAsync(peer, $"LSUB \"\" {string.Concat(Enumerable.Repeat("*a%", 300))}b", cancellationToken);
        });
    }

    private static async Task SearchAsync(Target target, int size, CancellationToken cancellationToken)
    {
        await Mail.FillAsync(target, target.Imap, messages: 5, octets: 20_000, cancellationToken);
        await Attack.ManyAsync(size, async _ =>
        {
            using var peer = await Peer.LogInAsync(target, target.Imap, cancellationToken);
            await Mail.AskAsync(peer, "SELECT INBOX", cancellationToken);
            await Mail.AskAsync(peer, $"SEARCH {string.Concat(Enumerable.Repeat("OR SEEN ", 45))}UNSEEN", cancellationToken);
            await Mail.AskAsync(peer, $"SEARCH {string.Concat(Enumerable.Repeat("NOT ", 45))}SEEN", cancellationToken);
            await Mail.AskAsync(peer, $"SEARCH {string.Join(' ', Enumerable.Repeat("SUBJECT fill", 1000))}", cancellationToken);
            await Mail.AskAsync(peer, $"SEARCH {string.Join(' ', Enumerable.Repeat("BODY x", 50))}", cancellationToken);
            await peer.SendAsync($"y SEARCH {string.Join(' ', Enumerable.Repeat("SUBJECT a", 6000))}\r\n", cancellationToken);
            await peer.ExpectAsync("y NO [LIMIT]", cancellationToken);
            await peer.SendAsync($"y SEARCH {string.Join(' ', Enumerable.Repeat("TEXT a", 51))}\r\n", cancellationToken);
            await peer.ExpectAsync("y NO [LIMIT]", cancellationToken);
            await Mail.AskAsync(peer, $"SEARCH {string.Join(',', Enumerable.Repeat("1:*", 16_000))}", cancellationToken);
            await peer.SendAsync($"y SEARCH {new string('(', 30_000)}SEEN{new string(')', 30_000)}\r\n", cancellationToken);
            await peer.ExpectAsync("y BAD", cancellationToken);
            await peer.SendAsync($"y SEARCH {string.Concat(Enumerable.Repeat("NOT ", 16_000))}SEEN\r\n", cancellationToken);
            await peer.ExpectAsync("y BAD", cancellationToken);
        });
    }

    private static Task SelectAsync(Target target, int size, CancellationToken cancellationToken) => Attack.ManyAsync(size, async _ =>
    {
        const int Rounds = 300;
        using var peer = await Peer.LogInAsync(target, target.Imap, cancellationToken);
        var commands = new StringBuilder();
        for (var i = 0; i < Rounds; i++)
        {
            commands.Append("a SELECT INBOX\r\nb STATUS INBOX (MESSAGES UNSEEN)\r\nc LIST \"\" *\r\n");
        }

        var sending = peer.SendAsync(commands.Append("d LOGOUT\r\n").ToString(), cancellationToken);
        Attack.Expect("SELECT by the thousand", "d OK", await peer.UntilClosedAsync(cancellationToken));
        await sending;
    });

    private static async Task FetchAsync(Target target, int size, CancellationToken cancellationToken)
    {
        await Mail.FillAsync(target, target.Imap, messages: 1, octets: 1000, cancellationToken);
        await Attack.ManyAsync(size, async _ =>
        {
            using var peer = await Peer.LogInAsync(target, target.Imap, cancellationToken);
            await Mail.AskAsync(peer, "SELECT INBOX", cancellationToken);
            await Mail.AskAsync(peer, $"FETCH 1 ({string.Join(' ', Enumerable.Repeat("FLAGS", 10_000))})", cancellationToken);
            await Mail.AskAsync(peer, $"FETCH 1 ({string.Join(' ', Enumerable.Repeat("BODY.PEEK[HEADER]", 64))})", cancellationToken);
            await peer.SendAsync($"y FETCH 1 ({string.Join(' ', Enumerable.Repeat("BODY.PEEK[HEADER]", 3000))})\r\n", cancellationToken);
            await peer.ExpectAsync("y BAD", cancellationToken);
            await Mail.AskAsync(peer, $"FETCH 1 BODY.PEEK[HEADER.FIELDS ({string.Join(' ', Enumerable.Range(0, 8000).Select(i => $"F{i}"))})]", cancellationToken);
            await Mail.AskAsync(peer, $"FETCH 1 BODY.PEEK[{string.Join('.', Enumerable.Repeat("1", 30_000))}]", cancellationToken);
        });
    }
}
