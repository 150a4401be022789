namespace MailCloud.Hostile;

/// <summary>Literals and chunks that are announced, in number and size, and never sent: what is announced must take no memory.</summary>
public static class UnfinishedLiterals
{
    private const int Large = 50 * 1024 * 1024;

    /// <summary>Each has a session, its line, and for APPEND and BDAT the head of an upload: nothing in proportion to what it announced.</summary>
    private const long OctetsEach = 160 * 1024;

    public static IReadOnlyList<Attack> All { get; } =
    [
        new("unfinished literals before login", 1000, OctetsEach, StrangersAsync),
        new("unfinished APPENDs", 1000, OctetsEach, AppendsAsync),
        new("unfinished messages by SMTP", 1000, OctetsEach, MessagesAsync),
    ];

    private static Task StrangersAsync(Target target, int size, CancellationToken cancellationToken) => Attack.ManyAsync(size, async i =>
    {
        (string Literal, string Answer, string End)[] all =
        [
            ($"{{{Large}}}", "a NO [TOOBIG]", "* BYE Inactive"),
            ($"{{{Large}+}}", "* BYE [TOOBIG]", "* BYE [TOOBIG]"),
            ("{60000}", "+ ", "* BYE Inactive"),
            ("{60000+}", "* BYE Inactive", "* BYE Inactive"),
        ];
        var (literal, answer, end) = all[i % all.Length];
        using var peer = await Peer.GreetedAsync(target, target.Imap, cancellationToken);
        await peer.SendAsync($"a LOGIN {literal}\r\n", cancellationToken);
        var line = await peer.LineAsync(cancellationToken);
        Attack.Expect($"LOGIN {literal}", answer, line);
        var last = await peer.UntilClosedAsync(cancellationToken);
        Attack.Expect($"LOGIN {literal}, unfinished", end, last.Length > 0 ? last : line);
    });

    private static Task AppendsAsync(Target target, int size, CancellationToken cancellationToken) => Attack.ManyAsync(size, async i =>
    {
        using var peer = await Peer.LogInAsync(target, target.Imap, cancellationToken);
        var waits = i % 2 == 0;
        await peer.SendAsync($"a APPEND INBOX {{{Large}{(waits ? "" : "+")}}}\r\n", cancellationToken);
        if (waits)
        {
            await peer.ExpectAsync("+ ", cancellationToken);
        }

        Attack.Expect("an APPEND without its message", "* BYE Inactive", await peer.UntilClosedAsync(cancellationToken));
    });

    private static Task MessagesAsync(Target target, int size, CancellationToken cancellationToken) => Attack.ManyAsync(size, async i =>
    {
        using var peer = await Peer.GreetedAsync(target, target.Smtp, cancellationToken);
        await peer.SendAsync($"EHLO slow.example\r\nMAIL FROM:<slow@example.org>\r\nRCPT TO:<{Target.Bob}>\r\n", cancellationToken);
        await peer.SendAsync(i % 2 == 0 ? "DATA\r\n" : $"BDAT {Large} LAST\r\n", cancellationToken);
        Attack.Expect("a message that does not come", "421 4.4.2", await peer.UntilClosedAsync(cancellationToken));
    });
}
